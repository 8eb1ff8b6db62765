import { z } from "zod";
import { defineRoute, idParams, jsonSchema, waitUntil } from "../../../shared/http/mod.ts";
import { runErrorSchema, runInline } from "../../../shared/runs/mod.ts";
import { decideStep as decide } from "../queries.ts";
import { scopeSchema, stepParams } from "../schemas.ts";

const comment = z.string().max(4_000).optional();

const body = z.union([
  z.strictObject({ decision: z.enum(["approved", "rejected"]), comment, scope: scopeSchema }),
  z.strictObject({
    outcome: z.enum(["completed", "failed", "retry"]).meta({
      description: "completed = it happened, with this output; failed = it did not; retry = do it again",
    }),
    output: jsonSchema.optional(),
    error: runErrorSchema.omit({ node_id: true }).strict().optional(),
    comment,
    scope: scopeSchema,
  }),
]).meta({
  id: "StepDecision",
  description: "An approval, or what became of an effect that nobody knows the outcome of",
  examples: [{ decision: "approved", comment: "Fine with me" }, { outcome: "completed", output: { id: "re_1" } }],
});

const decisionSchema = z.object({
  run_id: z.uuid(),
  node_id: z.string(),
  scope: z.string(),
  kind: z.enum(["approval", "decision"]),
  decision: z.enum(["approved", "rejected"]).optional(),
  outcome: z.enum(["completed", "failed", "retry"]).optional(),
  comment: z.string().nullable(),
  output: jsonSchema.optional(),
  error: jsonSchema.optional(),
  user_id: z.uuid().nullable(),
  decided_at: z.iso.datetime({ offset: true }),
}).meta({ id: "StepDecided", description: "A decision that counts" });

/** POST /runs/:id/steps/:node_id/decide */
export const decideStep = defineRoute({
  method: "post",
  path: "/:id/steps/:node_id/decide",
  operationId: "decideStep",
  summary: "Decide a step",
  description: "Decides a step that waits for a person: an approval, or an effect whose outcome is unknown. Of two " +
    "decisions the first counts, the second is a 409. Where the step names approvers, only they may decide. " +
    "`GET /runs/waiting` lists what there is to decide.",
  tags: ["runs"],
  access: { user: "runs:execute" },
  rateLimit: "run",
  request: { params: idParams.extend(stepParams.shape), body },
  responses: { 200: { description: "The decision", schema: decisionSchema } },
  errors: ["not_found", "run_finished", "conflict", "payload_too_large"],
}, async (c, { params, body }) => {
  const { db, env } = c.var.request;
  const { scope, ...decision } = body;
  const decided = await decide(db, { runId: params.id, nodeId: params.node_id, scope, decision });
  waitUntil(runInline(env, params.id));
  return decided;
});
