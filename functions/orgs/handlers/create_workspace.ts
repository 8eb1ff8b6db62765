import {
  defineRoute,
  etag,
  idempotencyHeaders,
  idParams,
  readIdempotencyKey,
  reply,
} from "../../../shared/http/mod.ts";
import { insertWorkspace } from "../workspace_queries.ts";
import { newWorkspaceSchema, workspaceSchema } from "../schemas.ts";
import { VERSION_HEADERS } from "./_headers.ts";

/** POST /orgs/:id/workspaces */
export const createWorkspace = defineRoute({
  method: "post",
  path: "/:id/workspaces",
  operationId: "createWorkspace",
  summary: "Create a workspace",
  description: "A workspace groups flows. The plan says how many an organization may have.",
  tags: ["organizations"],
  access: { user: "workspaces:write" },
  organizationParam: "id",
  request: { params: idParams, headers: idempotencyHeaders, body: newWorkspaceSchema },
  responses: { 201: { description: "The new workspace", schema: workspaceSchema, headers: VERSION_HEADERS } },
  errors: ["plan_limit_reached", "idempotency_mismatch"],
}, async (c, { params, body }) => {
  const workspace = await insertWorkspace(c.var.request.db, params.id, body.name, readIdempotencyKey(c));
  return reply(201, workspace, { ETag: etag(workspace.version) });
});
