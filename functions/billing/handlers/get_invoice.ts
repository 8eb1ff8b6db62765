import { defineRoute } from "../../../shared/http/mod.ts";
import { findInvoice } from "../invoice_queries.ts";
import { invoiceParams, invoiceSchema } from "../invoice_schemas.ts";

/** GET /billing/invoices/:id */
export const getInvoice = defineRoute({
  method: "get",
  path: "/invoices/:id",
  operationId: "getInvoice",
  summary: "Get an invoice",
  description: "With its lines, what was given back of it, and where a dispute of its payment stands.",
  tags: ["billing"],
  access: { user: "billing:read" },
  request: { params: invoiceParams },
  responses: { 200: { description: "The invoice", schema: invoiceSchema } },
  errors: ["not_found"],
}, (c, { params }) => findInvoice(c.var.request.db, params.id));
