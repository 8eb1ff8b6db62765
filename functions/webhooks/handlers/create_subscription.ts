import {
  defineRoute,
  etag,
  idempotencyHeaders,
  readIdempotencyKey,
  reply,
  resourceUrl,
} from "../../../shared/http/mod.ts";
import { insertSubscription } from "../subscription_queries.ts";
import { newSubscriptionSchema, subscriptionWithSecretSchema } from "../subscription_schemas.ts";
import { SUBSCRIPTION_HEADERS } from "./_answer.ts";

/** POST /webhooks/subscriptions */
export const createSubscription = defineRoute({
  method: "post",
  path: "/subscriptions",
  operationId: "createWebhookSubscription",
  summary: "Subscribe to events",
  description:
    "From now on events of these types are sent to the address, signed as Standard Webhooks has it. Keep the `secret` " +
    "of this answer where they are received: it is shown this once.",
  tags: ["webhooks"],
  access: { user: "webhooks:write", portal: true },
  request: { headers: idempotencyHeaders, body: newSubscriptionSchema },
  responses: {
    201: {
      description: "The new subscription, with its secret",
      schema: subscriptionWithSecretSchema,
      headers: { ...SUBSCRIPTION_HEADERS, Location: "The address of the subscription" },
    },
  },
  errors: ["plan_limit_reached", "idempotency_mismatch", "blocked_address", "secrets_not_set_up"],
}, async (c, { body }) => {
  const made = await insertSubscription(c.var.request, body, readIdempotencyKey(c));
  return reply(201, made, {
    ETag: etag(made.version),
    Location: resourceUrl(c, "webhooks", "subscriptions", made.id),
  });
});
