import { asResult, type DatabaseClient, type Page, rpc, runSingle } from "../../shared/db/mod.ts";
import { notFound } from "../../shared/errors/mod.ts";
import type { JsonObject } from "../../shared/graph/mod.ts";
import type { AnyListQuery, UserContext } from "../../shared/http/mod.ts";
import { FLOWS } from "./lists.ts";
import { type EdgeLengths, type FlowChanges, type FlowSummary, type StoredFlow, SUMMARY_FIELDS } from "./schemas.ts";
import type { FlowStats, Stats } from "./stats_schemas.ts";

/** A page of the organization's flows; with `fields`, only those are read. */
export function findFlows(context: UserContext, query: AnyListQuery): Promise<Page<FlowSummary>> {
  const rows = context.db.from("flows").select(FLOWS.columns(query)).eq("organization_id", context.organizationId);
  return FLOWS.find(asResult<FlowSummary[]>(rows), context, query);
}

/** The columns of a flow, and of its current version what a flow shows of it. */
const FLOW_COLUMNS = `${
  SUMMARY_FIELDS.join(",")
},current:flow_versions!flows_current_version_id_fkey(number,graph,edge_lengths)`;

interface FlowRow extends FlowSummary {
  current: { number: number; graph: JsonObject; edge_lengths: EdgeLengths } | null;
}

/**
 * A flow with its graph.
 *
 * @throws {AppError} `not_found`.
 */
export async function findFlow(db: DatabaseClient, id: string): Promise<StoredFlow> {
  const query = db.from("flows").select(FLOW_COLUMNS).eq("id", id).maybeSingle();
  const { current, ...flow } = await runSingle(
    asResult<FlowRow>(query),
    () => notFound("flow"),
  );
  return {
    ...flow,
    version_number: current?.number ?? null,
    graph: current?.graph ?? null,
    edge_lengths: current?.edge_lengths ?? null,
  };
}

/** What {@link insertFlow} takes. */
export interface NewFlow {
  readonly organizationId: string;
  readonly name: string;
  readonly description: string;
  readonly workspaceId: string | null;
  readonly graph: JsonObject;
  readonly isActive: boolean;
  readonly idempotencyKey: string | null;
}

/** Makes a flow. */
export function insertFlow(db: DatabaseClient, flow: NewFlow): Promise<StoredFlow> {
  return rpc<StoredFlow>(db, "create_flow", {
    p_organization_id: flow.organizationId,
    p_name: flow.name,
    p_description: flow.description,
    p_workspace_id: flow.workspaceId,
    p_graph: flow.graph,
    p_is_active: flow.isActive,
    p_idempotency_key: flow.idempotencyKey,
  });
}

/**
 * Changes a flow.
 *
 * @param ifVersion The row version it must have; null = any.
 */
export function saveFlow(
  db: DatabaseClient,
  id: string,
  changes: FlowChanges,
  ifVersion: number | null,
): Promise<StoredFlow> {
  return rpc<StoredFlow>(db, "save_flow", {
    p_flow_id: id,
    p_name: changes.name ?? null,
    p_description: changes.description ?? null,
    p_graph: changes.graph ?? null,
    p_workspace_id: changes.workspace_id ?? null,
    p_is_active: changes.is_active ?? null,
    p_if_version: ifVersion,
  });
}

/** Copies a flow. */
export function copyFlow(
  db: DatabaseClient,
  id: string,
  name: string | null,
  idempotencyKey: string | null,
): Promise<StoredFlow> {
  return rpc<StoredFlow>(db, "duplicate_flow", { p_flow_id: id, p_name: name, p_idempotency_key: idempotencyKey });
}

/** Deletes a flow. */
export async function removeFlow(db: DatabaseClient, id: string, ifVersion: number | null): Promise<void> {
  await rpc(db, "delete_flow", { p_flow_id: id, p_if_version: ifVersion });
}

/**
 * The numbers of the organization.
 *
 * @throws {AppError} `not_found` when the caller may not see its runs any more.
 */
export async function findStats({ db, organizationId }: UserContext): Promise<Stats> {
  const stats = await rpc<Stats | null>(db, "get_stats", { p_organization_id: organizationId });
  if (stats === null) throw notFound("organization");
  return stats;
}

/**
 * The numbers of a flow.
 *
 * @param days How many days, today included.
 * @throws {AppError} `not_found`.
 */
export async function findFlowStats(db: DatabaseClient, flowId: string, days: number): Promise<FlowStats> {
  const stats = await rpc<FlowStats | null>(db, "get_flow_stats", { p_flow_id: flowId, p_days: days });
  if (stats === null) throw notFound("flow");
  return stats;
}
