import type { CacheOutcome } from "../cache/mod.ts";
import { adminClient, rpc } from "../db/mod.ts";
import type { Env } from "../env/mod.ts";
import { waitUntil } from "./wait_until.ts";

/** Where a reply came from; `matched` = 304 by the generation that the caller named, with nothing kept. */
export type CountedOutcome = CacheOutcome | "matched";

/** One request, as it is counted. */
export interface CountedRequest {
  /** Null = none was let in. */
  readonly organizationId: string | null;
  /** Of the API: `2026-11-21`. */
  readonly version: string;
  readonly operationId: string;
  /** Of the request. */
  readonly path: string;
  readonly status: number;
  /** Where its reply came from; null = the route keeps none. */
  readonly cacheOutcome: CountedOutcome | null;
}

/** Counts requests, and adds them to the database every few seconds. */
export interface UsageCounter {
  count(request: CountedRequest): void;
}

interface Row {
  readonly day: string;
  readonly organization_id: string | null;
  readonly version: string;
  readonly operation: string;
  readonly door: string;
  requests: number;
  errors: number;
}

interface CacheRow {
  readonly day: string;
  readonly operation: string;
  hits: number;
  stale: number;
  joined: number;
  matched: number;
  misses: number;
  not_modified: number;
}

/** The column that counts an outcome. */
const OUTCOME_COLUMNS = {
  hit: "hits",
  stale: "stale",
  joined: "joined",
  matched: "matched",
  miss: "misses",
} as const;

/** Options of {@link createUsageCounter}. */
export interface UsageOptions {
  /** How long counts are gathered. An isolate that is killed in between has not counted them. */
  readonly flushMilliseconds: number;
  /** Another fetch for the database, for tests. */
  readonly fetch?: typeof fetch | undefined;
}

/**
 * Makes a counter. Counting costs a map entry; the database hears of it in one call per isolate and interval, after the
 * answers were sent. As the service: what is counted is everybody's.
 */
export function createUsageCounter(env: Env, { flushMilliseconds, fetch }: UsageOptions): UsageCounter {
  let rows = new Map<string, Row>();
  let cacheRows = new Map<string, CacheRow>();
  const flush = async (): Promise<void> => {
    await new Promise((resolve) => setTimeout(resolve, flushMilliseconds));
    const counted = [...rows.values()];
    const cached = [...cacheRows.values()];
    rows = new Map();
    cacheRows = new Map();
    const client = fetch === undefined ? adminClient(env) : adminClient(env, { fetch });
    const args = { p_rows: counted, ...(cached.length === 0 ? {} : { p_cache: cached }) };
    await rpc(client, "add_api_usage", args, { schema: "engine" });
  };
  return {
    count({ organizationId, version, operationId, path, status, cacheOutcome }) {
      const day = new Date().toISOString().slice(0, 10);
      const door = doorOf(path);
      const key = JSON.stringify([day, organizationId, version, operationId, door]);
      const row = rows.get(key) ??
        { day, organization_id: organizationId, version, operation: operationId, door, requests: 0, errors: 0 };
      row.requests++;
      if (status >= 400) row.errors++;
      if (rows.size === 0) waitUntil(flush());
      rows.set(key, row);
      if (cacheOutcome !== null) countOutcome(cacheRows, { day, operationId, status, cacheOutcome });
    },
  };
}

interface Outcome extends Pick<CountedRequest, "operationId" | "status"> {
  readonly day: string;
  readonly cacheOutcome: CountedOutcome;
}

function countOutcome(rows: Map<string, CacheRow>, { day, operationId, status, cacheOutcome }: Outcome): void {
  const key = `${day} ${operationId}`;
  const row = rows.get(key) ??
    { day, operation: operationId, hits: 0, stale: 0, joined: 0, matched: 0, misses: 0, not_modified: 0 };
  row[OUTCOME_COLUMNS[cacheOutcome]]++;
  if (status === 304) row.not_modified++;
  rows.set(key, row);
}

/** `flows` of `/flows/…`, `api/v1/workflows` of `/api/v1/workflows/…`. */
function doorOf(path: string): string {
  const parts = path.split("/").slice(1);
  return parts.slice(0, parts[0] === "api" ? 3 : 1).join("/").slice(0, 100);
}
