import { addTaxId } from "../../../shared/billing/mod.ts";
import { defineRoute, idempotencyHeaders } from "../../../shared/http/mod.ts";
import { billingOf, requestKeyOf, SYNC_REASON } from "../billing_context.ts";
import { findBuyer } from "../queries.ts";
import { newTaxIdSchema, taxIdSchema } from "../schemas.ts";

/** POST /billing/tax-ids */
export const createTaxId = defineRoute({
  method: "post",
  path: "/tax-ids",
  operationId: "addTaxId",
  summary: "Add a tax id",
  description:
    "Stripe checks how it is written, and asks the tax office where there is one to ask. Invoices from now on " +
    "name it; those there are stay. One that is there already is answered as it is.",
  tags: ["billing"],
  access: { user: "billing:write" },
  sensitive: true,
  admin: SYNC_REASON,
  rateLimit: "run",
  request: { headers: idempotencyHeaders, body: newTaxIdSchema },
  responses: { 200: { description: "The tax id", schema: taxIdSchema } },
  errors: ["conflict", "idempotency_mismatch", "billing_not_configured"],
}, async (c, { body }) => {
  const context = c.var.request;
  const billing = billingOf(context);
  const requestKey = await requestKeyOf(c);
  return await addTaxId(billing, await findBuyer(context), body, requestKey);
});
