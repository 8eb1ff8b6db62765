import { openCheckout } from "../../../shared/billing/mod.ts";
import { defineRoute, idempotencyHeaders } from "../../../shared/http/mod.ts";
import { billingOf, callerKeyOf, returnUrl, SYNC_REASON } from "../billing_context.ts";
import { countFurtherSeats, findBuyer, hadTrial } from "../queries.ts";
import { requirePrices } from "../price_list.ts";
import { checkoutReplySchema, checkoutSchema } from "../schemas.ts";

/** POST /billing/checkout */
export const openCheckoutPage = defineRoute({
  method: "post",
  path: "/checkout",
  operationId: "openCheckout",
  summary: "Buy a plan",
  description:
    "Opens a page of Stripe to pay on. There is one such page at a time: the one before is closed. The plan " +
    "follows within a second of the payment. With a subscription under way use `POST /billing/change`.",
  tags: ["billing"],
  access: { user: "billing:write" },
  sensitive: true,
  admin: SYNC_REASON,
  rateLimit: "run",
  request: { headers: idempotencyHeaders, body: checkoutSchema },
  responses: { 200: { description: "The page, open for a day at most", schema: checkoutReplySchema } },
  errors: ["conflict", "idempotency_mismatch", "billing_not_configured"],
}, async (c, { body }) => {
  const context = c.var.request;
  const { env } = context;
  const billing = billingOf(context);
  const requestKey = await callerKeyOf(c);
  const successUrl = returnUrl(env, "success_url", body.success_url, "/billing?checkout=success");
  const cancelUrl = returnUrl(env, "cancel_url", body.cancel_url, "/billing?checkout=cancelled");
  const [prices, buyer, tried, furtherSeats] = await Promise.all([
    requirePrices(billing, body),
    findBuyer(context),
    hadTrial(context),
    countFurtherSeats(context, body.plan),
  ]);
  const trialDays = body.trial && !tried ? env.billingTrialDays : 0;
  const { plan, interval } = body;
  const order = { plan, interval, furtherSeats, trialDays, successUrl, cancelUrl, requestKey };
  const page = await openCheckout(billing, buyer, order, prices);
  return {
    id: page.id,
    url: page.url,
    expires_at: new Date(page.expiresAt * 1000).toISOString(),
    trial_days: page.trialDays,
  };
});
