import { z } from "zod";
import { defineRoute, listOf, listQuery } from "../../../shared/http/mod.ts";
import { findJobs } from "../queries.ts";
import { commaList, jobSummarySchema, jobTypeSchema, timeFilters } from "../schemas.ts";

const query = listQuery({
  sort: ["id"],
  defaultSort: "-id",
  filters: {
    type: commaList(jobTypeSchema).optional().meta({ description: "One or more types, separated by commas" }),
    code: z.string().min(1).max(100).optional()
      .meta({ description: "The code of the error", examples: ["worker_lost"] }),
    ...timeFilters,
  },
});

/** GET /jobs/dead-letters */
export const listDeadLetters = defineRoute({
  method: "get",
  path: "/dead-letters",
  operationId: "listDeadLetters",
  summary: "List dead letters",
  description: "Jobs that were given up and that nobody has repeated, newest first, each with the reason in `error`.",
  tags: ["jobs"],
  access: { user: "runs:read", secret: true },
  request: { query },
  responses: { 200: { description: "A page of dead letters", schema: listOf(jobSummarySchema) } },
}, (c, { query }) => {
  const { limit, cursor, sort, ...filter } = query;
  return findJobs(c.var.request, { limit, cursor, sort }, { ...filter, open: true });
});
