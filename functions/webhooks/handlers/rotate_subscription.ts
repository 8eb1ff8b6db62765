import { defineRoute, etag, idParams, reply } from "../../../shared/http/mod.ts";
import { rotateSubscriptionSecret } from "../subscription_queries.ts";
import { subscriptionRotationSchema, subscriptionWithSecretSchema } from "../subscription_schemas.ts";
import { SUBSCRIPTION_HEADERS } from "./_answer.ts";

/** POST /webhooks/subscriptions/:id/rotate */
export const rotateSubscription = defineRoute({
  method: "post",
  path: "/subscriptions/:id/rotate",
  operationId: "rotateWebhookSubscriptionSecret",
  summary: "Give a webhook subscription a new secret",
  description:
    "Events carry two signatures during the overlap, one of each secret: whoever receives them changes over when it " +
    "suits them. The answer shows the new secret this once.",
  tags: ["webhooks"],
  access: { user: "webhooks:write", portal: true },
  sensitive: true,
  request: { params: idParams, body: subscriptionRotationSchema, bodyRequired: false },
  responses: {
    200: {
      description: "The subscription, with its new secret",
      schema: subscriptionWithSecretSchema,
      headers: SUBSCRIPTION_HEADERS,
    },
  },
  errors: ["not_found", "secrets_not_set_up"],
}, async (c, { params, body }) => {
  const { overlap_seconds } = body ?? subscriptionRotationSchema.parse({});
  const changed = await rotateSubscriptionSecret(c.var.request, params.id, overlap_seconds);
  return reply(200, changed, { ETag: etag(changed.version) });
});
