import type { Env } from "../../shared/env/mod.ts";
import { createLog } from "../../shared/log/mod.ts";
import { drainQueue } from "./queries.ts";
import { refillSchedules } from "./refill_schedules.ts";

/** The drain that is under way in this isolate, by environment: tests have several. */
const draining = new WeakMap<Env, Promise<void>>();

/** Aborted when the platform announces the end of this isolate. */
const unload = new AbortController();
globalThis.addEventListener("beforeunload", () => unload.abort());

/**
 * Drains the queue, unless a worker of this isolate is at it.
 *
 * @returns The drain's end, for `waitUntil`; undefined when one was under way.
 */
export function drainOnce(env: Env): Promise<void> | undefined {
  if (draining.has(env)) return undefined;
  const drain = drainAndReport(env).finally(() => draining.delete(env));
  draining.set(env, drain);
  return drain;
}

async function drainAndReport(env: Env): Promise<void> {
  const startedAt = performance.now();
  const [report] = await Promise.all([drainQueue(env, unload.signal), refillSchedules(env)]);
  createLog("worker").info("worker.drained", { duration: performance.now() - startedAt, ...report });
}
