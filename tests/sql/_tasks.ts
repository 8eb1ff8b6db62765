/**
 * System tasks of the tests' own, and what is asked of their history.
 *
 * @module
 */
import { claimedJobs } from "./_jobs.ts";
import type { Json } from "../../shared/graph/mod.ts";
import type { TestDatabase } from "../helpers/postgres.ts";
import { type CallOptions, service } from "./_world.ts";

/** A row of the history. */
export interface TaskRun {
  id: string;
  name: string;
  status: string;
  trigger: string;
  reason: string | null;
  attempt: number;
  job_id: string | null;
  result: Json;
  error: { code: string; message: string } | null;
  started_at: string | null;
  finished_at: string | null;
}

/** A task as operators see it. */
export interface Task {
  name: string;
  cron: string;
  default_cron: string;
  kind: string;
  handler: string;
  depends_on: string[];
  is_enabled: boolean;
  is_scheduled: boolean;
  state: string;
  reason: string | null;
  failures: number;
  last_run: TaskRun | null;
  last_completed_at: string | null;
  alert: { failures: number; error: { code: string } } | null;
}

/** How a task of the tests is made. */
export interface TaskOptions {
  /** Body of its function, which answers jsonb; absent = a job of type `test.<name>`. */
  sql?: string;
  dependsOn?: string[];
  timeoutSeconds?: number;
  alertAfter?: number;
  enabled?: boolean;
}

let count = 0;

/** Makes a task; gives its name. */
export async function makeTask(db: TestDatabase, options: TaskOptions = {}): Promise<string> {
  const name = `test-${++count}`;
  const handler = options.sql === undefined ? `test.job_${count}` : `test_task_${count}`;
  if (options.sql !== undefined) await setHandler(db, name, options.sql);
  await db.sql`
    insert into private.system_tasks (name, description, kind, handler, cron, depends_on, timeout_seconds, alert_after, is_enabled)
    values (${name}, 'A test', ${options.sql === undefined ? "job" : "sql"}, ${handler}, '0 0 1 1 *',
      ${options.dependsOn ?? []}, ${options.timeoutSeconds ?? 60}, ${options.alertAfter ?? 1}, ${
    options.enabled ?? true
  })`;
  return name;
}

/** Gives a task another function body. */
export async function setHandler(db: TestDatabase, name: string, body: string): Promise<void> {
  await db.sql.unsafe(`
    create or replace function private.test_task_${name.slice(5)}() returns jsonb language plpgsql as $$
    begin ${body} end; $$`);
}

/** What a test's function may do. */
export const DO = {
  nothing: "return '{\"done\": 1}';",
  fail: "raise exception 'It is broken';",
  refuse: "perform private.fail('conflict', 'Not now', 409); return null;",
  /** Fails when another session does the same at this moment. */
  alone:
    "if not pg_try_advisory_xact_lock(4711) then raise exception 'Two at once'; end if; perform pg_sleep(0.02); return '7';",
} as const;

/** Calls `engine.run_task`. */
export function runTask(
  db: TestDatabase,
  name: string,
  trigger: "cron" | "manual" | "dependency" = "cron",
  options: CallOptions = {},
): Promise<TaskRun> {
  return service<TaskRun>(db, "run_task", { p_name: name, p_trigger: trigger }, options);
}

/** The history of a task, oldest first, as `trigger:status:reason`. */
export async function history(db: TestDatabase, name: string): Promise<string[]> {
  const rows = await db.sql<{ text: string }[]>`
    select concat_ws(':', trigger, status, coalesce(reason, error ->> 'code')) as text
    from private.system_task_runs where name = ${name} order by id`;
  return rows.map((row) => row.text);
}

/** A task as operators see it. */
export async function readTask(db: TestDatabase, name: string): Promise<Task> {
  const tasks = await service<Task[]>(db, "list_tasks");
  const task = tasks.find((task) => task.name === name);
  if (task === undefined) throw new Error(`There is no task ${name}`);
  return task;
}

/** Starts what waits, until nothing may start; gives the names in the order in which they ran. */
export async function startWaiting(db: TestDatabase): Promise<string[]> {
  const names: string[] = [];
  for (;;) {
    const run = await service<TaskRun | null>(db, "start_waiting_task");
    if (run === null) return names;
    names.push(run.name);
  }
}

/** Ends a job as a worker would that claimed it. */
export async function endJob(
  db: TestDatabase,
  jobId: string | null,
  outcome: "completed" | "failed" | "cancelled",
  result: Json = null,
): Promise<void> {
  const worker = crypto.randomUUID();
  const lease = await claimJob(db, jobId, worker);
  await service(db, "finish_jobs", {
    p_worker_id: worker,
    p_results: [{
      lease,
      job: jobId,
      outcome,
      result,
      ...outcome === "failed" && { error: { code: "provider_error", message: "No answer" } },
    }],
  });
}

/** Takes a job out of the queue as a claim does; gives the lease. */
export async function claimJob(db: TestDatabase, jobId: string | null, worker: string): Promise<string> {
  const claimed = claimedJobs(
    await service(db, "claim_jobs", { p_worker_id: worker, p_limit: 100, p_kind: "worker", p_listens: false }),
  );
  const mine = claimed.find((job) => job.job === jobId);
  if (mine === undefined) throw new Error(`The claim did not give job ${jobId}: ${JSON.stringify(claimed)}`);
  return mine.lease;
}
