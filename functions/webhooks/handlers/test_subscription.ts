import { defineRoute, idempotencyHeaders, idParams, readIdempotencyKey, reply } from "../../../shared/http/mod.ts";
import { getEventType } from "../../../shared/webhooks_out/mod.ts";
import { sendTest } from "../subscription_queries.ts";
import { deliverySummarySchema, subscriptionTestSchema } from "../subscription_schemas.ts";

/** POST /webhooks/subscriptions/:id/test */
export const testSubscription = defineRoute({
  method: "post",
  path: "/subscriptions/:id/test",
  operationId: "testWebhookSubscription",
  summary: "Send a test event to a webhook subscription",
  description:
    "Sends a made-up event, whatever types and filters the subscription has, before what waits there. It takes the way " +
    "of every delivery: `GET /webhooks/deliveries/:id` says what came of it.",
  tags: ["webhooks"],
  access: { user: "webhooks:write", portal: true },
  request: { params: idParams, headers: idempotencyHeaders, body: subscriptionTestSchema, bodyRequired: false },
  responses: { 202: { description: "The delivery", schema: deliverySummarySchema } },
  errors: ["not_found", "conflict", "idempotency_mismatch"],
}, async (c, { params, body }) => {
  const { type, data } = body ?? subscriptionTestSchema.parse({});
  const example = getEventType(type)?.example ?? {};
  return reply(202, await sendTest(c.var.request.db, params.id, type, data ?? example, readIdempotencyKey(c)));
});
