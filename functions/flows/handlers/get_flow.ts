import { defineRoute, etag, idParams, ifNoneMatchHeaders, isNotModified, reply } from "../../../shared/http/mod.ts";
import { findFlow } from "../queries.ts";
import { flowSchema } from "../schemas.ts";
import { answerFlow, FLOW_HEADERS } from "./_answer.ts";

/** GET /flows/:id */
export const getFlow = defineRoute({
  method: "get",
  path: "/:id",
  operationId: "getFlow",
  summary: "Get a flow",
  description: "The flow with the graph of its current version and what is wrong with it.",
  tags: ["flows"],
  access: { user: "flows:read" },
  request: { params: idParams, headers: ifNoneMatchHeaders },
  responses: {
    200: { description: "The flow", schema: flowSchema, headers: FLOW_HEADERS },
    304: { description: "You have this version already", headers: FLOW_HEADERS },
  },
}, async (c, { params }) => {
  const flow = await findFlow(c.var.request.db, params.id);
  const tag = etag(flow.version);
  if (isNotModified(c, tag)) return reply(304, undefined, { ETag: tag });
  return answerFlow(200, flow, undefined);
});
