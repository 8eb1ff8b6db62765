import type { DatabaseClient } from "../../shared/db/mod.ts";
import type { Env } from "../../shared/env/mod.ts";
import { AppError, RETRY_AFTER_SECONDS } from "../../shared/errors/mod.ts";
import { type PublicAccess, type RequestContext, schemaError } from "../../shared/http/mod.ts";
import { type DatabaseFinding, probeDatabase } from "./queries.ts";
import type { Ready } from "./schemas.ts";

/** The database must answer within this time (milliseconds). */
const TIMEOUT_MS = 2_000;

/** A finding counts for this long (milliseconds): anybody may ask, and nobody shall burden the database by asking. */
const RECENT_MS = 1_000;

const SENTENCES = {
  unreachable: "The database does not answer",
  schema_missing: "The database has not been migrated: apply the migrations (supabase db push)",
} as const;

interface Check {
  readonly finding: DatabaseFinding;
  readonly durationMs: number;
}

/** What was found when all is well. */
export interface Readiness {
  readonly checks: Ready["checks"];
  /** The newest migration of the database, for operators; null = it does not say. */
  readonly schemaVersion: string | null;
}

const latest = new WeakMap<Env, { readonly startedAt: number; readonly check: Promise<Check> }>();

/**
 * Checks what the service needs: the database, with a schema in it that fits. One check at a time, and at most one a
 * second.
 *
 * @param db As anybody.
 * @param service As the service, who alone may ask for the schema.
 * @throws {AppError} `service_unavailable` or `schema_mismatch`, with what is missing.
 */
export async function checkReady(env: Env, db: DatabaseClient, service: DatabaseClient): Promise<Readiness> {
  const { finding: { state, version }, durationMs } = await latestCheck(env, db, service);
  if (state === "ok" || state === "unknown") {
    const checks: Ready["checks"] = { database: { status: "ok", duration_ms: durationMs } };
    return { checks, schemaVersion: version?.version ?? null };
  }
  const mismatch = state === "unreachable" || state === "schema_missing" ? undefined : schemaError({ state, version });
  if (mismatch !== undefined) throw mismatch;
  const sentence = SENTENCES[state as keyof typeof SENTENCES];
  throw new AppError("service_unavailable", {
    detail: sentence,
    problems: [{ path: "database", code: state, message: sentence }],
    headers: { "Retry-After": String(RETRY_AFTER_SECONDS) },
  });
}

/** The answer of `/health` and `/health/ready`. */
export async function getReadiness(
  { env, db }: RequestContext<PublicAccess>,
  service: DatabaseClient,
): Promise<Ready> {
  const { checks } = await checkReady(env, db, service);
  return { status: "ok", checks };
}

async function latestCheck(env: Env, db: DatabaseClient, service: DatabaseClient): Promise<Check> {
  const startedAt = performance.now();
  let last = latest.get(env);
  if (last === undefined || startedAt - last.startedAt > RECENT_MS) {
    last = { startedAt, check: check(db, service, startedAt) };
    latest.set(env, last);
  }
  return await last.check;
}

async function check(db: DatabaseClient, service: DatabaseClient, startedAt: number): Promise<Check> {
  const finding = await probeDatabase(db, service, AbortSignal.timeout(TIMEOUT_MS));
  return { finding, durationMs: Math.round((performance.now() - startedAt) * 10) / 10 };
}
