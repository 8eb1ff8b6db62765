import { defineRoute, idParams, listOf, listQuery } from "../../../shared/http/mod.ts";
import { findVersions } from "../version_queries.ts";
import { listedVersionSchema } from "../schemas.ts";

const query = listQuery({ sort: ["number"], defaultSort: "-number" });

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
  request: { params: idParams, query },
  responses: { 200: { description: "A page of versions", schema: listOf(listedVersionSchema) } },
}, (c, { params, query }) => findVersions(c.var.request, params.id, query));
