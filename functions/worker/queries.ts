import { type DrainReport, getEngine } from "../../shared/engine/mod.ts";
import type { Env } from "../../shared/env/mod.ts";

/** Milliseconds after which a worker claims nothing more: the platform ends an isolate after 150 s. */
const BUDGET_MS = 100_000;

/** True once for a ticket with which Postgres called this function. */
export function redeemWake(env: Env, ticket: string): Promise<boolean> {
  return getEngine(env).client.redeemWake(ticket);
}

/** Turns the clock by hand. */
export function turnClock(env: Env): Promise<Record<string, unknown>> {
  return getEngine(env).client.tick();
}

/**
 * Drains the queue with a worker of its own; at the end its lease is given back, and if work is left, Postgres wakes a
 * successor.
 *
 * @param signal Ends it early: unfinished jobs are given back.
 */
export async function drainQueue(env: Env, signal: AbortSignal): Promise<DrainReport> {
  const { worker, close } = await getEngine(env).createWorker();
  try {
    return await worker.drain({ budgetMs: BUDGET_MS, signal });
  } finally {
    await close();
  }
}
