import { z } from "zod";
import { defineRoute, ifMatchHeaders, readIfMatch, reply } from "../../../shared/http/mod.ts";
import { removeWorkspace } from "../workspace_queries.ts";
import { workspaceParams } from "../schemas.ts";

const query = z.object({
  move_flows_to: z.uuid().optional().meta({
    description: "The workspace of the same organization that its flows go to",
  }),
});

/** DELETE /orgs/:id/workspaces/:workspaceId */
export const deleteWorkspace = defineRoute({
  method: "delete",
  path: "/:id/workspaces/:workspaceId",
  operationId: "deleteWorkspace",
  summary: "Delete a workspace",
  description: "409 for the default one, and for one with flows unless `move_flows_to` says where they go.",
  tags: ["organizations"],
  access: { user: "workspaces:write" },
  organizationParam: "id",
  request: { params: workspaceParams, headers: ifMatchHeaders, query },
  responses: { 204: { description: "It is gone" } },
  errors: ["conflict", "version_mismatch"],
}, async (c, { params, query }) => {
  await removeWorkspace(c.var.request.db, params, query.move_flows_to ?? null, readIfMatch(c));
  return reply(204, undefined);
});
