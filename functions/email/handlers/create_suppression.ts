import { defineRoute, idempotencyHeaders, readIdempotencyKey, reply } from "../../../shared/http/mod.ts";
import { insertSuppression } from "../suppression_queries.ts";
import { newSuppressionSchema, suppressionSchema } from "../suppression_schemas.ts";

/** POST /email/suppressions */
export const createSuppression = defineRoute({
  method: "post",
  path: "/suppressions",
  operationId: "createMailSuppression",
  summary: "Send somebody no mails",
  description: "From now on no mail of the organization goes to the address, receipts and invitations included.",
  tags: ["email"],
  access: { user: "mail:write" },
  request: { headers: idempotencyHeaders, body: newSuppressionSchema },
  responses: { 201: { description: "It is on the list", schema: suppressionSchema } },
  errors: ["conflict", "idempotency_mismatch"],
}, async (c, { body }) => reply(201, await insertSuppression(c.var.request, body, readIdempotencyKey(c))));
