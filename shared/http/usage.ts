import { adminClient, rpc } from "../db/mod.ts";
import type { Env } from "../env/mod.ts";
import { waitUntil } from "./wait_until.ts";

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
  const flush = async (): Promise<void> => {
    await new Promise((resolve) => setTimeout(resolve, flushMilliseconds));
    const counted = [...rows.values()];
    rows = new Map();
    const client = fetch === undefined ? adminClient(env) : adminClient(env, { fetch });
    await rpc(client, "add_api_usage", { p_rows: counted }, { schema: "engine" });
  };
  return {
    count({ organizationId, version, operationId, path, status }) {
      const day = new Date().toISOString().slice(0, 10);
      const door = doorOf(path);
      const key = JSON.stringify([day, organizationId, version, operationId, door]);
      const row = rows.get(key) ??
        { day, organization_id: organizationId, version, operation: operationId, door, requests: 0, errors: 0 };
      row.requests++;
      if (status >= 400) row.errors++;
      if (rows.size === 0) waitUntil(flush());
      rows.set(key, row);
    },
  };
}

/** `flows` of `/flows/…`, `api/v1/workflows` of `/api/v1/workflows/…`. */
function doorOf(path: string): string {
  const parts = path.split("/").slice(1);
  return parts.slice(0, parts[0] === "api" ? 3 : 1).join("/").slice(0, 100);
}
