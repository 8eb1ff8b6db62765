import { defineRoute, idParams } from "../../../shared/http/mod.ts";
import { findAuditEvent } from "../queries.ts";
import { sealedAuditEventSchema } from "../schemas.ts";

/** GET /audit/:id */
export const getAuditEvent = defineRoute({
  method: "get",
  path: "/:id",
  operationId: "getAuditEvent",
  summary: "Get a row of the audit log",
  description: "With its seal: its number in the chain of the organization, and when it was sealed and signed.",
  tags: ["audit"],
  access: { user: "audit:read" },
  request: { params: idParams },
  responses: { 200: { description: "The row", schema: sealedAuditEventSchema } },
  errors: ["not_found"],
}, (c, { params }) => findAuditEvent(c.var.request, params.id));
