import { assert, assertEquals, assertRejects } from "../../tests/helpers/assert.ts";
import { withDatabase } from "../../tests/helpers/postgres.ts";
import { until } from "../../tests/helpers/until.ts";
import { startCronDispatcher } from "./cron_dispatcher.ts";
import { parseSchedule } from "./cron_schedule.ts";
import { postgresExecutor } from "./sql_executor.ts";

const NOON = Date.UTC(2026, 0, 30, 12, 0, 0);

Deno.test("parseSchedule() reads seconds and five fields in GMT", () => {
  const next = (schedule: string) => new Date(parseSchedule(schedule)(NOON)!).toISOString();
  assertEquals(next("10 seconds"), "2026-01-30T12:00:10.000Z");
  assertEquals(next("1 second"), "2026-01-30T12:00:01.000Z");
  assertEquals(next("*/15 * * * *"), "2026-01-30T12:15:00.000Z");
  assertEquals(next("17 3 * * *"), "2026-01-31T03:17:00.000Z");
  assertEquals(next("0 0 $ * *"), "2026-01-31T00:00:00.000Z");
  assertEquals(next("0 9 * * MON"), "2026-02-02T09:00:00.000Z");
  assertEquals(next("@hourly"), "2026-01-30T13:00:00.000Z");
});

Deno.test("cron.schedule() and its sisters behave as pg_cron's", () =>
  withDatabase(async ({ sql }) => {
    const [made] = await sql`select cron.schedule('tidy', '10 seconds', 'select 1') as id`;
    const [again] = await sql`select cron.schedule('tidy', '5 4 * * *', 'select 2') as id`;
    assertEquals(again!.id, made!.id);
    await sql`select cron.alter_job(job_id := ${made!.id}, active := false)`;
    const [job] = await sql`select schedule, command, active, jobname, username from cron.job`;
    assertEquals({ ...job }, {
      schedule: "5 4 * * *",
      command: "select 2",
      active: false,
      jobname: "tidy",
      username: "postgres",
    });
    for (const schedule of ["60 seconds", "0 seconds", "hourly", "* * * *", "* * * * * *"]) {
      await assertRejects(() => sql`select cron.schedule('x', ${schedule}, 'select 1')`, Error, "invalid schedule");
    }
    const [anonymous] = await sql`select cron.schedule('* * * * *', 'select 3') as id`;
    assert((await sql`select cron.unschedule(${anonymous!.id}::bigint) as gone`)[0]!.gone);
    assert((await sql`select cron.unschedule('tidy') as gone`)[0]!.gone);
    await assertRejects(() => sql`select cron.unschedule('tidy')`, Error, "could not find valid entry");
  }, { content: "empty" }));

Deno.test("the dispatcher runs due jobs, one instance of a job at a time, and records how they went", () =>
  withDatabase(async ({ sql }) => {
    // The test holds a lock that the job waits for: the job runs for as long as the test wants.
    const holder = await sql.reserve();
    await holder`select pg_advisory_lock(77)`;
    await sql`select cron.schedule('works', '1 second', 'select pg_advisory_xact_lock(77)')`;
    await sql`select cron.schedule('fails', '30 * * * *', 'select 1 / 0')`;
    await sql`select cron.schedule('never', '99 * * * *', 'select 1')`;
    const runs = () =>
      sql<{ status: string; message: string; ended: boolean }[]>`
        select status, return_message as message, end_time is not null as ended
        from cron.job_run_details order by runid`;

    let now = NOON;
    let looks = 0;
    const executor = postgresExecutor(sql);
    const dispatcher = startCronDispatcher({
      ...executor,
      query: (text, parameters) => {
        if (text.includes("from cron.job where")) looks++;
        return executor.query(text, parameters);
      },
    }, { now: () => now, intervalMs: 10 });
    const twoLooks = async () => {
      const before = looks;
      await until(() => looks >= before + 2);
    };
    try {
      await twoLooks();
      assertEquals((await runs()).length, 0);
      now += 1_000;
      await until(async () => (await runs()).length === 1);
      now += 1_000; // due again, but still running
      await twoLooks();
      assertEquals((await runs()).map((run) => run.status), ["running"]);
      await sql`select cron.unschedule('works')`;
      await holder`select pg_advisory_unlock(77)`;
      await until(async () => (await runs())[0]!.ended);
      now += 3_600_000;
      await until(async () => (await runs())[1]?.ended === true);
      await twoLooks();
    } finally {
      holder.release();
      await dispatcher.stop();
    }
    assertEquals((await runs()).map((run) => [run.status, run.message]), [
      ["succeeded", ""],
      ["failed", "ERROR: division by zero"],
    ]);
  }, { content: "empty" }));

Deno.test("the dispatcher starts system tasks: one asked for by hand, one that is due, both in their own time-out", () =>
  withDatabase(async ({ sql }) => {
    await sql`select engine.configure('http://127.0.0.1:1')`;
    await sql`select engine.request_task('idempotency-keys')`;
    let now = NOON + 1_000;
    const dispatcher = startCronDispatcher(postgresExecutor(sql), { now: () => now, intervalMs: 10 });
    const completed = async (name: string) =>
      (await sql`select trigger from private.system_task_runs where name = ${name} and status = 'completed'`)[0]
        ?.trigger;
    try {
      await until(async () => {
        now = Math.min(now + 1_000, NOON + 120_000);
        return await completed("idempotency-keys") !== undefined;
      });
      assertEquals(await completed("usage-hourly"), undefined);
      now = NOON + 3_600_000 + 7 * 60_000;
      await until(async () => await completed("usage-hourly") !== undefined);
    } finally {
      await dispatcher.stop();
    }
    assertEquals([await completed("idempotency-keys"), await completed("usage-hourly")], ["manual", "cron"]);
    // The time-out was the transaction's: no connection of the pool keeps it.
    const timeouts = await Promise.all(Array.from({ length: 10 }, () => sql`show statement_timeout`));
    assertEquals(new Set(timeouts.map(([row]) => row?.statement_timeout)), new Set(["0"]));
    const failed = await sql`select command, return_message from cron.job_run_details where status = 'failed'`;
    assertEquals(failed.map((run) => ({ ...run })), []);
  }));
