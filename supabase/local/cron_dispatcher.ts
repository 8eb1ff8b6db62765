/**
 * Runs the jobs of the pg_cron stand-in.
 *
 * @module
 */
import { type NextRun, parseSchedule } from "./cron_schedule.ts";
import type { SqlExecutor } from "./sql_executor.ts";

/** A row of `cron.job`. */
interface Job extends Record<string, unknown> {
  jobid: string;
  schedule: string;
  command: string;
  username: string;
}

/** A job as the dispatcher remembers it. */
interface Entry {
  schedule: string;
  next: NextRun | null;
  dueAt: number | null;
  running: boolean;
}

/** Options of {@linkcode startCronDispatcher}. */
export interface CronDispatcherOptions {
  /** Milliseconds since the epoch. Default: the real clock. */
  now?: () => number;
  /** Milliseconds between two looks at the jobs. Default 500. */
  intervalMs?: number;
}

/** Runs due jobs until it is stopped: one instance of a job at a time, as pg_cron does. */
export function startCronDispatcher(
  executor: SqlExecutor,
  { now = Date.now, intervalMs = 500 }: CronDispatcherOptions = {},
): { stop(): Promise<void> } {
  const entries = new Map<string, Entry>();
  const running = new Set<Promise<void>>();
  let stopped = false;

  const look = async (): Promise<void> => {
    const jobs = await executor.query<Job>(
      "select jobid::text, schedule, command, username from cron.job where active and database = current_database()",
    );
    const known = new Set(jobs.map((job) => job.jobid));
    for (const id of entries.keys()) if (!known.has(id)) entries.delete(id);
    for (const job of jobs) {
      const entry = remember(entries, job, now());
      if (entry.running || entry.dueAt === null || entry.dueAt > now()) continue;
      entry.running = true;
      entry.dueAt = entry.next?.(now()) ?? null;
      const run: Promise<void> = runJob(executor, job).catch(() => {}).finally(() => {
        entry.running = false;
        running.delete(run);
      });
      running.add(run);
    }
  };

  const loop = (async () => {
    while (!stopped) {
      // The database may be away for a while: look again later.
      await look().catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, intervalMs));
    }
  })();
  return {
    async stop() {
      stopped = true;
      await loop;
      await Promise.all(running);
    },
  };
}

function remember(entries: Map<string, Entry>, job: Job, now: number): Entry {
  const known = entries.get(job.jobid);
  if (known?.schedule === job.schedule) return known;
  let next: NextRun | null = null;
  try {
    next = parseSchedule(job.schedule);
  } catch {
    // It passed the check of cron.schedule but is no time, such as '99 * * * *': it never runs.
  }
  const entry = { schedule: job.schedule, next, dueAt: next?.(now) ?? null, running: known?.running ?? false };
  entries.set(job.jobid, entry);
  return entry;
}

/** Runs a job's command in a transaction of its own, as the job's user, and records how it went. */
async function runJob(executor: SqlExecutor, job: Job): Promise<void> {
  const [row] = await executor.query<{ runid: string }>(
    `insert into cron.job_run_details (jobid, job_pid, database, username, command, status, start_time)
     values ($1::text::bigint, pg_backend_pid(), current_database(), $2, $3, 'running', clock_timestamp())
     returning runid::text`,
    [job.jobid, job.username, job.command],
  );
  let status = "succeeded";
  let message = "";
  try {
    await executor.transaction(async (transaction) => {
      await transaction.query("select set_config('role', $1, true)", [job.username]);
      await transaction.exec(job.command);
    });
  } catch (error) {
    status = "failed";
    message = `ERROR: ${error instanceof Error ? error.message : error}`;
  }
  await executor.query(
    `update cron.job_run_details set status = $2, return_message = $3, end_time = clock_timestamp()
     where runid = $1::text::bigint`,
    [row!.runid, status, message],
  );
}
