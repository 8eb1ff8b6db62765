import { defineRoute, etag, idParams, ifMatchHeaders, readIfMatch, reply } from "../../../shared/http/mod.ts";
import { saveSubscription } from "../subscription_queries.ts";
import { subscriptionChangesSchema, subscriptionSchema } from "../subscription_schemas.ts";
import { SUBSCRIPTION_HEADERS } from "./_answer.ts";

/** PATCH /webhooks/subscriptions/:id */
export const updateSubscription = defineRoute({
  method: "patch",
  path: "/subscriptions/:id",
  operationId: "updateWebhookSubscription",
  summary: "Change a webhook subscription",
  description:
    "Changes what is named and leaves the rest. `status` pauses it or lets it go on, and brings one back that was " +
    "disabled: what waits is sent at once. Takes `If-Match`.",
  tags: ["webhooks"],
  access: { user: "webhooks:write", portal: true },
  request: { params: idParams, headers: ifMatchHeaders, body: subscriptionChangesSchema },
  responses: {
    200: { description: "The subscription as it is now", schema: subscriptionSchema, headers: SUBSCRIPTION_HEADERS },
  },
  errors: ["not_found", "version_mismatch", "blocked_address", "secrets_not_set_up"],
}, async (c, { params, body }) => {
  const changed = await saveSubscription(c.var.request, params.id, body, readIfMatch(c));
  return reply(200, changed, { ETag: etag(changed.version) });
});
