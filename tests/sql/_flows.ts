import type { Json } from "../../shared/graph/mod.ts";
import type { TestDatabase } from "../helpers/postgres.ts";
import { type Arguments, rpc, smallGraph, type Tenant } from "./_world.ts";

/** A flow, as the functions that write flows answer. */
export interface Flow {
  id: string;
  organization_id: string;
  workspace_id: string;
  name: string;
  description: string;
  is_active: boolean;
  current_version_id: string;
  version: number;
  version_number: number;
  graph: Json;
  [column: string]: Json;
}

/** A version, as it is stored. */
export interface Version {
  id: string;
  number: number;
  content_hash: string;
  plan_hash: string;
  timeout_seconds: number;
}

/** Makes a flow of the tenant: `Orders` with the small graph. */
export async function create(db: TestDatabase, tenant: Tenant, args: Arguments = {}): Promise<Flow> {
  return await rpc<Flow>(db, tenant.user, "create_flow", {
    p_organization_id: tenant.organizationId,
    p_name: "Orders",
    p_graph: smallGraph(),
    ...args,
  });
}

/** Saves it with these changes. */
export async function save(db: TestDatabase, tenant: Tenant, flowId: string, args: Arguments): Promise<Flow> {
  return await rpc<Flow>(db, tenant.user, "save_flow", { p_flow_id: flowId, ...args });
}

/** Its versions, the first one first. */
export async function versions(db: TestDatabase, flowId: string): Promise<Version[]> {
  const rows = await db.sql<Version[]>`
    select id, number, encode(content_hash, 'hex') as content_hash, encode(plan_hash, 'hex') as plan_hash, timeout_seconds
    from public.flow_versions where flow_id = ${flowId} order by number`;
  return rows.map((row) => ({ ...row }));
}

/** The same graph with this changed, in React Flow's shape. */
export function changed(
  change: (graph: { nodes: Record<string, Json>[]; [key: string]: Json | Record<string, Json>[] }) => void,
) {
  const graph = structuredClone(smallGraph()) as { nodes: Record<string, Json>[]; [key: string]: Json };
  change(graph);
  return graph as { [key: string]: Json };
}
