import { defineRoute } from "../../../shared/http/mod.ts";
import { JOBS } from "../lists.ts";
import { findJobs } from "../queries.ts";

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
  list: JOBS,
  responses: { 200: { description: "A page of jobs", schema: JOBS.page() } },
}, (c, { query }) => findJobs(c.var.request, query));
