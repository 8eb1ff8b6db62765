import {
  defineRoute,
  idempotencyHeaders,
  idParams,
  readIdempotencyKey,
  reply,
  resourceUrl,
  waitUntil,
} from "../../../shared/http/mod.ts";
import { createRetry } from "../queries.ts";
import { runInline, runSchema } from "../../../shared/runs/mod.ts";

/** POST /runs/:id/retry */
export const retryRun = defineRoute({
  method: "post",
  path: "/:id/retry",
  operationId: "retryRun",
  summary: "Retry a run",
  description:
    "Goes on with a failed or cancelled run from where it stopped: a new run of the same version that takes " +
    "over the completed steps with their outputs. A run that has undone what it did can only be replayed.",
  tags: ["runs"],
  access: { user: "runs:execute" },
  rateLimit: "run",
  request: { params: idParams, headers: idempotencyHeaders },
  responses: { 202: { description: "The new run", schema: runSchema, headers: { Location: "Where the new run is" } } },
  errors: ["not_found", "run_finished", "run_not_finished", "conflict", "run_limit_reached", "idempotency_mismatch"],
}, async (c, { params }) => {
  const { db, env } = c.var.request;
  const run = await createRetry(db, params.id, readIdempotencyKey(c));
  waitUntil(runInline(env, run.id));
  return reply(202, run, { Location: resourceUrl(c, "runs", run.id) });
});
