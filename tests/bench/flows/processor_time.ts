import type { System } from "./system.ts";

/** Clock ticks a second in /proc on Linux. */
const TICKS = 100;

/**
 * Seconds of processor time that the server and the Postgres sessions of a system have taken so far: the same on a busy
 * machine as on an idle one. NaN where there is no /proc.
 */
export async function processorTime(system: System): Promise<{ server: number; postgres: number }> {
  const rows = await system.db.sql<{ pid: number }[]>`
    select pid from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`;
  return { server: await timeOf(system.pids()), postgres: await timeOf(rows.map(({ pid }) => pid)) };
}

async function timeOf(pids: readonly number[]): Promise<number> {
  let ticks = 0;
  for (const pid of pids) {
    const text = await Deno.readTextFile(`/proc/${pid}/stat`).catch(() => undefined);
    if (text === undefined) return NaN;
    // Behind the name, which may hold anything: the 12th and 13th field are the time in user and in system mode.
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    ticks += Number(fields[11]) + Number(fields[12]);
  }
  return ticks / TICKS;
}
