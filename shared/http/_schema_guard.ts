import { adminClient, findSchema, REQUIRED_SCHEMA, type SchemaFinding } from "../db/mod.ts";
import type { Env } from "../env/mod.ts";
import { AppError, RETRY_AFTER_SECONDS } from "../errors/mod.ts";
import { createLog } from "../log/mod.ts";
import { waitUntil } from "./wait_until.ts";

/** The database must answer within this time (milliseconds); what does not answer is left to the request itself. */
const TIMEOUT_MS = 2_000;
/** A schema that fits is looked at again after this time, beside the requests: a migration may be taken back. */
const RECHECK_MS = 60_000;
/** One that does not fit, or did not answer, is asked again after this time, so that work goes on once it is migrated. */
const RETRY_MS = 2_000;

/** Keeps requests out while functions and schema do not fit together. */
export interface SchemaGuard {
  /**
   * @returns Undefined when the schema is known to fit: there is nothing to wait for. Else a promise that settles when
   *   it is known, and rejects with `schema_mismatch` when it does not fit.
   */
  check(): Promise<void> | undefined;
}

/** Options of {@link createSchemaGuard}. */
export interface SchemaGuardOptions {
  /** The migration that is needed. */
  readonly needed?: string;
  /** Another fetch for the database, for tests. */
  readonly fetch?: typeof fetch | undefined;
  /** Milliseconds that only grow, for tests. */
  readonly now?: () => number;
}

/** What callers read, by what was found. */
const SENTENCES = {
  too_old: "The database lacks migrations that these functions need; operators apply them (supabase db push), " +
    "then everything goes on by itself: docs/deploy.md, Schema and functions",
  too_new: "The database's schema no longer serves functions of this version; operators deploy the newer functions: " +
    "docs/deploy.md, Schema and functions",
  missing: "The Data API does not show the schema engine; operators expose it: docs/deploy.md, Prepare the project",
} as const;

/** The error for a schema that does not fit; undefined when it does, or when nobody knows. */
export function schemaError({ state, version }: SchemaFinding, needed: string = REQUIRED_SCHEMA): AppError | undefined {
  if (state === "ok" || state === "unknown") return undefined;
  const has = version === null ? "none that it tells" : `${version.version}, serving from ${version.serves_from}`;
  return new AppError("schema_mismatch", {
    detail: SENTENCES[state],
    message: `Schema ${state}: functions need ${needed}, the database has ${has}`,
    problems: [{ path: "database.schema", code: `schema_${state}`, message: SENTENCES[state] }],
    headers: { "Retry-After": String(RETRY_AFTER_SECONDS) },
  });
}

/**
 * Makes the guard of an app. It asks the database once in the life of an isolate, beside the gate's call of the first
 * request, and from then on once a minute beside others: no request waits for it again.
 */
export function createSchemaGuard(
  env: Env,
  { needed = REQUIRED_SCHEMA, fetch, now = () => performance.now() }: SchemaGuardOptions = {},
): SchemaGuard {
  let found: SchemaFinding | null = null;
  let askedAt = -Infinity;
  let asking: Promise<SchemaFinding> | undefined;

  const ask = (): Promise<SchemaFinding> => {
    askedAt = now();
    return asking ??= findSchema(adminClient(env, fetch && { fetch }), AbortSignal.timeout(TIMEOUT_MS), needed)
      .then((finding) => {
        // A database that is away says nothing about its schema.
        if (finding.state !== "unknown" || found === null) found = finding;
        const error = schemaError(finding, needed);
        if (error !== undefined) createLog("schema").error("schema.mismatch", { detail: error.message });
        return found;
      })
      .finally(() => asking = undefined);
  };
  const require = async (finding: SchemaFinding | Promise<SchemaFinding>): Promise<void> => {
    const error = schemaError(await finding, needed);
    if (error !== undefined) throw error;
  };
  return {
    check() {
      const age = now() - askedAt;
      if (found?.state === "ok") {
        if (age > RECHECK_MS) waitUntil(ask());
        return undefined;
      }
      if (asking !== undefined || found === null || age > RETRY_MS) return require(ask());
      return found.state === "unknown" ? undefined : require(found);
    },
  };
}
