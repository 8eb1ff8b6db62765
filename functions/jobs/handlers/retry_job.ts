import {
  defineRoute,
  idempotencyHeaders,
  idParams,
  readIdempotencyKey,
  reply,
  resourceUrl,
} from "../../../shared/http/mod.ts";
import { repeatJob } from "../queries.ts";
import { jobSchema } from "../schemas.ts";

/** POST /jobs/:id/retry */
export const retryJob = defineRoute({
  method: "post",
  path: "/:id/retry",
  operationId: "retryJob",
  summary: "Retry a job",
  description:
    "Does a dead letter, or a cancelled or expired job, once more: as a new job with all its attempts before " +
    "it, which names the old one as `replay_of`. Once only: a second time is a conflict, and so is another job with the " +
    "same unique key that waits to begin.",
  tags: ["jobs"],
  access: { user: "runs:execute", secret: true },
  request: { params: idParams, headers: idempotencyHeaders },
  responses: { 201: { description: "The new job", schema: jobSchema, headers: { Location: "Where the new job is" } } },
  errors: ["not_found", "conflict", "idempotency_mismatch"],
}, async (c, { params }) => {
  const job = await repeatJob(c.var.request, params.id, readIdempotencyKey(c));
  return reply(201, job, { Location: resourceUrl(c, "jobs", job.id) });
});
