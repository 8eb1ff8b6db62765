import { listTaxIds } from "../../../shared/billing/mod.ts";
import { defineRoute } from "../../../shared/http/mod.ts";
import { billingOf, SYNC_REASON } from "../billing_context.ts";
import { taxIdsSchema } from "../schemas.ts";

/** GET /billing/tax-ids */
export const getTaxIds = defineRoute({
  method: "get",
  path: "/tax-ids",
  operationId: "listTaxIds",
  summary: "List tax ids",
  description: "What invoices name the organization by for the tax office.",
  tags: ["billing"],
  access: { user: "billing:read" },
  admin: SYNC_REASON,
  responses: { 200: { description: "All of them", schema: taxIdsSchema } },
  errors: ["billing_not_configured"],
}, async (c) => ({ tax_ids: await listTaxIds(billingOf(c.var.request), c.var.request.organizationId) }));
