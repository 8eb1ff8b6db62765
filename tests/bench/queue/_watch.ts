import type postgres from "postgres";
import { cpuOf, cpuOfMachine, cpuOfPostgres } from "../_cpu.ts";

/** What was used while something ran. */
export interface Usage {
  /** Processors, on average. */
  postgres: number;
  workers: number;
  machine: number;
  /** What sessions that were at work were doing or waiting for, and how often that was seen. */
  waits: Map<string, number>;
}

/** Milliseconds between two looks at the sessions. */
const EVERY_MS = 15;

/**
 * Watches the sessions of a database and the processes of workers until it is stopped. Processor times come from
 * `/proc`: NaN elsewhere than on Linux.
 */
export function watch(
  sql: postgres.Sql,
  postmaster: number,
  workerPids: readonly number[],
): { stop(): Promise<Usage> } {
  const waits = new Map<string, number>();
  const started = performance.now();
  let isOver = false;
  const server = cpuOfPostgres(postmaster);
  const workers = cpuOf(workerPids);
  const machine = cpuOfMachine();
  const watching = (async () => {
    while (!isOver) {
      const rows = await sql<{ doing: string }[]>`
        select coalesce(wait_event_type || ':' || wait_event, 'running') as doing
        from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid() and state = 'active'`;
      for (const { doing } of rows) waits.set(doing, (waits.get(doing) ?? 0) + 1);
      await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
    }
  })();
  return {
    async stop() {
      const seconds = (performance.now() - started) / 1000;
      const used = {
        postgres: (cpuOfPostgres(postmaster) - server) / seconds,
        workers: (cpuOf(workerPids) - workers) / seconds,
        machine: (cpuOfMachine() - machine) / seconds,
      };
      isOver = true;
      await watching;
      return { ...used, waits };
    },
  };
}
