import { defineRoute, idParams } from "../../../shared/http/mod.ts";
import { FLOW_VERSIONS } from "../lists.ts";
import { findVersions } from "../version_queries.ts";

/** GET /flows/:id/versions */
export const listFlowVersions = defineRoute({
  method: "get",
  path: "/:id/versions",
  operationId: "listFlowVersions",
  summary: "List the versions of a flow",
  description:
    "Every graph that was saved, the newest first, and how many runs used it. A save that changes nothing makes no " +
    "version.",
  tags: ["flows"],
  access: { user: "flows:read" },
  request: { params: idParams },
  list: FLOW_VERSIONS,
  responses: { 200: { description: "A page of versions", schema: FLOW_VERSIONS.page() } },
}, (c, { params, query }) => findVersions(c.var.request, params.id, query));
