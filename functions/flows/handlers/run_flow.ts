import { z } from "zod";
import {
  defineRoute,
  idempotencyHeaders,
  idParams,
  jsonSchema,
  readIdempotencyKey,
  reply,
  resourceUrl,
} from "../../../shared/http/mod.ts";
import type { Json } from "../../../shared/graph/mod.ts";
import { startRun } from "../queries.ts";
import { startedRunSchema } from "../schemas.ts";

const body = z.strictObject({
  input: jsonSchema.optional().meta({
    description: "What the trigger gives: `trigger` in expressions; {} when absent",
  }),
  trigger_node: z.string().min(1).max(64).optional().meta({
    description: "The trigger to start at; the first that can be started by hand when absent",
  }),
}).meta({ examples: [{ input: { name: "Ada" } }] });

/** POST /flows/:id/run */
export const runFlow = defineRoute({
  method: "post",
  path: "/:id/run",
  operationId: "runFlow",
  summary: "Run a flow",
  description: "Starts a run of the current version and answers at once; follow it at the address in `Location`. " +
    "`POST /runs` does the same and can wait for the result.",
  tags: ["flows", "runs"],
  access: { user: "runs:execute" },
  rateLimit: "run",
  request: { params: idParams, headers: idempotencyHeaders, body, bodyRequired: false },
  responses: {
    202: {
      description: "The run, about to begin",
      schema: startedRunSchema,
      headers: { Location: "The address of the run" },
    },
  },
  errors: ["not_found", "flow_inactive", "idempotency_mismatch"],
}, async (c, { params, body }) => {
  const { db, traceparent } = c.var.request;
  const run = await startRun(db, {
    flowId: params.id,
    // Whatever JSON was sent, parsed by our own strict parser.
    input: (body?.input ?? {}) as Json,
    triggerNode: body?.trigger_node ?? null,
    idempotencyKey: readIdempotencyKey(c),
    traceparent,
  });
  return reply(202, run, { Location: resourceUrl(c, "runs", run.id) });
});
