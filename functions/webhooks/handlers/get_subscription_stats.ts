import { z } from "zod";
import { defineRoute, idParams } from "../../../shared/http/mod.ts";
import { findStats } from "../subscription_queries.ts";
import { subscriptionStatsSchema } from "../subscription_schemas.ts";

const query = z.strictObject({
  hours: z.coerce.number().int().min(1).max(2_160).default(24).meta({
    description: "The last hours, this one included; 90 days at most",
    examples: [24],
  }),
});

/** GET /webhooks/subscriptions/:id/stats */
export const getSubscriptionStats = defineRoute({
  method: "get",
  path: "/subscriptions/:id/stats",
  operationId: "getWebhookSubscriptionStats",
  summary: "Get how a webhook subscription does",
  description: "Attempts by what came of them, success rate, p50 and p95 of the answers, what waits, the breaker.",
  tags: ["webhooks"],
  access: { user: "webhooks:read", portal: true },
  request: { params: idParams, query },
  responses: { 200: { description: "The numbers", schema: subscriptionStatsSchema } },
  errors: ["not_found"],
}, (c, { params, query: { hours } }) => findStats(c.var.request.db, params.id, hours));
