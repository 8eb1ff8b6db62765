/**
 * What can be asked of the list of invoices.
 *
 * @module
 */
import { defineList, where } from "../../shared/http/mod.ts";
import { invoiceSchema } from "./invoice_schemas.ts";

/** Invoices of the organization. */
export const INVOICES = defineList({
  name: "invoices",
  item: invoiceSchema,
  sort: { created_at: "created_at" },
  defaultSort: "-created_at",
  id: "stripe_invoice_id",
  filters: {
    status: where.equals(invoiceSchema.shape.status),
    created_from: where.from({ column: "created_at" }),
    created_before: where.before({ column: "created_at" }),
  },
});
