import { adminClient, type DatabaseClient, findSchema, rpc, type SchemaFinding } from "../../shared/db/mod.ts";
import type { Env } from "../../shared/env/mod.ts";
import type { Detailed } from "./schemas.ts";

/** Whether the database answers, and which schema it has. */
export type DatabaseFinding = SchemaFinding | {
  readonly state: "unreachable" | "schema_missing";
  readonly version: null;
};

/** The table is not there: by PostgREST's cache, and by Postgres itself. */
const NO_SUCH_TABLE = ["PGRST205", "42P01"];

/**
 * Asks which schema the database has. One that cannot say is old, was never migrated, or does not answer: then it reads
 * what everybody may read and every migrated database has, the plans.
 *
 * @param signal Ends the attempt.
 */
export async function probeDatabase(
  db: DatabaseClient,
  service: DatabaseClient,
  signal: AbortSignal,
): Promise<DatabaseFinding> {
  const found = await findSchema(service, signal);
  if (found.version !== null) return found;
  if (signal.aborted) return { state: "unreachable", version: null };
  const { data, error } = await db.from("plans").select("id").limit(1).abortSignal(signal);
  if (error === null) return data.length === 0 ? { state: "schema_missing", version: null } : found;
  return { state: NO_SUCH_TABLE.includes(error.code) ? "schema_missing" : "unreachable", version: null };
}

/** Services outside that workers leave alone at this moment. */
export function listOpenBreakers(env: Env): Promise<Detailed["providers"]> {
  return rpc<Detailed["providers"]>(adminClient(env), "share_breakers", { p_changes: [] }, { schema: "engine" });
}

/** A client for operators, who come with a secret key and act as no user. */
export function operatorsClient(env: Env): DatabaseClient {
  return adminClient(env);
}
