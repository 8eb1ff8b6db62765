import { z } from "zod";
import { defineRoute, listOf, listQuery } from "../../../shared/http/mod.ts";
import { findJobs } from "../queries.ts";
import { commaList, jobStatusSchema, jobSummarySchema, jobTypeSchema, timeFilters } from "../schemas.ts";

const query = listQuery({
  sort: ["id"],
  defaultSort: "-id",
  filters: {
    status: commaList(jobStatusSchema).optional()
      .meta({ description: "One or more states, separated by commas", examples: ["dead,cancelled"] }),
    type: commaList(jobTypeSchema).optional().meta({ description: "One or more types, separated by commas" }),
    code: z.string().min(1).max(100).optional().meta({ description: "The code of its error" }),
    ...timeFilters,
    steps: z.enum(["true", "false"]).optional().meta({ description: "true = the steps that runs are at too" }),
  },
});

/** GET /jobs */
export const listJobs = defineRoute({
  method: "get",
  path: "/",
  operationId: "listJobs",
  summary: "List jobs",
  description:
    "Background jobs of the organization, newest first, without payloads and results: those that wait, those " +
    "that run, and what is kept of those that have ended. With a secret key: of all organizations and the platform.",
  tags: ["jobs"],
  access: { user: "runs:read", secret: true },
  request: { query },
  responses: { 200: { description: "A page of jobs", schema: listOf(jobSummarySchema) } },
}, (c, { query }) => {
  const { limit, cursor, sort, steps, ...filter } = query;
  return findJobs(c.var.request, { limit, cursor, sort }, { ...filter, ...steps === "true" && { steps: true } });
});
