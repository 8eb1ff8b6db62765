import { fromStripe, type SyncContext } from "../../../shared/billing/mod.ts";
import { defineRoute } from "../../../shared/http/mod.ts";
import { billingOf } from "../billing_context.ts";
import { findCustomerRow, findSeats, findSubscription, hadTrial } from "../queries.ts";
import { billingSchema, type Subscription } from "../schemas.ts";

/** Stripe is asked what the next invoice comes to; who waits for the answer does so for no longer (milliseconds). */
const PATIENCE_MILLISECONDS = 3_000;

/** GET /billing */
export const getBilling = defineRoute({
  method: "get",
  path: "/",
  operationId: "getBilling",
  summary: "Get plan, subscription and next invoice",
  description:
    "What the organization has bought and may use. Everything but `next_invoice` is what Stripe last said and is there " +
    "even when Stripe is not.",
  tags: ["billing"],
  access: { user: "billing:read" },
  responses: { 200: { description: "What there is", schema: billingSchema } },
  errors: ["billing_not_configured"],
}, async (c) => {
  const context = c.var.request;
  const billing = billingOf(context);
  const [subscription, customer, seats, tried] = await Promise.all([
    findSubscription(context),
    findCustomerRow(context),
    findSeats(context),
    hadTrial(context),
  ]);
  const next = subscription === null ? NONE : await previewInvoice(billing, subscription);
  return {
    plan: context.plan as "free",
    entitlements: { ...context.limits },
    seats: { ...seats, billed: subscription?.seats ?? 0 },
    subscription,
    customer,
    next_invoice: next.invoice,
    next_invoice_unavailable: next.unavailable,
    trial_days: subscription === null && !tried ? context.env.billingTrialDays : 0,
  };
});

const NONE = { invoice: null, unavailable: false };

async function previewInvoice({ stripe, log }: SyncContext, { id, status, cancel_at }: Subscription) {
  if (cancel_at !== null || !["trialing", "active", "past_due"].includes(status)) return NONE;
  try {
    const { amount_due, currency, period_end } = await stripe.invoices.createPreview({ subscription: id }, {
      timeout: PATIENCE_MILLISECONDS,
      maxNetworkRetries: 0,
    });
    const at = new Date(period_end * 1000).toISOString();
    return { invoice: { due: { amount: amount_due, currency }, at }, unavailable: false };
  } catch (error) {
    log.warn("billing.next_invoice_unavailable", { subscription: id, error: fromStripe(error) });
    return { invoice: null, unavailable: true };
  }
}
