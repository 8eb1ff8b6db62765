import { defineRoute, idParams, ifMatchHeaders, readIfMatch } from "../../../shared/http/mod.ts";
import { knownSecrets } from "../known_secrets.ts";
import { flowChangesSchema, flowSchema } from "../schemas.ts";
import { answerFlow, FLOW_HEADERS } from "./_answer.ts";
import { changeFlow } from "./_change_flow.ts";

/** PATCH /flows/:id */
export const updateFlow = defineRoute({
  method: "patch",
  path: "/:id",
  operationId: "updateFlow",
  summary: "Change a flow",
  description:
    "Changes what is named and leaves the rest. A changed graph becomes the next version; runs that are under " +
    "way keep theirs. A graph with errors is refused unless the flow is a draft or becomes one. Send `If-Match`, so " +
    "that nobody's work is overwritten.",
  tags: ["flows"],
  access: { user: "flows:write" },
  request: { params: idParams, headers: ifMatchHeaders, body: flowChangesSchema },
  responses: { 200: { description: "The flow as it is now", schema: flowSchema, headers: FLOW_HEADERS } },
  errors: ["not_found", "flow_invalid", "version_mismatch", "conflict"],
}, async (c, { params, body }) => {
  const secrets = body.graph === undefined ? null : await knownSecrets(c.var.request, body.graph);
  const { flow, problems } = await changeFlow(c.var.request.db, params.id, body, readIfMatch(c), secrets);
  return answerFlow(200, flow, problems);
});
