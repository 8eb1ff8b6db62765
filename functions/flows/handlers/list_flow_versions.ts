import { defineRoute, idParams, listOf, listQuery } from "../../../shared/http/mod.ts";
import { findVersions } from "../queries.ts";
import { versionSummarySchema } from "../schemas.ts";

const query = listQuery({ sort: ["number"], defaultSort: "-number" });

/** GET /flows/:id/versions */
export const listFlowVersions = defineRoute({
  method: "get",
  path: "/:id/versions",
  operationId: "listFlowVersions",
  summary: "List the versions of a flow",
  description: "Every graph that was saved, the newest first. A save that changes nothing makes no version.",
  tags: ["flows"],
  access: { user: "flows:read" },
  request: { params: idParams, query },
  responses: { 200: { description: "A page of versions", schema: listOf(versionSummarySchema) } },
}, (c, { params, query }) => findVersions(c.var.request, params.id, query));
