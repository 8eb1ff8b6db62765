import { defineRoute } from "../../../shared/http/mod.ts";
import { DELIVERIES } from "../subscription_lists.ts";
import { findDeliveries } from "../subscription_queries.ts";

/** GET /webhooks/deliveries */
export const listDeliveries = defineRoute({
  method: "get",
  path: "/deliveries",
  operationId: "listWebhookDeliveries",
  summary: "List deliveries of events",
  description: "What was and is to be sent, newest first: one delivery for each event and subscription.",
  tags: ["webhooks"],
  access: { user: "webhooks:read", portal: true },
  list: DELIVERIES,
  responses: { 200: { description: "A page of deliveries", schema: DELIVERIES.page() } },
}, (c, { query }) => findDeliveries(c.var.request, query));
