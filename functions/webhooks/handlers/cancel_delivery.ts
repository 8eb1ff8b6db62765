import { defineRoute, idParams } from "../../../shared/http/mod.ts";
import { cancelDelivery as cancel } from "../subscription_queries.ts";
import { deliverySummarySchema } from "../subscription_schemas.ts";

/** POST /webhooks/deliveries/:id/cancel */
export const cancelDelivery = defineRoute({
  method: "post",
  path: "/deliveries/:id/cancel",
  operationId: "cancelWebhookDelivery",
  summary: "Cancel a delivery",
  description: "It is sent no more; an attempt that is under way may arrive. 409 when it has ended.",
  tags: ["webhooks"],
  access: { user: "webhooks:write", portal: true },
  request: { params: idParams },
  responses: { 200: { description: "The delivery as it is now", schema: deliverySummarySchema } },
  errors: ["not_found", "conflict"],
}, (c, { params }) => cancel(c.var.request.db, params.id));
