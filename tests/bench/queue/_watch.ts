import type postgres from "postgres";

/** What was used while something ran. */
export interface Usage {
  /** Processors, on average. */
  postgres: number;
  workers: number;
  machine: number;
  /** What sessions that were at work were doing or waiting for, and how often that was seen. */
  waits: Map<string, number>;
}

/** Ticks of `/proc` in a second. */
const TICKS = 100;

/** Milliseconds between two looks at the sessions. */
const EVERY_MS = 15;

/**
 * Watches the sessions of a database and the processes of workers until it is stopped. Processor times come from
 * `/proc`: NaN elsewhere than on Linux.
 */
export function watch(sql: postgres.Sql, workerPids: readonly number[]): { stop(): Promise<Usage> } {
  const waits = new Map<string, number>();
  const started = performance.now();
  let isOver = false;
  const sessions = new Map<number, { first: number; last: number }>();
  const workers = cpuOf(workerPids);
  const machine = cpuOfMachine();
  const watching = (async () => {
    while (!isOver) {
      const rows = await sql<{ pid: number; doing: string | null }[]>`
        select pid, case when state = 'active' then coalesce(wait_event_type || ':' || wait_event, 'running') end as doing
        from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`;
      for (const { pid, doing } of rows) {
        const ticks = cpuOf([pid]);
        const session = sessions.get(pid);
        if (session) session.last = Math.max(session.last, ticks);
        else sessions.set(pid, { first: ticks, last: ticks });
        if (doing !== null) waits.set(doing, (waits.get(doing) ?? 0) + 1);
      }
      await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
    }
  })();
  return {
    async stop() {
      const seconds = (performance.now() - started) / 1000;
      const usedByWorkers = cpuOf(workerPids) - workers;
      const usedByMachine = cpuOfMachine() - machine;
      for (const [pid, session] of sessions) session.last = Math.max(session.last, cpuOf([pid]));
      isOver = true;
      await watching;
      const ofSessions = [...sessions.values()].reduce((sum, { first, last }) => sum + last - first, 0);
      return {
        postgres: ofSessions / TICKS / seconds,
        workers: usedByWorkers / TICKS / seconds,
        machine: usedByMachine / TICKS / seconds,
        waits,
      };
    },
  };
}

/** Ticks that processes have used; one that has ended counts nothing. */
function cpuOf(pids: readonly number[]): number {
  let ticks = 0;
  for (const pid of pids) {
    try {
      const fields = Deno.readTextFileSync(`/proc/${pid}/stat`).split(") ")[1]!.split(" ");
      ticks += Number(fields[11]) + Number(fields[12]);
    } catch {
      // It has ended.
    }
  }
  return ticks;
}

/** Ticks that all processors together were not idle. */
function cpuOfMachine(): number {
  try {
    const fields = Deno.readTextFileSync("/proc/stat").split("\n")[0]!.trim().split(/\s+/).slice(1).map(Number);
    return fields.reduce((sum, ticks, index) => index === 3 || index === 4 ? sum : sum + ticks, 0);
  } catch {
    return Number.NaN;
  }
}
