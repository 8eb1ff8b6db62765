import { asResult, type DatabaseClient, type Page, rpc, run, runSingle } from "../../shared/db/mod.ts";
import { notFound } from "../../shared/errors/mod.ts";
import type { AnyListQuery, UserContext } from "../../shared/http/mod.ts";
import { FLOW_VERSIONS } from "./lists.ts";
import type { ListedVersion, StoredFlow, Version, VersionSummary } from "./schemas.ts";

const VERSION_COLUMNS = "id,flow_id,number,created_by,created_at";

/**
 * A page of a flow's versions, with the runs that used them.
 *
 * @throws {AppError} `not_found` when there is no such flow.
 */
export async function findVersions(
  context: UserContext,
  flowId: string,
  query: AnyListQuery,
): Promise<Page<ListedVersion>> {
  const rows = context.db.from("flow_versions").select(VERSION_COLUMNS).eq("flow_id", flowId);
  const page = await FLOW_VERSIONS.find(asResult<VersionSummary[]>(rows), context, query, { flow: flowId });
  // Only an empty list leaves open whether there is such a flow.
  if (page.data.length === 0) await requireFlow(context.db, flowId);
  const counts = await rpc<RunCounts | null>(context.db, "count_version_runs", {
    p_flow_id: flowId,
    p_version_ids: page.data.map(({ id }) => id),
  });
  const none = { count: 0, first_at: null, last_at: null };
  return { ...page, data: page.data.map((row) => ({ ...row, runs: counts === null ? null : counts[row.id] ?? none })) };
}

async function requireFlow(db: DatabaseClient, id: string): Promise<void> {
  const flow = db.from("flows").select("id").eq("id", id).maybeSingle();
  await runSingle(asResult<{ id: string }>(flow), () => notFound("flow"));
}

/** Version id → the runs that used it; versions that were never run are absent. */
type RunCounts = Readonly<Record<string, NonNullable<ListedVersion["runs"]>>>;

/** A version without what its flow says. */
export type ComparedVersion = VersionSummary & Pick<Version, "graph">;

/** Which version is meant: that of an id or number, or the newest one below a number. */
export type VersionChoice = { readonly id: string } | { readonly number: number } | { readonly below: number };

/**
 * A version of a flow by id or number, with its graph.
 *
 * @returns Null when there is none.
 */
export async function chooseVersion(
  db: DatabaseClient,
  flowId: string,
  choice: VersionChoice,
): Promise<ComparedVersion | null> {
  let query = db.from("flow_versions").select(`${VERSION_COLUMNS},graph`).eq("flow_id", flowId);
  if ("id" in choice) query = query.eq("id", choice.id);
  else if ("number" in choice) query = query.eq("number", choice.number);
  else query = query.lt("number", choice.below);
  const rows = await run(asResult<ComparedVersion[]>(query.order("number", { ascending: false }).limit(1)));
  return rows[0] ?? null;
}

/** A version and what its flow is like. */
export interface VersionWithFlow extends Version {
  readonly flow: { readonly is_active: boolean; readonly version: number };
}

/**
 * A version of a flow, with its graph.
 *
 * @throws {AppError} `not_found`.
 */
export function findVersion(db: DatabaseClient, flowId: string, versionId: string): Promise<VersionWithFlow> {
  const query = db.from("flow_versions")
    .select(`${VERSION_COLUMNS},graph,edge_lengths,flow:flows!flow_versions_flow_id_fkey(is_active,version)`)
    .eq("flow_id", flowId).eq("id", versionId).maybeSingle();
  return runSingle(asResult<VersionWithFlow>(query), () => notFound("flow version"));
}

/** Makes the graph of a version the newest version. */
export function restoreVersion(
  db: DatabaseClient,
  flowId: string,
  versionId: string,
  ifVersion: number,
): Promise<StoredFlow> {
  return rpc<StoredFlow>(db, "restore_flow_version", {
    p_flow_id: flowId,
    p_version_id: versionId,
    p_if_version: ifVersion,
  });
}
