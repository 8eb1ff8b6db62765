import { z } from "zod";
import { defineRoute, idempotencyHeaders, idParams, jsonSchema } from "../../../shared/http/mod.ts";
import { dryRunSchema, startRun, startRunResponses, waitQuery } from "../../../shared/runs/mod.ts";

const body = z.strictObject({
  input: jsonSchema.optional().meta({
    description: "What the trigger gives: `trigger` in expressions; {} when absent",
  }),
  trigger_node: z.string().min(1).max(64).optional().meta({
    description: "The trigger to start at; the first that can be started by hand when absent",
  }),
  entity_id: z.uuid().optional().meta({ description: "An entity of the flow that moves with the run" }),
  dry_run: dryRunSchema.optional(),
}).meta({ examples: [{ input: { name: "Ada" } }] });

/** POST /flows/:id/run */
export const runFlow = defineRoute({
  method: "post",
  path: "/:id/run",
  operationId: "runFlow",
  summary: "Run a flow",
  description:
    "`POST /runs` with the flow in the path: starts a run of the current version, answers 202 as soon as it is " +
    "committed and runs its first steps right away. With `?wait=N` the answer waits up to N seconds (60 at most) for the " +
    "end: 200 with the run and its steps, or 202 if it is still going.",
  tags: ["flows", "runs"],
  access: { user: "runs:execute" },
  rateLimit: "run",
  request: { params: idParams, query: waitQuery, headers: idempotencyHeaders, body, bodyRequired: false },
  responses: startRunResponses,
  errors: ["not_found", "flow_inactive", "run_limit_reached", "idempotency_mismatch", "payload_too_large"],
}, (c, { params, query, body }) =>
  startRun(c, {
    flowId: params.id,
    input: body?.input,
    triggerNode: body?.trigger_node,
    entityId: body?.entity_id,
    dryRun: body?.dry_run,
    waitSeconds: query.wait,
  }));
