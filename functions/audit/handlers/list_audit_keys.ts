import { defineRoute } from "../../../shared/http/mod.ts";
import { findAuditKeys } from "../queries.ts";
import { auditKeysSchema } from "../schemas.ts";

/** GET /audit/keys */
export const listAuditKeys = defineRoute({
  method: "get",
  path: "/keys",
  operationId: "listAuditKeys",
  summary: "Get the keys that sign the audit log",
  description:
    "A JSON Web Key Set of all public keys, oldest first. Keep it elsewhere: `deno task audit:verify --key`.",
  tags: ["audit"],
  access: { public: true },
  responses: { 200: { description: "The keys", schema: auditKeysSchema } },
}, async (c) => ({ keys: await findAuditKeys(c.var.request) }));
