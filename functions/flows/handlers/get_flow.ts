import { defineRoute, idParams, ifNoneMatchHeaders } from "../../../shared/http/mod.ts";
import { findFlow } from "../queries.ts";
import { type Flow, flowSchema } from "../schemas.ts";
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
  // A person may read flows of their other organizations, whose generations the gate was not asked for.
  cache: {
    kind: "flows",
    maxAgeSeconds: 120,
    staleWhileRevalidateSeconds: 600,
    keeps: (flow, organizationId) => (flow as Flow).organization_id === organizationId,
  },
  responses: {
    200: { description: "The flow", schema: flowSchema, headers: FLOW_HEADERS },
    304: { description: "You have this version already", headers: FLOW_HEADERS },
  },
}, async (c, { params }) => answerFlow(200, await findFlow(c.var.request.db, params.id), undefined));
