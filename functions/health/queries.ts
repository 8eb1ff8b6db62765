import type { DatabaseClient } from "../../shared/db/mod.ts";

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
