import { z } from "zod";
import {
  defineRoute,
  idempotencyHeaders,
  idParams,
  readIdempotencyKey,
  resourceUrl,
} from "../../../shared/http/mod.ts";
import { copyFlow } from "../queries.ts";
import { flowSchema } from "../schemas.ts";
import { answerFlow, CREATED_HEADERS } from "./_answer.ts";

const body = z.strictObject({
  name: z.string().trim().min(1).max(200).optional().meta({
    description: "The name with “ (Copy)” when absent",
    examples: ["Greet new customers, second try"],
  }),
}).meta({ examples: [{}] });

/** POST /flows/:id/duplicate */
export const duplicateFlow = defineRoute({
  method: "post",
  path: "/:id/duplicate",
  operationId: "duplicateFlow",
  summary: "Duplicate a flow",
  description: "Copies the current graph into a new flow of the same workspace. The copy is a draft, so that nothing " +
    "happens twice.",
  tags: ["flows"],
  access: { user: "flows:write" },
  request: { params: idParams, headers: idempotencyHeaders, body, bodyRequired: false },
  responses: { 201: { description: "The copy", schema: flowSchema, headers: CREATED_HEADERS } },
  errors: ["not_found", "plan_limit_reached", "idempotency_mismatch"],
}, async (c, { params, body }) => {
  const copy = await copyFlow(c.var.request.db, params.id, body?.name ?? null, readIdempotencyKey(c));
  return answerFlow(201, copy, undefined, { Location: resourceUrl(c, "flows", copy.id) });
});
