import { z } from "zod";
import { defineRoute } from "../../../shared/http/mod.ts";
import { findMailStats } from "../outcome_queries.ts";
import { mailStatsSchema } from "../outcome_schemas.ts";
import { templateName } from "../schemas.ts";

const query = z.object({
  days: z.coerce.number().int().min(1).max(90).default(30).meta({ description: "Days to look back, with today" }),
  template: templateName.optional().meta({ description: "Only mails of this template" }),
});

/** GET /email/stats */
export const getMailStats = defineRoute({
  method: "get",
  path: "/stats",
  operationId: "getMailStats",
  summary: "Get what became of mails",
  description:
    "How many mails arrived, bounced, were complained of, opened, clicked and unsubscribed from: in all, by " +
    "template and by day (UTC). Rates are 0 to 1, null where there is nothing to reckon with.",
  tags: ["email"],
  access: { user: "mail:read" },
  request: { query },
  responses: { 200: { description: "The figures", schema: mailStatsSchema } },
}, (c, { query: { days, template } }) => findMailStats(c.var.request, days, template ?? null));
