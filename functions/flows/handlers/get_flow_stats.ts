import { z } from "zod";
import { defineRoute, idParams } from "../../../shared/http/mod.ts";
import { findFlowStats } from "../queries.ts";
import { flowStatsSchema } from "../stats_schemas.ts";

const query = z.object({
  days: z.coerce.number().int().min(1).max(90).default(30).meta({ description: "How many days, today included" }),
});

/** GET /flows/:id/stats */
export const getFlowStats = defineRoute({
  method: "get",
  path: "/:id/stats",
  operationId: "getFlowStats",
  summary: "Get the numbers of a flow",
  description: "The runs of a flow over some days, in all and day by day, in UTC.",
  tags: ["flows", "runs"],
  access: { user: "runs:read" },
  request: { params: idParams, query },
  responses: { 200: { description: "The numbers", schema: flowStatsSchema } },
}, (c, { params, query }) => findFlowStats(c.var.request.db, params.id, query.days));
