/**
 * The clock and the system tasks with the real pg_cron, which `.ci/run` installs from Debian's packages. All of `sql/`
 * is loaded into that Postgres, however old it is: 15 on Debian 12.
 */
import type postgres from "postgres";
import { assert, assertEquals } from "../helpers/assert.ts";
import { findPgCron, type PgCronMode, withPgCron } from "./_pg_cron.ts";

/** Milliseconds within which a job of every minute must have run, on a machine with much to do. */
const PATIENCE_MS = 240_000;

/**
 * Milliseconds between two calls of the watch. A second cancellation that reached a task while it notes the first one
 * would undo the note.
 */
const WATCH_MS = 10_000;

const installed = await findPgCron();
if (installed === null) {
  console.warn(
    "\nSKIPPED: pg_cron is not installed, so nothing here is tried with the real one. `.ci/run` installs it " +
      "where it may; by hand: apt-get install postgresql-15 postgresql-15-cron\n",
  );
}

Deno.test({
  name:
    "the real pg_cron turns the clock and runs system tasks, over connections and in workers; both histories say so",
  ignore: installed === null,
  // At the same time: what takes long is the wait for the next minute.
  fn: async () => {
    const modes: PgCronMode[] = ["connections", "workers"];
    await Promise.all(modes.map((mode) => withPgCron(installed!, mode, (sql) => tryPgCron(sql, mode))));
  },
});

async function tryPgCron(sql: postgres.Sql, mode: PgCronMode): Promise<void> {
  await sql.unsafe(`
    create function private.try_minutely() returns jsonb language sql as $$ select '{"seen": 1}'::jsonb $$;
    create function private.try_slow() returns jsonb language plpgsql as $$ begin perform pg_sleep(300); return null; end $$;
    insert into private.system_tasks (name, description, kind, handler, cron, timeout_seconds, depends_on, is_enabled) values
      ('minutely', 'A test', 'sql', 'try_minutely', '* * * * *', 60, '{}', true),
      ('slow', 'A test', 'sql', 'try_slow', '* * * * *', 5, '{}', true),
      ('by-hand', 'A test', 'sql', 'try_minutely', '0 0 1 1 *', 60, '{}', true),
      ('off', 'A test', 'sql', 'try_minutely', '* * * * *', 60, '{}', false);
    -- What a tick has to do.
    insert into private.workers (id, kind, expires_at) values (gen_random_uuid(), 'worker', now() - interval '1 hour')`);
  const [row] = await sql`select engine.configure('http://127.0.0.1:1') as reply`;
  assert(row?.reply.cron_jobs.includes("millrace-minutely") && !row.reply.cron_jobs.includes("millrace-off"));
  await checkJobs(sql);
  await sql`select engine.request_task('by-hand')`;

  const ran = ["millrace-minutely", "millrace-slow", "millrace-task-starts", "millrace-task-watch", "millrace-tick"];
  let watchedAt = 0;
  await until(async () => {
    // In a background worker, statement_timeout is not kept: the watch cancels the slow one. It need not wait for its turn.
    if (mode === "workers" && performance.now() - watchedAt > WATCH_MS) {
      await sql`select engine.watch_tasks()`;
      watchedAt = performance.now();
    }
    const [found] = await sql`
      select (
        select count(distinct j.jobname)::int from cron.job_run_details d join cron.job j using (jobid)
        where j.jobname = any (${ran}) and d.status = 'succeeded'
      ) = ${ran.length} and (
        select count(distinct name)::int from private.system_task_runs
        where name in ('minutely', 'slow', 'by-hand') and finished_at is not null
      ) = 3 as done`;
    return found?.done;
  }, () => sqlState(sql));
  const failed = await sql`
    select j.jobname, d.return_message from cron.job_run_details d join cron.job j using (jobid) where d.status = 'failed'`;
  assertEquals(failed.map((run) => ({ ...run })), []);
  const seen = { status: "completed", code: null, result: { seen: 1 } };
  assertEquals(await history(sql, "minutely"), { ...seen, trigger: "cron" });
  assertEquals(await history(sql, "by-hand"), { ...seen, trigger: "manual" });
  const late = { status: "failed", trigger: "cron", code: "task_timeout", result: null };
  assertEquals(await history(sql, "slow"), late);
  assertEquals((await sql`select from private.system_task_runs where name = 'off'`).length, 0);
  assertEquals((await sql`select from private.workers`).length, 0);

  // What is switched off goes from pg_cron's table.
  await sql`select engine.update_task('minutely', '{"is_enabled": false}')`;
  assertEquals((await sql`select from cron.job where jobname = 'millrace-minutely'`).length, 0);
}

/** The clock ticks every ten seconds where pg_cron can (1.5), every minute where it is older. */
async function checkJobs(sql: postgres.Sql): Promise<void> {
  const [extension] =
    await sql`select string_to_array(replace(extversion, '-', '.'), '.')::int[] >= array[1, 5] as seconds
    from pg_extension where extname = 'pg_cron'`;
  const [tick] = await sql`select schedule from cron.job where jobname = 'millrace-tick'`;
  assertEquals(tick?.schedule, extension?.seconds ? "10 seconds" : "* * * * *");
}

async function history(sql: postgres.Sql, name: string) {
  const [run] = await sql`
    select status, trigger, error ->> 'code' as code, result from private.system_task_runs where name = ${name}
    order by id limit 1`;
  return { ...run };
}

/** What pg_cron and the tasks have done so far, for whoever reads that it was not enough. */
async function sqlState(sql: postgres.Sql): Promise<string> {
  const jobs = await sql`
    select j.jobname, d.status, d.return_message, count(*)::int as runs
    from cron.job j left join cron.job_run_details d using (jobid) group by 1, 2, 3 order by 1`;
  const runs = await sql`select name, status, trigger, error from private.system_task_runs order by id`;
  return [...jobs, ...runs].map((row) => JSON.stringify(row)).join("\n");
}

async function until(holds: () => Promise<boolean>, state: () => Promise<string>): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  while (!await holds()) {
    if (performance.now() > end) throw new Error(`pg_cron did not run every job in time:\n${await state()}`);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}
