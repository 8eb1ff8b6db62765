import { z } from "zod";
import { defineRoute } from "../../../shared/http/mod.ts";
import { findQueueStats } from "../queries.ts";
import { queueStatsSchema } from "../schemas.ts";

const query = z.object({
  minutes: z.coerce.number().int().min(1).max(1440).default(60)
    .meta({ description: "How far back throughput and series go" }),
});

/** GET /jobs/stats */
export const getQueueStats = defineRoute({
  method: "get",
  path: "/stats",
  operationId: "getQueueStats",
  summary: "Get the numbers of the queue",
  description: "For a dashboard: how many jobs and steps of runs are in which state, how old the oldest due one is, " +
    "throughput and failure rate in all, by type and by minute. With a secret key and no organization: over all, with " +
    "workers, what is stuck, and the organizations with most due and with the oldest.",
  tags: ["jobs"],
  access: { user: "runs:read", secret: true },
  request: { query },
  responses: { 200: { description: "The numbers", schema: queueStatsSchema } },
}, (c, { query }) => findQueueStats(c.var.request, query.minutes));
