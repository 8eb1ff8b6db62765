import { adminClient, type DatabaseClient, rpc } from "../../shared/db/mod.ts";
import type { Env } from "../../shared/env/mod.ts";
import type { Detailed } from "./schemas.ts";

/** What was found out about the database. */
export type DatabaseFinding = "ok" | "unreachable" | "schema_missing";

/** The table is not there: by PostgREST's cache, and by Postgres itself. */
const NO_SUCH_TABLE = ["PGRST205", "42P01"];

/**
 * Reads what everybody may read and every migrated database has: the plans.
 *
 * @param signal Ends the attempt.
 */
export async function probeDatabase(db: DatabaseClient, signal: AbortSignal): Promise<DatabaseFinding> {
  const { data, error } = await db.from("plans").select("id").limit(1).abortSignal(signal);
  if (error === null) return data.length > 0 ? "ok" : "schema_missing";
  return NO_SUCH_TABLE.includes(error.code) ? "schema_missing" : "unreachable";
}

/** Services outside that workers leave alone at this moment. */
export function listOpenBreakers(env: Env): Promise<Detailed["providers"]> {
  return rpc<Detailed["providers"]>(adminClient(env), "share_breakers", { p_changes: [] }, { schema: "engine" });
}

/** A client for operators, who come with a secret key and act as no user. */
export function operatorsClient(env: Env): DatabaseClient {
  return adminClient(env);
}
