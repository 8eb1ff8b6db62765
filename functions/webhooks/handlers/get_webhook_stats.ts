import { z } from "zod";
import { defineRoute, idParams } from "../../../shared/http/mod.ts";
import { findStats } from "../queries.ts";
import { statsSchema } from "../schemas.ts";

const query = z.object({
  days: z.coerce.number().int().min(1).max(31).default(7).meta({ description: "Days to look back, with today" }),
});

/** GET /webhooks/:id/stats */
export const getWebhookStats = defineRoute({
  method: "get",
  path: "/:id/stats",
  operationId: "getWebhookStats",
  summary: "Get the success rates of a webhook endpoint",
  description: "How many events came, how many deliveries were refused, and how the runs ended, by days (UTC).",
  tags: ["webhooks"],
  access: { user: "webhooks:read" },
  request: { params: idParams, query },
  responses: { 200: { description: "The figures", schema: statsSchema } },
  errors: ["not_found"],
}, (c, { params, query }) => findStats(c.var.request.db, params.id, query.days));
