import { removeTaxId } from "../../../shared/billing/mod.ts";
import { defineRoute } from "../../../shared/http/mod.ts";
import { billingOf, SYNC_REASON } from "../billing_context.ts";
import { taxIdParams } from "../schemas.ts";

/** DELETE /billing/tax-ids/:taxId */
export const deleteTaxId = defineRoute({
  method: "delete",
  path: "/tax-ids/:taxId",
  operationId: "removeTaxId",
  summary: "Remove a tax id",
  description: "Invoices from now on do not name it any more; those there are stay.",
  tags: ["billing"],
  access: { user: "billing:write" },
  sensitive: true,
  admin: SYNC_REASON,
  rateLimit: "run",
  request: { params: taxIdParams },
  responses: { 204: { description: "It is gone" } },
  errors: ["not_found", "billing_not_configured"],
}, async (c, { params }) => {
  const context = c.var.request;
  await removeTaxId(billingOf(context), context.organizationId, params.taxId);
});
