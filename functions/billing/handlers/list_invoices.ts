import { defineRoute } from "../../../shared/http/mod.ts";
import { INVOICES } from "../invoice_lists.ts";
import { findInvoices } from "../invoice_queries.ts";

/** GET /billing/invoices */
export const listInvoices = defineRoute({
  method: "get",
  path: "/invoices",
  operationId: "listInvoices",
  summary: "List invoices",
  description: "The organization's invoices as Stripe last said they are, newest first. Amounts are integers in the " +
    "smallest unit of the currency.",
  tags: ["billing"],
  access: { user: "billing:read" },
  list: INVOICES,
  responses: { 200: { description: "A page of invoices", schema: INVOICES.page() } },
}, (c, { query }) => findInvoices(c.var.request, query));
