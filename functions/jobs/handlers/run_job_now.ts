import { defineRoute, idParams } from "../../../shared/http/mod.ts";
import { changeJob } from "../queries.ts";
import { jobSchema } from "../schemas.ts";

/** POST /jobs/:id/run */
export const runJobNow = defineRoute({
  method: "post",
  path: "/:id/run",
  operationId: "runJobNow",
  summary: "Run a job now",
  description:
    "Makes a delayed job, or one that waits for its next attempt, due at once. One that is due already stays as " +
    "it is. One that has begun, ended, or waits for others with its concurrency key is a conflict.",
  tags: ["jobs"],
  access: { user: "runs:execute", secret: true },
  request: { params: idParams },
  responses: { 200: { description: "The job", schema: jobSchema } },
  errors: ["not_found", "conflict"],
}, (c, { params }) => changeJob(c.var.request, "run_job_now", params.id));
