import { asResult, type DatabaseClient, rpc, run } from "../../shared/db/mod.ts";
import type { ExportedFlow } from "./export_file.ts";
import type { KnownFlows, Outside } from "./import_files.ts";
import type { JsonObject } from "../../shared/graph/mod.ts";
import type { StoredFlow } from "./schemas.ts";

/** The flows with these ids that the caller sees, with their graphs. */
export async function findExported(db: DatabaseClient, ids: readonly string[]): Promise<ExportedFlow[]> {
  if (ids.length === 0) return [];
  const query = db.from("flows")
    .select("id,name,description,current:flow_versions!flows_current_version_id_fkey(graph)").in("id", [...ids]);
  const rows = await run(asResult<(ExportedFlow & { current: { graph: JsonObject } | null })[]>(query));
  return rows.map(({ id, name, description, current }) => ({ id, name, description, graph: current?.graph ?? null }));
}

/** The names of the flows with these ids that the caller sees. */
export async function findNames(db: DatabaseClient, ids: readonly string[]): Promise<Map<string, string>> {
  if (ids.length === 0) return new Map();
  const query = db.from("flows").select("id,name").in("id", [...ids]);
  const rows = await run(asResult<{ id: string; name: string }[]>(query));
  return new Map(rows.map(({ id, name }) => [id, name]));
}

/** Of the flows that files mean, those that the organization has: by id, or else by a name that only one flow has. */
export async function findKnown(
  db: DatabaseClient,
  organizationId: string,
  { ids, names }: Outside,
): Promise<KnownFlows> {
  const known = new Set((await run(asResult<{ id: string }[]>(
    db.from("flows").select("id").eq("organization_id", organizationId).in("id", ids),
  ))).map(({ id }) => id));
  const wanted = new Set(ids.flatMap((id) => known.has(id) ? [] : names.get(id) ?? []));
  const found = await Promise.all([...wanted].map(async (name) => {
    const query = db.from("flows").select("id").eq("organization_id", organizationId).eq("name", name).limit(2);
    const rows = await run(asResult<{ id: string }[]>(query));
    return rows.length === 1 && rows[0] !== undefined ? [[name, rows[0].id] as const] : [];
  }));
  return { ids: known, byName: new Map(found.flat()) };
}

/** A flow to be imported. */
export interface NewImport {
  readonly name: string;
  readonly description: string;
  readonly graph: JsonObject;
  readonly source_id: string | null;
}

/** What holds for all flows of an import. */
export interface ImportOptions {
  readonly organizationId: string;
  readonly workspaceId: string | null;
  readonly isActive: boolean;
  readonly idempotencyKey: string | null;
}

/** Makes new flows, all or none; answers them in the same order. */
export function insertFlows(
  db: DatabaseClient,
  flows: readonly NewImport[],
  options: ImportOptions,
): Promise<StoredFlow[]> {
  return rpc<StoredFlow[]>(db, "import_flows", {
    p_organization_id: options.organizationId,
    p_flows: flows,
    p_workspace_id: options.workspaceId,
    p_is_active: options.isActive,
    p_idempotency_key: options.idempotencyKey,
  });
}
