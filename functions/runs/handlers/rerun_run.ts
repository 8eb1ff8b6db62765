import { z } from "zod";
import {
  defineRoute,
  idempotencyHeaders,
  idParams,
  jsonSchema,
  readIdempotencyKey,
  reply,
  resourceUrl,
  waitUntil,
} from "../../../shared/http/mod.ts";
import { runInline, runSchema } from "../../../shared/runs/mod.ts";
import { createRerun } from "../queries.ts";
import { nodeIdSchema, versionChoice } from "../schemas.ts";

const body = z.strictObject({
  from: nodeIdSchema.optional().meta({
    description: "The node to begin at. What comes before it is taken over from the run; absent = nothing is",
  }),
  input: jsonSchema.optional().meta({ description: "Another input of the run; absent = the same" }),
  outputs: z.record(nodeIdSchema, jsonSchema).optional().meta({
    description: "What steps before `from` are said to have given, by node id, instead of what they gave",
  }),
  version: versionChoice.optional(),
}).meta({ id: "RerunRun", examples: [{ from: "send_email", outputs: { lookup: { email: "ada@example.com" } } }] });

/** POST /runs/:id/rerun */
export const rerunRun = defineRoute({
  method: "post",
  path: "/:id/rerun",
  operationId: "rerunRun",
  summary: "Run again from a step",
  description:
    "A new run that takes over what comes before `from`, with other outputs where they are given, and does " +
    "the rest anew. A region (splitter, loop, boundary) that `from` lies in or behind is done anew as a whole when it is " +
    "closed at or after `from`. The run itself stays as it is; `retry_of` of the new one names it.",
  tags: ["runs"],
  access: { user: "runs:execute" },
  rateLimit: "run",
  request: { params: idParams, headers: idempotencyHeaders, body },
  responses: { 202: { description: "The new run", schema: runSchema, headers: { Location: "Where the new run is" } } },
  errors: [
    "not_found",
    "run_not_finished",
    "conflict",
    "flow_inactive",
    "run_limit_reached",
    "idempotency_mismatch",
    "payload_too_large",
  ],
}, async (c, { params, body }) => {
  const { db, env } = c.var.request;
  const run = await createRerun(db, {
    runId: params.id,
    from: body.from ?? null,
    input: body.input ?? null,
    outputs: body.outputs ?? null,
    currentVersion: body.version === "current",
    idempotencyKey: readIdempotencyKey(c),
  });
  waitUntil(runInline(env, run.id));
  return reply(202, run, { Location: resourceUrl(c, "runs", run.id) });
});
