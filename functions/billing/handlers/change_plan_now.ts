import { changePlan } from "../../../shared/billing/mod.ts";
import { defineRoute, idempotencyHeaders } from "../../../shared/http/mod.ts";
import { billingOf, requestKeyOf, SYNC_REASON } from "../billing_context.ts";
import { requirePrices } from "../price_list.ts";
import { findSubscription, requireSubscription } from "../queries.ts";
import { changeReplySchema, changeSchema } from "../schemas.ts";

/** POST /billing/change */
export const changePlanNow = defineRoute({
  method: "post",
  path: "/change",
  operationId: "changePlan",
  summary: "Change the plan",
  description:
    "To a larger plan, or from months to years, at once: the rest of the period is reckoned to the second and charged. If " +
    "the payment does not come through everything stays as it was until the invoice is paid. To a smaller plan with the " +
    "next period. The present plan again takes back a change that waits.",
  tags: ["billing"],
  access: { user: "billing:write" },
  sensitive: true,
  admin: SYNC_REASON,
  rateLimit: "run",
  request: { headers: idempotencyHeaders, body: changeSchema },
  responses: { 200: { description: "What became of it", schema: changeReplySchema } },
  errors: ["conflict", "payment_failed", "idempotency_mismatch", "billing_not_configured"],
}, async (c, { body }) => {
  const context = c.var.request;
  const billing = billingOf(context);
  const requestKey = await requestKeyOf(c);
  const [prices, { id }] = await Promise.all([requirePrices(billing, body), requireSubscription(context)]);
  const { plan, interval, proration_date: prorationDate = null } = body;
  const result = await changePlan(billing, id, { plan, interval, prorationDate, requestKey }, prices);
  return {
    effective: result.effective,
    effective_at: new Date(result.effectiveAt * 1000).toISOString(),
    payment_url: result.paymentUrl,
    subscription: await findSubscription(context),
  };
});
