import { cancelAtPeriodEnd } from "../../../shared/billing/mod.ts";
import { defineRoute, idempotencyHeaders } from "../../../shared/http/mod.ts";
import { billingOf, requestKeyOf, SYNC_REASON } from "../billing_context.ts";
import { findSubscription, requireSubscription } from "../queries.ts";
import { cancelSchema, subscriptionReplySchema } from "../schemas.ts";

/** POST /billing/cancel */
export const cancelSubscription = defineRoute({
  method: "post",
  path: "/cancel",
  operationId: "cancelSubscription",
  summary: "Cancel the subscription",
  description:
    "It ends with the period that is paid for; until then everything stays, and `POST /billing/resume` takes it back. " +
    "A change that waits for the next period is dropped.",
  tags: ["billing"],
  access: { user: "billing:write" },
  sensitive: true,
  admin: SYNC_REASON,
  rateLimit: "run",
  request: { headers: idempotencyHeaders, body: cancelSchema },
  responses: { 200: { description: "The subscription as it is now", schema: subscriptionReplySchema } },
  errors: ["conflict", "idempotency_mismatch", "billing_not_configured"],
}, async (c, { body }) => {
  const context = c.var.request;
  const billing = billingOf(context);
  const requestKey = await requestKeyOf(c);
  const { id } = await requireSubscription(context);
  const { feedback = null, comment = null } = body;
  await cancelAtPeriodEnd(billing, id, { feedback, comment }, requestKey);
  return { subscription: await findSubscription(context) };
});
