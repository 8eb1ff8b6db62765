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
import { createRerun } from "../queries.ts";
import { versionChoice } from "../schemas.ts";

/** POST /runs/:id/replay */
export const replayRun = defineRoute({
  method: "post",
  path: "/:id/replay",
  operationId: "replayRun",
  summary: "Replay a run",
  description: "A new run with the same input and trigger that does everything anew, effects included, by the same " +
    "version of the flow or with `?version=current` by its current one. A dry run is replayed as a dry run.",
  tags: ["runs"],
  access: { user: "runs:execute" },
  rateLimit: "run",
  request: { params: idParams, headers: idempotencyHeaders, query: z.object({ version: versionChoice.optional() }) },
  responses: { 202: { description: "The new run", schema: runSchema, headers: { Location: "Where the new run is" } } },
  errors: ["not_found", "flow_inactive", "run_limit_reached", "idempotency_mismatch"],
}, async (c, { params, query }) => {
  const { db, env } = c.var.request;
  const run = await createRerun(db, {
    runId: params.id,
    from: null,
    input: null,
    outputs: null,
    currentVersion: query.version === "current",
    idempotencyKey: readIdempotencyKey(c),
  });
  waitUntil(runInline(env, run.id));
  return reply(202, run, { Location: resourceUrl(c, "runs", run.id) });
});
