import { defineRoute, idParams } from "../../../shared/http/mod.ts";
import { findJob } from "../queries.ts";
import { jobSchema } from "../schemas.ts";

/** GET /jobs/:id */
export const getJob = defineRoute({
  method: "get",
  path: "/:id",
  operationId: "getJob",
  summary: "Get a job",
  description: "A job wherever it is in its life, with payload, progress, result and error.",
  tags: ["jobs"],
  access: { user: "runs:read", secret: true },
  request: { params: idParams },
  responses: { 200: { description: "The job", schema: jobSchema } },
  errors: ["not_found"],
}, (c, { params }) => findJob(c.var.request, params.id));
