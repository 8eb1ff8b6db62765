import { defineRoute, idParams, ifMatchHeaders, readIfMatch, reply } from "../../../shared/http/mod.ts";
import { removeSubscription } from "../subscription_queries.ts";

/** DELETE /webhooks/subscriptions/:id */
export const deleteSubscription = defineRoute({
  method: "delete",
  path: "/subscriptions/:id",
  operationId: "deleteWebhookSubscription",
  summary: "Delete a webhook subscription",
  description: "Nothing more is sent, and its deliveries are gone.",
  tags: ["webhooks"],
  access: { user: "webhooks:write", portal: true },
  request: { params: idParams, headers: ifMatchHeaders },
  responses: { 204: { description: "It is gone" } },
  errors: ["not_found", "version_mismatch"],
}, async (c, { params }) => {
  await removeSubscription(c.var.request.db, params.id, readIfMatch(c));
  return reply(204, undefined);
});
