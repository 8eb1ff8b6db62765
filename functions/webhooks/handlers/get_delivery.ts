import { defineRoute, idParams } from "../../../shared/http/mod.ts";
import { findDelivery } from "../subscription_queries.ts";
import { deliverySchema } from "../subscription_schemas.ts";

/** GET /webhooks/deliveries/:id */
export const getDelivery = defineRoute({
  method: "get",
  path: "/deliveries/:id",
  operationId: "getWebhookDelivery",
  summary: "Get a delivery",
  description: "What is sent, and of each attempt the request, the answer and how long it took.",
  tags: ["webhooks"],
  access: { user: "webhooks:read", portal: true },
  request: { params: idParams },
  responses: { 200: { description: "The delivery", schema: deliverySchema } },
  errors: ["not_found"],
}, (c, { params }) => findDelivery(c.var.request.db, params.id));
