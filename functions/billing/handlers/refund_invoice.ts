import { defineRoute, idempotencyHeaders, readIdempotencyKey } from "../../../shared/http/mod.ts";
import { refundInvoice as refund } from "../invoice_queries.ts";
import { invoiceParams, invoiceSchema, refundInput } from "../invoice_schemas.ts";

/** POST /billing/invoices/:id/refund */
export const refundInvoice = defineRoute({
  method: "post",
  path: "/invoices/:id/refund",
  operationId: "refundInvoice",
  summary: "Give back what was paid of an invoice",
  description: "For operators. All that is left of the payment, or a part of it; more than is left is refused with " +
    "`conflict`. A repetition with the same `Idempotency-Key` gives back nothing more. The plan does not change: cancel " +
    "the subscription for that.",
  tags: ["billing"],
  access: { secret: true },
  request: { params: invoiceParams, headers: idempotencyHeaders, body: refundInput, uniqueKeys: true },
  responses: { 200: { description: "The invoice, as it is now", schema: invoiceSchema } },
  errors: ["not_found", "conflict", "idempotency_mismatch", "billing_not_configured", "service_unavailable"],
}, (c, { params, body }) => refund(c.var.request, params.id, body, readIdempotencyKey(c) ?? crypto.randomUUID()));
