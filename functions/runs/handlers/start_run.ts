import { z } from "zod";
import {
  defineRoute,
  idempotencyHeaders,
  jsonSchema,
  readIdempotencyKey,
  reply,
  resourceUrl,
  waitUntil,
} from "../../../shared/http/mod.ts";
import { createRun, findRun, runInline } from "../queries.ts";
import { runDetailsSchema, runSchema } from "../schemas.ts";
import { waitForEnd } from "../wait_for_end.ts";

const body = z.strictObject({
  flow_id: z.uuid(),
  input: jsonSchema.optional().meta({ description: "What the trigger gives to the steps; {} when absent" }),
  trigger_node: z.string().min(1).max(64).optional()
    .meta({ description: "Id of the trigger to start at; the first trigger.manual when absent" }),
}).meta({
  id: "StartRun",
  examples: [{ flow_id: "0193a000-0000-7000-8000-000000000001", input: { email: "ada@example.com" } }],
});

const query = z.object({
  wait: z.coerce.number().int().min(0).max(60).default(0)
    .meta({ description: "Seconds to wait for the end of the run; 0 = answer at once", examples: [10] }),
});

/** POST /runs */
export const startRun = defineRoute({
  method: "post",
  path: "/",
  operationId: "startRun",
  summary: "Start a run",
  description:
    "Starts a run of the flow's current version. Answers 202 as soon as the run is committed; its first steps " +
    "run right away. With `?wait=N` the answer waits up to N seconds (60 at most) for the end: 200 with the run and its " +
    "steps, or 202 if it is still going.\n\nThe same `Idempotency-Key` within 24 hours starts nothing and gives the same run.",
  tags: ["runs"],
  access: { user: "runs:execute" },
  rateLimit: "run",
  request: { body, query, headers: idempotencyHeaders },
  responses: {
    202: { description: "The run, under way", schema: runSchema, headers: { Location: "Where the run is" } },
    200: {
      description: "The run, ended, with its steps",
      schema: runDetailsSchema,
      headers: { Location: "Where the run is" },
    },
  },
  errors: ["not_found", "flow_inactive", "idempotency_mismatch", "payload_too_large"],
}, async (c, { body, query }) => {
  const { db, env, traceparent, signal } = c.var.request;
  const run = await createRun(db, {
    flowId: body.flow_id,
    input: body.input ?? {},
    triggerNode: body.trigger_node ?? null,
    idempotencyKey: readIdempotencyKey(c),
    traceparent,
  });
  waitUntil(runInline(env, run.id));
  const headers = { Location: resourceUrl(c, "runs", run.id) };
  if (query.wait > 0 && await waitForEnd(db, run.id, query.wait, signal)) {
    return reply(200, await findRun(db, run.id), headers);
  }
  return reply(202, run, headers);
});
