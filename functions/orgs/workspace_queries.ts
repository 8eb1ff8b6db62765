import { asResult, type DatabaseClient, type Page, rpc } from "../../shared/db/mod.ts";
import type { AnyListQuery, UserContext } from "../../shared/http/mod.ts";
import { WORKSPACES } from "./lists.ts";
import type { Workspace, WorkspaceChanges } from "./schemas.ts";

/** A page of the workspaces of the organization that the request acts in. */
export function findWorkspaces(context: UserContext, query: AnyListQuery): Promise<Page<Workspace>> {
  const rows = context.db.from("workspaces")
    .select("id,organization_id,name,is_default,version,created_at,updated_at")
    .eq("organization_id", context.organizationId);
  return WORKSPACES.find(asResult<Workspace[]>(rows), context, query);
}

/** Makes a workspace. */
export function insertWorkspace(
  db: DatabaseClient,
  organizationId: string,
  name: string,
  idempotencyKey: string | null,
): Promise<Workspace> {
  const args = { p_organization_id: organizationId, p_name: name, p_idempotency_key: idempotencyKey };
  return rpc(db, "create_workspace", args);
}

interface WorkspacePath {
  readonly id: string;
  readonly workspaceId: string;
}

/** Changes a workspace. */
export function saveWorkspace(
  db: DatabaseClient,
  { id, workspaceId }: WorkspacePath,
  { name, is_default }: WorkspaceChanges,
  ifVersion: number | null,
): Promise<Workspace> {
  return rpc(db, "update_workspace", {
    p_organization_id: id,
    p_workspace_id: workspaceId,
    p_name: name ?? null,
    p_is_default: is_default ?? null,
    p_if_version: ifVersion,
  });
}

/**
 * Deletes a workspace.
 *
 * @param heirId Where its flows go; null = nowhere, so it must have none.
 */
export function removeWorkspace(
  db: DatabaseClient,
  { id, workspaceId }: WorkspacePath,
  heirId: string | null,
  ifVersion: number | null,
): Promise<void> {
  return rpc(db, "delete_workspace", {
    p_organization_id: id,
    p_workspace_id: workspaceId,
    p_move_flows_to: heirId,
    p_if_version: ifVersion,
  });
}
