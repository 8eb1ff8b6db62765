import { adminClient, rpc } from "../../shared/db/mod.ts";
import { type DrainReport, getEngine } from "../../shared/engine/mod.ts";
import type { Env } from "../../shared/env/mod.ts";
import { createJobRunner } from "../../shared/jobs/mod.ts";
import { createLog } from "../../shared/log/mod.ts";

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
  const log = createLog("jobs");
  const { worker, close } = await getEngine(env).createWorker((services) => createJobRunner({ env, log, ...services }));
  const cpu = env.workerCpuMs === null ? {} : { cpuBudgetMs: env.workerCpuMs };
  try {
    return await worker.drain({ budgetMs: env.workerSeconds * 1_000, signal, ...cpu });
  } finally {
    await close();
  }
}

/** A schedule whose due times are to be worked out again. */
export interface ScheduleToRefill {
  readonly id: string;
  readonly version: number;
  readonly cron: string;
  readonly timezone: string;
  readonly starts_at: string | null;
  readonly ends_at: string | null;
  /** Due times up to here have been decided on. */
  readonly decided_until: string;
  /** The time, as Postgres sees it. */
  readonly now: string;
}

/** Schedules that run out of due times, a hundred at most. */
export function findSchedulesToRefill(env: Env): Promise<ScheduleToRefill[]> {
  return rpc<ScheduleToRefill[]>(adminClient(env), "list_schedules_to_refill", {}, { schema: "engine" });
}

/** New due times of a schedule in the version that was read. */
export interface UpcomingList {
  readonly id: string;
  readonly version: number;
  readonly upcoming: readonly string[];
}

/** Stores due times; gives how many lists were stored. */
export function storeUpcoming(env: Env, lists: readonly UpcomingList[]): Promise<number> {
  return rpc<number>(adminClient(env), "store_upcoming", { p_lists: lists }, { schema: "engine" });
}
