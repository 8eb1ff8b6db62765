import { defineRoute } from "../../../shared/http/mod.ts";
import { EDGE_STATS } from "../lists.ts";
import { findEdgeStats } from "../queries.ts";

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
  list: EDGE_STATS,
  responses: { 200: { description: "A page of edges", schema: EDGE_STATS.page() } },
  errors: ["not_found"],
}, (c, { query }) => findEdgeStats(c.var.request, query));
