import { defineRoute, etag, ifMatchHeaders, readIfMatch, reply } from "../../../shared/http/mod.ts";
import { saveWorkspace } from "../workspace_queries.ts";
import { workspaceChangesSchema, workspaceParams, workspaceSchema } from "../schemas.ts";
import { VERSION_HEADERS } from "./_headers.ts";

/** PATCH /orgs/:id/workspaces/:workspaceId */
export const updateWorkspace = defineRoute({
  method: "patch",
  path: "/:id/workspaces/:workspaceId",
  operationId: "updateWorkspace",
  summary: "Change a workspace",
  description: "Renames it, or makes it the default one, which the one before is then no more.",
  tags: ["organizations"],
  access: { user: "workspaces:write" },
  organizationParam: "id",
  request: { params: workspaceParams, headers: ifMatchHeaders, body: workspaceChangesSchema },
  responses: { 200: { description: "The workspace as it is now", schema: workspaceSchema, headers: VERSION_HEADERS } },
  errors: ["conflict", "version_mismatch"],
}, async (c, { params, body }) => {
  const workspace = await saveWorkspace(c.var.request.db, params, body, readIfMatch(c));
  return reply(200, workspace, { ETag: etag(workspace.version) });
});
