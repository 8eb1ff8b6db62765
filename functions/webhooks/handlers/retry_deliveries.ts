import { defineRoute } from "../../../shared/http/mod.ts";
import { retryDeliveries as retry } from "../subscription_queries.ts";
import { bulkRetriedSchema, bulkRetrySchema } from "../subscription_schemas.ts";

/** POST /webhooks/deliveries/retry */
export const retryDeliveries = defineRoute({
  method: "post",
  path: "/deliveries/retry",
  operationId: "retryWebhookDeliveries",
  summary: "Send many deliveries again",
  description:
    "Those that the filter finds, the oldest first, so many a call: ask again while `more` is true. Those of disabled " +
    "subscriptions are left out.",
  tags: ["webhooks"],
  access: { user: "webhooks:write", portal: true },
  request: { body: bulkRetrySchema },
  responses: { 200: { description: "How many", schema: bulkRetriedSchema } },
}, (c, { body }) => retry(c.var.request, body.filter, body.limit));
