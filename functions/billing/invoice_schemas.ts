import { z } from "zod";

const timestamp = z.iso.datetime({ offset: true }).meta({ examples: ["2026-11-20T09:30:00.123456+00:00"] });
const amount = z.int().meta({ description: "In the currency's smallest unit", examples: [2900] });

/** One line of an invoice. */
const invoiceLine = z.object({
  description: z.string(),
  quantity: z.number().nullable(),
  amount,
  period_start: z.string().nullable(),
  period_end: z.string().nullable(),
});

/** An invoice, as Stripe last said it is. */
export const invoiceSchema = z.object({
  stripe_invoice_id: z.string().meta({ examples: ["in_1QExample"] }),
  stripe_subscription_id: z.string().nullable(),
  number: z.string().nullable().meta({ description: "Null = a draft", examples: ["MR-0001"] }),
  status: z.enum(["draft", "open", "paid", "uncollectible", "void"]).meta({
    description: "open = to be paid; uncollectible = given up; void = taken back",
  }),
  billing_reason: z.string().nullable().meta({ examples: ["subscription_cycle"] }),
  collection_method: z.string().meta({ examples: ["charge_automatically"] }),
  currency: z.string().meta({ description: "ISO 4217, lower case", examples: ["eur"] }),
  subtotal: amount,
  tax: amount,
  total: amount,
  amount_due: amount,
  amount_paid: amount,
  amount_refunded: amount,
  attempt_count: z.int().meta({ description: "How often Stripe tried to collect it" }),
  next_payment_attempt: timestamp.nullable().meta({ description: "Null = it is not tried again" }),
  period_start: timestamp.nullable(),
  period_end: timestamp.nullable(),
  hosted_invoice_url: z.string().nullable().meta({ description: "Where it is shown and can be paid" }),
  invoice_pdf: z.string().nullable(),
  payment_method: z.string().nullable().meta({ examples: ["Visa ending in 4242"] }),
  failure_reason: z.string().nullable().meta({ description: "What the bank said to the latest attempt that failed" }),
  dispute_status: z.string().nullable().meta({ description: "Null = nobody disputes its payment" }),
  lines: z.array(invoiceLine).meta({ description: "The first 100" }),
  created_at: timestamp,
  finalized_at: timestamp.nullable(),
  due_at: timestamp.nullable(),
  paid_at: timestamp.nullable(),
  synced_at: timestamp.meta({ description: "When Stripe was last asked" }),
}).meta({ id: "Invoice" });

/** An invoice, as Stripe last said it is. */
export type Invoice = z.output<typeof invoiceSchema>;

/** The columns of an invoice. */
export const INVOICE_FIELDS = Object.keys(invoiceSchema.shape) as [keyof Invoice, ...(keyof Invoice)[]];

/** The path of an invoice. */
export const invoiceParams = z.object({
  id: z.string().regex(/^[A-Za-z0-9_-]{1,255}$/).meta({ examples: ["in_1QExample"] }),
});

/** What is to be given back of an invoice. */
export const refundInput = z.strictObject({
  amount: z.int().positive().optional().meta({
    description: "In the currency's smallest unit; all that is left when absent",
    examples: [1000],
  }),
  reason: z.enum(["duplicate", "fraudulent", "requested_by_customer"]).default("requested_by_customer"),
}).meta({ id: "InvoiceRefund", examples: [{ amount: 1000 }] });

/** What is to be given back of an invoice. */
export type RefundInput = z.output<typeof refundInput>;
