import { defineRoute } from "../../../shared/http/mod.ts";
import { findStats } from "../queries.ts";
import { statsSchema } from "../stats_schemas.ts";

const definition = {
  method: "get",
  summary: "Get the numbers of the organization",
  description:
    "How many flows there are, how many runs were started today and over 7 days, what became of them and how long they " +
    "took. Days are those of UTC. The answer takes the same time with ten runs and with ten million.",
  tags: ["flows", "runs"],
  access: { user: "runs:read" },
  responses: { 200: { description: "The numbers", schema: statsSchema } },
} as const;

/** GET /flows/stats */
export const getStats = defineRoute(
  { ...definition, path: "/stats", operationId: "getStats" },
  (c) => findStats(c.var.request),
);

/** GET /stats: the same, where frontends of the first version look for it. */
export const getStatsAlias = defineRoute(
  { ...definition, path: "/", operationId: "getStatsAlias" },
  (c) => findStats(c.var.request),
);
