import { resume } from "../../../shared/billing/mod.ts";
import { defineRoute, idempotencyHeaders } from "../../../shared/http/mod.ts";
import { billingOf, requestKeyOf, SYNC_REASON } from "../billing_context.ts";
import { findSubscription, requireSubscription } from "../queries.ts";
import { subscriptionReplySchema } from "../schemas.ts";

/** POST /billing/resume */
export const resumeSubscription = defineRoute({
  method: "post",
  path: "/resume",
  operationId: "resumeSubscription",
  summary: "Take a cancellation back",
  description: "The subscription goes on. Once it has ended, begin again with `POST /billing/checkout`.",
  tags: ["billing"],
  access: { user: "billing:write" },
  sensitive: true,
  admin: SYNC_REASON,
  rateLimit: "run",
  request: { headers: idempotencyHeaders },
  responses: { 200: { description: "The subscription as it is now", schema: subscriptionReplySchema } },
  errors: ["conflict", "idempotency_mismatch", "billing_not_configured"],
}, async (c) => {
  const context = c.var.request;
  const billing = billingOf(context);
  const requestKey = await requestKeyOf(c);
  const { id } = await requireSubscription(context);
  await resume(billing, id, requestKey);
  return { subscription: await findSubscription(context) };
});
