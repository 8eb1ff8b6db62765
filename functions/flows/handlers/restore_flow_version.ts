import { defineRoute, ifMatchHeaders, readIfMatch } from "../../../shared/http/mod.ts";
import { findProblems, requireStorable } from "../graph_check.ts";
import { findVersion, restoreVersion } from "../version_queries.ts";
import { flowSchema, versionParams } from "../schemas.ts";
import { answerFlow, FLOW_HEADERS } from "./_answer.ts";
import { underVersion } from "./_under_version.ts";

/** POST /flows/:id/versions/:versionId/restore */
export const restoreFlowVersion = defineRoute({
  method: "post",
  path: "/:id/versions/:versionId/restore",
  operationId: "restoreFlowVersion",
  summary: "Restore a version of a flow",
  description:
    "Saves the graph of an earlier version as the newest version; nothing in between is lost. An active flow " +
    "takes no graph with errors.",
  tags: ["flows"],
  access: { user: "flows:write" },
  request: { params: versionParams, headers: ifMatchHeaders },
  responses: { 200: { description: "The flow as it is now", schema: flowSchema, headers: FLOW_HEADERS } },
  errors: ["not_found", "flow_invalid", "version_mismatch", "conflict"],
}, async (c, { params }) => {
  const { db } = c.var.request;
  const { graph, flow: before } = await findVersion(db, params.id, params.versionId);
  // What was fine once may not be fine today: node types change.
  const problems = findProblems(graph);
  requireStorable(problems, { active: before.is_active });
  const restore = (version: number) => restoreVersion(db, params.id, params.versionId, version);
  return answerFlow(200, await underVersion(readIfMatch(c), before.version, restore), problems);
});
