import { defineRoute, idParams, ifMatchHeaders, readIfMatch } from "../../../shared/http/mod.ts";
import { saveFlow } from "../queries.ts";
import { flowSchema } from "../schemas.ts";
import { answerFlow, FLOW_HEADERS } from "./_answer.ts";

/** POST /flows/:id/deactivate */
export const deactivateFlow = defineRoute({
  method: "post",
  path: "/:id/deactivate",
  operationId: "deactivateFlow",
  summary: "Deactivate a flow",
  description:
    "Nothing starts it any more: webhooks are kept without a run, a start by hand is refused. Runs that are " +
    "under way go on.",
  tags: ["flows"],
  access: { user: "flows:write" },
  request: { params: idParams, headers: ifMatchHeaders },
  responses: { 200: { description: "The flow, now a draft", schema: flowSchema, headers: FLOW_HEADERS } },
  errors: ["not_found", "version_mismatch"],
}, async (c, { params }) => {
  const flow = await saveFlow(c.var.request.db, params.id, { is_active: false }, readIfMatch(c));
  return answerFlow(200, flow, undefined);
});
