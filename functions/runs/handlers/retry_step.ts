import { z } from "zod";
import {
  defineRoute,
  idempotencyHeaders,
  idParams,
  readIdempotencyKey,
  reply,
  resourceUrl,
  waitUntil,
} from "../../../shared/http/mod.ts";
import { runInline, runSchema } from "../../../shared/runs/mod.ts";
import { retryStep as retry } from "../queries.ts";
import { scopeSchema, stepParams } from "../schemas.ts";

const body = z.strictObject({ scope: scopeSchema }).meta({ id: "RetryStep", examples: [{}, { scope: "split.3" }] });

/** POST /runs/:id/steps/:node_id/retry */
export const retryStep = defineRoute({
  method: "post",
  path: "/:id/steps/:node_id/retry",
  operationId: "retryStep",
  summary: "Retry a step",
  description:
    "A step that waits for its next attempt runs at once (200, the same run). Of a run that has ended: where " +
    "the step stopped it, the run is retried; otherwise it is run again from the step (202, a new run).",
  tags: ["runs"],
  access: { user: "runs:execute" },
  rateLimit: "run",
  request: { params: idParams.extend(stepParams.shape), headers: idempotencyHeaders, body, bodyRequired: false },
  responses: {
    202: { description: "A new run", schema: runSchema, headers: { Location: "Where the new run is" } },
    200: { description: "The run, whose step is tried again at once", schema: runSchema },
  },
  errors: ["not_found", "conflict", "run_finished", "flow_inactive", "run_limit_reached", "idempotency_mismatch"],
}, async (c, { params, body }) => {
  const { db, env } = c.var.request;
  const { began, run } = await retry(db, {
    runId: params.id,
    nodeId: params.node_id,
    scope: body?.scope ?? "",
    idempotencyKey: readIdempotencyKey(c),
  });
  waitUntil(runInline(env, run.id));
  if (began === "attempt") return reply(200, run);
  return reply(202, run, { Location: resourceUrl(c, "runs", run.id) });
});
