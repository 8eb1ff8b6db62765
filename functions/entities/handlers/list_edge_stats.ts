import { z } from "zod";
import { defineRoute } from "../../../shared/http/mod.ts";
import { findEdgeStats } from "../queries.ts";
import { edgeStatsSchema } from "../schemas.ts";

const query = z.object({ flow_id: z.uuid().meta({ description: "The flow" }) });

/** GET /entities/edge-stats */
export const listEdgeStats = defineRoute({
  method: "get",
  path: "/edge-stats",
  operationId: "listEdgeStats",
  summary: "List what moved over the edges of a flow",
  description: "How many entities came over each edge and how long they had stood before it, the busiest first. The " +
    "numbers are kept with each move, so asking costs next to nothing. At most 2,000 edges.",
  tags: ["entities"],
  access: { user: "runs:read" },
  request: { query },
  responses: { 200: { description: "The edges", schema: z.object({ data: z.array(edgeStatsSchema) }) } },
  errors: ["not_found"],
}, async (c, { query }) => ({ data: await findEdgeStats(c.var.request.db, query.flow_id) }));
