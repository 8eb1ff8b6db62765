import { z } from "zod";
import { BILLING_INTERVALS, PAID_PLANS } from "../../shared/billing/mod.ts";

const timestamp = z.iso.datetime({ offset: true }).meta({ examples: ["2026-12-20T09:30:00+00:00"] });
const planId = z.enum(["free", ...PAID_PLANS]);
const paidPlan = z.enum(PAID_PLANS);
const interval = z.enum(BILLING_INTERVALS);
const currency = z.string().meta({ description: "ISO 4217 in lower case", examples: ["eur"] });
const amount = z.int().meta({ description: "In the currency's smallest unit", examples: [2900] });

/** An amount of money. */
export const moneySchema = z.strictObject({ amount, currency }).meta({
  id: "Money",
  examples: [{ amount: 2900, currency: "eur" }],
});

/** The subscription of an organization. */
export const subscriptionSchema = z.strictObject({
  id: z.string().meta({ description: "Its id at Stripe", examples: ["sub_1St00000000000001"] }),
  status: z.enum([
    "incomplete",
    "incomplete_expired",
    "trialing",
    "active",
    "past_due",
    "unpaid",
    "paused",
    "canceled",
  ]),
  plan: planId.nullable().meta({ description: "null = a price that is none of ours" }),
  interval: interval.nullable(),
  currency,
  seats: z.int().meta({ description: "Members that are paid for beyond those that the plan includes" }),
  current_period_start: timestamp.nullable(),
  current_period_end: timestamp.nullable(),
  trial_end: timestamp.nullable().meta({ description: "null = it had no trial" }),
  cancel_at: timestamp.nullable().meta({ description: "When it ends; null = it goes on" }),
  cancel_at_period_end: z.boolean(),
  scheduled_plan: planId.nullable().meta({ description: "The plan that begins with the next period; null = this one" }),
  past_due_since: timestamp.nullable().meta({ description: "null = nothing is overdue" }),
  grace_ends_at: timestamp.nullable().meta({ description: "When the plan falls back to free if nothing is paid" }),
  has_payment_method: z.boolean(),
}).meta({ id: "Subscription" });

/** The subscription of an organization. */
export type Subscription = z.output<typeof subscriptionSchema>;

/** What an organization has bought, may use and is to pay. */
export const billingSchema = z.strictObject({
  plan: planId,
  entitlements: z.record(z.string(), z.number().nullable()).meta({
    description: "What the plan allows; null = without limit",
    examples: [{ max_flows: 200, max_members: 25 }],
  }),
  seats: z.strictObject({
    used: z.int().meta({ description: "Members and open invitations" }),
    limit: z.int().nullable(),
    billed: z.int().meta({ description: "Of them, paid for one by one" }),
  }),
  subscription: subscriptionSchema.nullable().meta({ description: "null = none under way" }),
  customer: z.strictObject({
    email: z.string().nullable().meta({ description: "Where receipts go; null = to the owners" }),
    balance: z.int().meta({ description: "In the smallest unit; below zero = credit, which the next invoice uses up" }),
    currency: currency.nullable(),
    delinquent: z.boolean().meta({ description: "True = the latest charge failed" }),
  }).nullable().meta({ description: "null = nothing was bought yet" }),
  next_invoice: z.strictObject({
    due: moneySchema,
    at: timestamp,
  }).nullable().meta({ description: "null = there will be none, or Stripe does not say" }),
  next_invoice_unavailable: z.boolean().meta({ description: "True = Stripe did not answer in time" }),
  trial_days: z.int().meta({ description: "Days for which a paid plan may be tried now; 0 = no trial" }),
}).meta({ id: "Billing" });

/** What an organization has bought, may use and is to pay. */
export type Billing = z.output<typeof billingSchema>;

/** A plan and its prices. */
export const planSchema = z.strictObject({
  plan: planId,
  name: z.string().meta({ examples: ["Pro"] }),
  limits: z.record(z.string(), z.number().nullable()).meta({ examples: [{ max_flows: 200 }] }),
  prices: z.array(z.strictObject({
    interval,
    price: moneySchema.nullable().meta({ description: "Of a period; null = in tiers" }),
    seat: moneySchema.nullable().meta({ description: "Of each further member; null = costs nothing" }),
  })).meta({ description: "Empty = free, or not sold by itself" }),
}).meta({ id: "PricedPlan" });

/** A plan and its prices. */
export type PricedPlan = z.output<typeof planSchema>;

/** All plans. */
export const plansSchema = z.strictObject({ plans: z.array(planSchema), trial_days: z.int() }).meta({
  id: "PricedPlans",
});

const address = z.url({ protocol: /^https?$/ }).max(2_000);

/** What is bought. */
export const checkoutSchema = z.strictObject({
  plan: paidPlan,
  interval,
  trial: z.boolean().default(true).meta({ description: "false = pay at once, though a trial were to be had" }),
  success_url: address.optional().meta({
    description: "Where to after paying; `/billing` of the frontend when absent",
  }),
  cancel_url: address.optional().meta({ description: "Where to without; `/billing` of the frontend when absent" }),
}).meta({ id: "CheckoutOrder", examples: [{ plan: "pro", interval: "month" }] });

/** A page of Stripe to pay on. */
export const checkoutReplySchema = z.strictObject({
  id: z.string().meta({ examples: ["cs_test_a1St00000000000001"] }),
  url: z.url().meta({
    description: "Send the browser there",
    examples: ["https://checkout.stripe.com/c/pay/cs_test_a1"],
  }),
  expires_at: timestamp,
  trial_days: z.int().meta({ description: "Days of the trial; 0 = none" }),
}).meta({ id: "CheckoutPage" });

/** Where to come back to from the portal. */
export const portalSchema = z.strictObject({
  return_url: address.optional().meta({ description: "`/billing` of the frontend when absent" }),
}).meta({ examples: [{}] });

/** A page of Stripe's portal. */
export const portalReplySchema = z.strictObject({
  url: z.url().meta({ examples: ["https://billing.stripe.com/p/session/bps_1"] }),
}).meta({ id: "PortalPage" });

/** What is to be had instead. */
export const choiceSchema = z.strictObject({ plan: paidPlan, interval }).meta({
  id: "PlanChoice",
  examples: [{ plan: "team", interval: "month" }],
});

const effectiveAt = timestamp.meta({ description: "From when it is in force" });

/** What a change would come to. */
export const previewSchema = z.strictObject({
  effective: z.enum(["now", "period_end"]),
  effective_at: effectiveAt,
  due_now: moneySchema.meta({ description: "To be paid at once, with taxes and credit" }),
  proration_date: z.int().nullable().meta({
    description: "Give it to the change, and this is what is billed; null = nothing depends on the moment",
    examples: [1796120000],
  }),
  period_price: moneySchema.nullable().meta({
    description: "What a period costs then, without taxes, discounts and usage; null = in tiers",
  }),
  lines: z.array(z.strictObject({ description: z.string(), amount, proration: z.boolean() })),
}).meta({ id: "PlanChangePreview" });

/** A change. */
export const changeSchema = choiceSchema.extend({
  proration_date: z.int().min(0).max(253_402_300_799).optional().meta({
    description: "From the preview, so that what it showed is billed; the moment of the change when absent",
  }),
}).meta({ id: "PlanChange", examples: [{ plan: "team", interval: "month" }] });

/** What became of a change. */
export const changeReplySchema = z.strictObject({
  effective: z.enum(["now", "period_end", "payment"]).meta({
    description: "payment = it waits until the invoice at `payment_url` is paid, and lapses at `effective_at`",
  }),
  effective_at: timestamp,
  payment_url: z.url().nullable(),
  subscription: subscriptionSchema.nullable(),
}).meta({ id: "PlanChanged" });

/** Why somebody cancels. */
export const cancelSchema = z.strictObject({
  feedback: z.enum([
    "customer_service",
    "low_quality",
    "missing_features",
    "other",
    "switched_service",
    "too_complex",
    "too_expensive",
    "unused",
  ]).optional(),
  comment: z.string().trim().min(1).max(500).optional(),
}).meta({ id: "Cancellation", examples: [{ feedback: "unused" }] });

/** The subscription after a change. */
export const subscriptionReplySchema = z.strictObject({ subscription: subscriptionSchema.nullable() }).meta({
  id: "SubscriptionNow",
});

/** A tax id. */
export const taxIdSchema = z.strictObject({
  id: z.string().meta({ examples: ["txi_1St00000000000001"] }),
  type: z.string().meta({ description: "As Stripe names it", examples: ["eu_vat"] }),
  value: z.string().meta({ examples: ["DE123456789"] }),
  country: z.string().nullable().meta({ examples: ["DE"] }),
  verification: z.enum(["pending", "unavailable", "unverified", "verified"]).nullable().meta({
    description: "What the tax office said; null = there is none that is asked",
  }),
  created_at: timestamp,
}).meta({ id: "TaxId" });

/** A tax id. */
export type TaxId = z.output<typeof taxIdSchema>;

/** All tax ids. */
export const taxIdsSchema = z.strictObject({ tax_ids: z.array(taxIdSchema) }).meta({ id: "TaxIds" });

/** A tax id to add. */
export const newTaxIdSchema = z.strictObject({
  type: z.string().regex(/^[a-z]{2}_[a-z]{2,6}$/, "Must be a kind as Stripe names it, such as eu_vat"),
  value: z.string().trim().min(1).max(60).regex(/^[\p{L}\p{N} ./-]+$/u, "Must be letters, digits and . / -"),
}).meta({ id: "NewTaxId", examples: [{ type: "eu_vat", value: "DE123456789" }] });

/** The path of a tax id. */
export const taxIdParams = z.object({
  taxId: z.string().regex(/^[\w-]{1,255}$/).meta({ examples: ["txi_1St00000000000001"] }),
});
