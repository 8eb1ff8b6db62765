import { type DatabaseClient, rpc } from "../../shared/db/mod.ts";
import type { Graph } from "../../shared/graph/mod.ts";

/** What {@link insertFlow} takes. */
export interface NewFlow {
  readonly organizationId: string;
  readonly name: string;
  readonly description: string;
  readonly workspaceId: string | null;
  readonly graph: Graph;
  readonly idempotencyKey: string | null;
}

/** The part of a new flow that is answered. */
export interface MadeFlow {
  readonly id: string;
  readonly name: string;
  readonly workspace_id: string;
  readonly is_active: boolean;
}

/** Makes a draft. */
export function insertFlow(db: DatabaseClient, flow: NewFlow): Promise<MadeFlow> {
  return rpc<MadeFlow>(db, "create_flow", {
    p_organization_id: flow.organizationId,
    p_name: flow.name,
    p_description: flow.description,
    p_workspace_id: flow.workspaceId,
    p_graph: flow.graph,
    p_is_active: false,
    p_idempotency_key: flow.idempotencyKey,
  });
}
