import { defineRoute, idParams } from "../../../shared/http/mod.ts";
import { findAuditProof } from "../queries.ts";
import { auditProofSchema } from "../schemas.ts";

/** GET /audit/:id/proof */
export const getAuditProof = defineRoute({
  method: "get",
  path: "/:id/proof",
  operationId: "getAuditProof",
  summary: "Get what proves a row of the audit log",
  description:
    "Its canonical bytes, the way to the Merkle root, and the signed statement of its seal: enough to prove, without " +
    "this service, that the row was in the log. docs/audit.md says how.",
  tags: ["audit"],
  access: { user: "audit:read" },
  request: { params: idParams },
  responses: { 200: { description: "The proof", schema: auditProofSchema } },
  errors: ["not_found", "conflict"],
}, (c, { params }) => findAuditProof(c.var.request, params.id));
