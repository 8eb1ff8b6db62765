import { createRouter } from "../../shared/http/mod.ts";
import { exportAuditEvents } from "./handlers/export_audit_events.ts";
import { getAuditEvent } from "./handlers/get_audit_event.ts";
import { getAuditProof } from "./handlers/get_audit_proof.ts";
import { listActivity, listActivityAlias } from "./handlers/list_activity.ts";
import { listAuditEvents } from "./handlers/list_audit_events.ts";
import { listAuditKeys } from "./handlers/list_audit_keys.ts";
import { sealAudit } from "./handlers/seal_audit.ts";
import { verifyAuditLog } from "./handlers/verify_audit_log.ts";

/** The routes below /audit. */
export const router = createRouter("audit", [
  listAuditEvents,
  // Before /audit/:id, which they would be.
  exportAuditEvents,
  verifyAuditLog,
  listAuditKeys,
  listActivity,
  sealAudit,
  getAuditEvent,
  getAuditProof,
]);

/** `/activity`: mounted by `api` only. */
export const activityRouter = createRouter("activity", [listActivityAlias]);
