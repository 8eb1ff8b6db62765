import { defineRoute, idParams, ifMatchHeaders, readIfMatch } from "../../../shared/http/mod.ts";
import { flowSchema } from "../schemas.ts";
import { answerFlow, FLOW_HEADERS } from "./_answer.ts";
import { changeFlow } from "./_change_flow.ts";

/** POST /flows/:id/activate */
export const activateFlow = defineRoute({
  method: "post",
  path: "/:id/activate",
  operationId: "activateFlow",
  summary: "Activate a flow",
  description: "From now on webhooks start it. Its graph must have no errors.",
  tags: ["flows"],
  access: { user: "flows:write" },
  request: { params: idParams, headers: ifMatchHeaders },
  responses: { 200: { description: "The active flow", schema: flowSchema, headers: FLOW_HEADERS } },
  errors: ["not_found", "flow_invalid", "version_mismatch", "conflict"],
}, async (c, { params }) => {
  const { flow, problems } = await changeFlow(c.var.request.db, params.id, { is_active: true }, readIfMatch(c));
  return answerFlow(200, flow, problems);
});
