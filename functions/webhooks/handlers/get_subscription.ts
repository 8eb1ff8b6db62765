import { defineRoute, etag, idParams, ifNoneMatchHeaders, isNotModified, reply } from "../../../shared/http/mod.ts";
import { findSubscription } from "../subscription_queries.ts";
import { subscriptionSchema } from "../subscription_schemas.ts";
import { SUBSCRIPTION_HEADERS } from "./_answer.ts";

/** GET /webhooks/subscriptions/:id */
export const getSubscription = defineRoute({
  method: "get",
  path: "/subscriptions/:id",
  operationId: "getWebhookSubscription",
  summary: "Get a webhook subscription",
  description: "The subscription with the last four characters of its secrets.",
  tags: ["webhooks"],
  access: { user: "webhooks:read", portal: true },
  request: { params: idParams, headers: ifNoneMatchHeaders },
  responses: {
    200: { description: "The subscription", schema: subscriptionSchema, headers: SUBSCRIPTION_HEADERS },
    304: { description: "You have this version already", headers: SUBSCRIPTION_HEADERS },
  },
  errors: ["not_found"],
}, async (c, { params }) => {
  const found = await findSubscription(c.var.request.db, params.id);
  const tag = etag(found.version);
  if (isNotModified(c, tag)) return reply(304, undefined, { ETag: tag });
  return reply(200, found, { ETag: tag });
});
