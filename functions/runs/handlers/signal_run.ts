import { z } from "zod";
import {
  defineRoute,
  idempotencyHeaders,
  idParams,
  jsonSchema,
  readIdempotencyKey,
  waitUntil,
} from "../../../shared/http/mod.ts";
import { runInline } from "../../../shared/runs/mod.ts";
import { sendSignal } from "../queries.ts";

const body = z.strictObject({
  name: z.string().regex(/^[A-Za-z0-9_.:-]{1,200}$/, "Use letters, digits, _ . : and - only, 200 at most")
    .meta({ description: "As the waiting node names it" }),
  data: jsonSchema.optional().meta({ description: "Becomes `data` in the output of the step; 256 KiB at most" }),
}).meta({ id: "Signal", examples: [{ name: "payment", data: { amount: 250 } }] });

const receipt = z.object({
  run_id: z.uuid(),
  name: z.string(),
  delivered: z.boolean().meta({ description: "True = a step waited for it and goes on; false = it is kept for one" }),
  node_id: z.string().nullable(),
  scope: z.string().nullable(),
}).meta({ id: "SignalReceipt", description: "What became of a signal" });

/** POST /runs/:id/signals */
export const signalRun = defineRoute({
  method: "post",
  path: "/:id/signals",
  operationId: "signalRun",
  summary: "Send a signal to a run",
  description:
    "The step that waits longest for a signal of this name goes on. When none waits, the signal is kept for " +
    "the next that does, a thousand of them at most.",
  tags: ["runs"],
  access: { user: "runs:execute" },
  rateLimit: "run",
  request: { params: idParams, headers: idempotencyHeaders, body },
  responses: { 202: { description: "Delivered or kept", schema: receipt } },
  errors: ["not_found", "run_finished", "conflict", "payload_too_large", "idempotency_mismatch"],
}, async (c, { params, body }) => {
  const { db, env } = c.var.request;
  const idempotencyKey = readIdempotencyKey(c);
  const sent = await sendSignal(db, { runId: params.id, name: body.name, data: body.data, idempotencyKey });
  if (sent.delivered) waitUntil(runInline(env, params.id));
  return sent;
});
