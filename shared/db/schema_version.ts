/**
 * Which schema the functions need and which one the database has.
 *
 * @module
 */
import type { DatabaseClient } from "./client.ts";

/** The migration that these functions were made for. Written by `deno task db:diff`, like sql/00_foundation/055. */
export const REQUIRED_SCHEMA = "20261122044154";

/** The last schema that did not yet say which one it is. */
const BEFORE_IT_WAS_TOLD = "20261121090449";

/** What the database says of its schema (`engine.schema_version`). */
export interface SchemaVersion {
  /** The newest migration it holds. */
  readonly version: string;
  /** The oldest migration whose functions still work on it. */
  readonly serves_from: string;
}

/**
 * How functions and schema fit. `too_old`: the schema lacks migrations; `too_new`: it no longer serves these functions;
 * `missing`: the Data API shows no schema `engine`; `unknown`: the database gave no answer.
 */
export type SchemaState = "ok" | "too_old" | "too_new" | "missing" | "unknown";

/** What was found out about the schema. */
export interface SchemaFinding {
  readonly state: SchemaState;
  /** Null = it could not be asked. */
  readonly version: SchemaVersion | null;
}

/** No such function: by PostgREST's cache, and by Postgres itself. No such table is what the probe of tables gives. */
const NO_SUCH_FUNCTION = ["PGRST202", "42883"];
/** The schema is not among the exposed ones. */
const NOT_EXPOSED = ["PGRST106"];

/** Compares what the database has with what functions need. A newer schema is fine as long as it serves them. */
export function compareSchema(found: SchemaVersion, needed: string = REQUIRED_SCHEMA): "ok" | "too_old" | "too_new" {
  if (found.version < needed) return "too_old";
  return needed < found.serves_from ? "too_new" : "ok";
}

/**
 * Asks the database for its schema. Never throws.
 *
 * @param client As the service, who alone may ask.
 * @param signal Ends the attempt.
 * @param needed Another version than these functions', for tests.
 */
export async function findSchema(
  client: DatabaseClient,
  signal: AbortSignal,
  needed: string = REQUIRED_SCHEMA,
): Promise<SchemaFinding> {
  try {
    const { data, error } = await client.schema("engine").rpc("schema_version").abortSignal(signal);
    if (error === null) {
      const version = data as unknown as SchemaVersion;
      return typeof version?.version === "string" ? { state: compareSchema(version, needed), version } : UNKNOWN;
    }
    if (NOT_EXPOSED.includes(error.code)) return { state: "missing", version: null };
    if (!NO_SUCH_FUNCTION.includes(error.code)) return UNKNOWN;
    return { state: BEFORE_IT_WAS_TOLD < needed ? "too_old" : "ok", version: null };
  } catch {
    return UNKNOWN;
  }
}

const UNKNOWN: SchemaFinding = { state: "unknown", version: null };
