import { z } from "zod";
import { defineRoute, idempotencyHeaders, jsonSchema } from "../../../shared/http/mod.ts";
import { dryRunSchema, startRun as start, startRunResponses, waitQuery } from "../../../shared/runs/mod.ts";

const body = z.strictObject({
  flow_id: z.uuid(),
  input: jsonSchema.optional().meta({ description: "What the trigger gives to the steps; {} when absent" }),
  trigger_node: z.string().min(1).max(64).optional()
    .meta({ description: "Id of the trigger to start at; the first trigger.manual when absent" }),
  entity_id: z.uuid().optional().meta({ description: "An entity of the flow that moves with the run" }),
  dry_run: dryRunSchema.optional(),
}).meta({
  id: "StartRun",
  examples: [{ flow_id: "0193a000-0000-7000-8000-000000000001", input: { email: "ada@example.com" } }],
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
    "steps, or 202 if it is still going.\n\nWith `dry_run` no effect is performed and what is pinned stands in for its node.\n\nThe same `Idempotency-Key` within 24 hours starts nothing and gives the same run.",
  tags: ["runs"],
  access: { user: "runs:execute" },
  rateLimit: "run",
  request: { body, query: waitQuery, headers: idempotencyHeaders },
  responses: startRunResponses,
  errors: ["not_found", "flow_inactive", "run_limit_reached", "idempotency_mismatch", "payload_too_large"],
}, (c, { body, query }) =>
  start(c, {
    flowId: body.flow_id,
    input: body.input,
    triggerNode: body.trigger_node,
    entityId: body.entity_id,
    dryRun: body.dry_run,
    waitSeconds: query.wait,
  }));
