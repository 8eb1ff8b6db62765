import { defineRoute, idempotencyHeaders, readIdempotencyKey, resourceUrl } from "../../../shared/http/mod.ts";
import { findProblems, requireStorable } from "../graph_check.ts";
import { knownSecrets } from "../known_secrets.ts";
import { insertFlow } from "../queries.ts";
import { flowSchema, newFlowSchema } from "../schemas.ts";
import { answerFlow, CREATED_HEADERS } from "./_answer.ts";

/** POST /flows */
export const createFlow = defineRoute({
  method: "post",
  path: "/",
  operationId: "createFlow",
  summary: "Create a flow",
  description:
    "Saves a graph as version 1 of a new flow. The graph is compiled first: with errors it is refused, unless " +
    "`is_active` is false; then it is kept as a draft and its problems come with the answer. Without a graph an empty " +
    "draft is made.",
  tags: ["flows"],
  access: { user: "flows:write" },
  request: { headers: idempotencyHeaders, body: newFlowSchema },
  responses: { 201: { description: "The new flow", schema: flowSchema, headers: CREATED_HEADERS } },
  errors: ["not_found", "flow_invalid", "plan_limit_reached", "idempotency_mismatch"],
}, async (c, { body }) => {
  const { graph = { nodes: [], edges: [] }, is_active: isActive = body.graph !== undefined } = body;
  const problems = findProblems(graph, await knownSecrets(c.var.request, graph));
  requireStorable(problems, { active: isActive });
  const flow = await insertFlow(c.var.request.db, {
    organizationId: c.var.request.organizationId,
    name: body.name,
    description: body.description,
    workspaceId: body.workspace_id ?? null,
    graph,
    isActive,
    idempotencyKey: readIdempotencyKey(c),
  });
  return answerFlow(201, flow, problems, { Location: resourceUrl(c, "flows", flow.id) });
});
