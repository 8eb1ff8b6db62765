import { defineRoute, etag, ifNoneMatchHeaders, isNotModified, reply } from "../../../shared/http/mod.ts";
import { findVersion } from "../version_queries.ts";
import { versionParams, versionSchema } from "../schemas.ts";

const headers = { ETag: "A version never changes, and neither does this" };

/** GET /flows/:id/versions/:versionId */
export const getFlowVersion = defineRoute({
  method: "get",
  path: "/:id/versions/:versionId",
  operationId: "getFlowVersion",
  summary: "Get a version of a flow",
  description: "The graph as it was saved.",
  tags: ["flows"],
  access: { user: "flows:read" },
  request: { params: versionParams, headers: ifNoneMatchHeaders },
  responses: {
    200: { description: "The version", schema: versionSchema, headers },
    304: { description: "You have it already", headers },
  },
}, async (c, { params }) => {
  const { flow: _, ...version } = await findVersion(c.var.request.db, params.id, params.versionId);
  const tag = etag(version.number);
  if (isNotModified(c, tag)) return reply(304, undefined, { ETag: tag });
  return reply(200, version, { ETag: tag });
});
