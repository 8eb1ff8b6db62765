import type { DatabaseClient } from "../../shared/db/mod.ts";
import type { Env } from "../../shared/env/mod.ts";
import { AppError, RETRY_AFTER_SECONDS } from "../../shared/errors/mod.ts";
import { type DatabaseFinding, probeDatabase } from "./queries.ts";
import type { Ready } from "./schemas.ts";

/** The database must answer within this time (milliseconds). */
const TIMEOUT_MS = 2_000;

/** A finding counts for this long (milliseconds): anybody may ask, and nobody shall burden the database by asking. */
const RECENT_MS = 1_000;

const SENTENCES: Readonly<Record<Exclude<DatabaseFinding, "ok">, string>> = {
  unreachable: "The database does not answer",
  schema_missing: "The database has not been migrated",
};

interface Check {
  readonly finding: DatabaseFinding;
  readonly durationMs: number;
}

const checks = new WeakMap<Env, { readonly startedAt: number; readonly check: Promise<Check> }>();

/**
 * Checks what the service needs: the database, with our schema in it. One check at a time, and at most one a second.
 *
 * @throws {AppError} `service_unavailable` with what is missing.
 */
export async function checkReady(env: Env, db: DatabaseClient): Promise<Ready> {
  const { finding, durationMs } = await latestCheck(env, db);
  if (finding === "ok") return { status: "ok", checks: { database: { status: "ok", duration_ms: durationMs } } };
  throw new AppError("service_unavailable", {
    detail: SENTENCES[finding],
    problems: [{ path: "database", code: finding, message: SENTENCES[finding] }],
    headers: { "Retry-After": String(RETRY_AFTER_SECONDS) },
  });
}

async function latestCheck(env: Env, db: DatabaseClient): Promise<Check> {
  const startedAt = performance.now();
  let latest = checks.get(env);
  if (latest === undefined || startedAt - latest.startedAt > RECENT_MS) {
    latest = { startedAt, check: check(db, startedAt) };
    checks.set(env, latest);
  }
  return await latest.check;
}

async function check(db: DatabaseClient, startedAt: number): Promise<Check> {
  const finding = await probeDatabase(db, AbortSignal.timeout(TIMEOUT_MS));
  return { finding, durationMs: Math.round((performance.now() - startedAt) * 10) / 10 };
}
