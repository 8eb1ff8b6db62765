import { defineRoute, idParams } from "../../../shared/http/mod.ts";
import { retryDelivery as retry } from "../subscription_queries.ts";
import { deliverySummarySchema } from "../subscription_schemas.ts";

/** POST /webhooks/deliveries/:id/retry */
export const retryDelivery = defineRoute({
  method: "post",
  path: "/deliveries/:id/retry",
  operationId: "retryWebhookDelivery",
  summary: "Send a delivery again",
  description:
    "At once, with the same webhook-id and ten attempts anew; one that was delivered too. 409 while the subscription is disabled.",
  tags: ["webhooks"],
  access: { user: "webhooks:write", portal: true },
  request: { params: idParams },
  responses: { 200: { description: "The delivery as it is now", schema: deliverySummarySchema } },
  errors: ["not_found", "conflict"],
}, (c, { params }) => retry(c.var.request.db, params.id));
