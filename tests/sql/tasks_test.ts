/**
 * System tasks: when they run, when they do not, and what is told of it.
 */
import { assert, assertEquals, assertMatch, assertRejects } from "../helpers/assert.ts";
import type { TestDatabase } from "../helpers/postgres.ts";
import { interleave } from "./_interleave.ts";
import { scenarios } from "./_scenarios.ts";
import {
  DO,
  history,
  makeTask,
  readTask,
  runTask,
  setHandler,
  startWaiting,
  type Task,
  type TaskRun,
} from "./_tasks.ts";
import { assertFails, parallel, service } from "./_world.ts";

interface Watched {
  stopped: number;
  closed: number;
  raised: number;
  resolved: number;
}

const watch = (db: TestDatabase) => service<Watched>(db, "watch_tasks");

async function alerts(db: TestDatabase, name: string) {
  const rows = await db.sql`
    select failures, error ->> 'code' as code, resolved_at is not null as resolved
    from private.system_alerts where task = ${name} order by id`;
  return rows.map((row) => ({ ...row }));
}

scenarios("system tasks", {
  "engine.run_task()": {
    "runs the function and keeps what it answered, and when": async (db) => {
      const name = await makeTask(db, { sql: DO.nothing });
      const run = await runTask(db, name);
      assertEquals([run.status, run.trigger, run.attempt, run.result], ["completed", "cron", 1, { done: 1 }]);
      assert(run.started_at !== null && run.finished_at !== null && run.started_at <= run.finished_at);
      const rows = await makeTask(db, { sql: "return '7';" });
      assertEquals((await runTask(db, rows)).result, { rows: 7 });
      assertEquals(await history(db, name), ["cron:completed"]);
      assertEquals((await readTask(db, name)).last_run?.id, run.id);
    },
    "a failure is in the history, and nothing of the function's work remains": async (db) => {
      const name = await makeTask(db, {
        sql: `insert into private.settings (name, value) values ('half', 'done'); ${DO.fail}`,
      });
      const run = await runTask(db, name);
      assertEquals([run.status, run.error], ["failed", { code: "P0001", message: "It is broken" }]);
      assertEquals((await db.sql`select from private.settings where name = 'half'`).length, 0);
      const refusing = await makeTask(db, { sql: DO.refuse });
      assertEquals((await runTask(db, refusing)).error, { code: "conflict", message: "Not now" });
      const asserting = await makeTask(db, { sql: "assert false, 'never'; return null;" });
      assertEquals((await runTask(db, asserting)).error?.message, "never");
    },
    "counts the attempts since it last completed": async (db) => {
      const name = await makeTask(db, { sql: DO.fail });
      assertEquals([(await runTask(db, name)).attempt, (await runTask(db, name)).attempt], [1, 2]);
      await setHandler(db, name, DO.nothing);
      assertEquals([(await runTask(db, name)).attempt, (await runTask(db, name)).attempt], [3, 1]);
    },
    "skips a function that is not there, and what a function itself skips": async (db) => {
      const name = await makeTask(db, { sql: 'return \'{"skipped": "nothing to do"}\';' });
      assertEquals((await runTask(db, name)).reason, "nothing to do");
      await db.sql.unsafe(`drop function private.test_task_${name.slice(5)}()`);
      assertEquals([(await runTask(db, name)).status, (await runTask(db, name)).reason], ["skipped", "not_installed"]);
      assertEquals((await readTask(db, name)).failures, 0);
    },
    "is called again, past its dependencies, while it says that there is more to do": async (db) => {
      const first = await makeTask(db, { sql: DO.nothing });
      const name = await makeTask(db, {
        sql: `return jsonb_build_object('more', (
          select count(*) < 3 from private.system_task_runs r where r.name like 'test-%' and r.result ? 'more'));`,
        dependsOn: [first],
      });
      await runTask(db, first);
      await runTask(db, name);
      assertEquals((await readTask(db, name)).state, "queued");
      assertEquals(await startWaiting(db), [name, name, name]);
      assertEquals(await history(db, name), [
        "cron:completed",
        "continued:completed",
        "continued:completed",
        "continued:completed",
      ]);
    },
    "refuses a task that does not exist, and a trigger that is none": async (db) => {
      await assertFails(runTask(db, "no-such-task"), "not_found", 404);
      const name = await makeTask(db, { sql: DO.nothing });
      await assertFails(
        service(db, "run_task", { p_name: name, p_trigger: "whim" }),
        "invalid_request",
        400,
      );
    },
  },
  "a task that is switched off": {
    "is skipped by the clock and runs by hand": async (db) => {
      const name = await makeTask(db, { sql: DO.nothing, enabled: false });
      assertEquals((await readTask(db, name)).state, "disabled");
      await runTask(db, name);
      await runTask(db, name, "manual");
      assertEquals(await history(db, name), ["cron:skipped:disabled", "manual:completed"]);
    },
    "holds up none of those that depend on it": async (db) => {
      const off = await makeTask(db, { sql: DO.nothing, enabled: false });
      const name = await makeTask(db, { sql: DO.nothing, dependsOn: [off] });
      assertEquals((await runTask(db, name)).status, "completed");
    },
  },
  "one run at a time": {
    "a second call while the first is under way is skipped, and says why; after it, it runs": (db) =>
      interleave(db, async (stage) => {
        const name = await makeTask(db, { sql: DO.nothing });
        const [one, other] = [await stage.session("one"), await stage.session("other")];
        const first = await one.service<TaskRun>("run_task", { p_name: name });
        assertEquals(first.status, "completed");
        assertEquals((await readTask(db, name)).state, "running");
        const second = await other.service<TaskRun>("run_task", { p_name: name });
        assertEquals([second.status, second.reason], ["skipped", "overlap"]);
        await other.commit();
        await assertFails(service(db, "request_task", { p_name: name }), "conflict", 409);
        await one.commit();
        assertEquals((await readTask(db, name)).state, "idle");
        assertEquals((await runTask(db, name)).status, "completed");
        assertEquals((await history(db, name)).toSorted(), [
          "cron:completed",
          "cron:completed",
          "cron:skipped:overlap",
        ]);
      }),
    "the other order: the one that comes second stands back, even if it commits first": (db) =>
      interleave(db, async (stage) => {
        const name = await makeTask(db, { sql: DO.nothing });
        const [one, other] = [await stage.session("one"), await stage.session("other")];
        const second = await other.service<TaskRun>("run_task", { p_name: name });
        const first = await one.service<TaskRun>("run_task", { p_name: name });
        assertEquals([second.status, first.status], ["completed", "skipped"]);
        await one.commit();
        await other.rollback();
        // What was rolled back has not happened: the next call runs.
        assertEquals((await runTask(db, name)).status, "completed");
      }),
    "twelve calls at the same instant never run it twice at once": async (db) => {
      const name = await makeTask(db, { sql: DO.alone });
      const runs = await parallel(12, () => runTask(db, name));
      const by = Map.groupBy(runs, (run) => run.status);
      assert((by.get("completed")?.length ?? 0) >= 1);
      assertEquals(by.get("failed"), undefined);
      assertEquals((by.get("completed")?.length ?? 0) + (by.get("skipped")?.length ?? 0), 12);
    },
    "two tasks have nothing to do with each other": (db) =>
      interleave(db, async (stage) => {
        const [one, other] = [await makeTask(db, { sql: DO.nothing }), await makeTask(db, { sql: DO.nothing })];
        const session = await stage.session("one");
        await session.service("run_task", { p_name: one });
        assertEquals((await runTask(db, other)).status, "completed");
        await session.commit();
      }),
  },
  "dependencies": {
    "it waits until each has completed since it last ran, then starts by itself": async (db) => {
      const [first, second] = [await makeTask(db, { sql: DO.nothing }), await makeTask(db, { sql: DO.nothing })];
      const name = await makeTask(db, { sql: DO.nothing, dependsOn: [second, first] });
      const waiting = await runTask(db, name);
      assertEquals([waiting.status, waiting.reason], ["queued", `waits for ${first}, ${second}`]);
      assertEquals((await readTask(db, name)).state, "waiting");
      await runTask(db, first);
      assertEquals(await startWaiting(db), []);
      // It is due once more meanwhile: still the same run.
      const again = await runTask(db, name);
      assertEquals([again.id, again.reason], [waiting.id, `waits for ${second}`]);
      await runTask(db, second);
      assertEquals(await startWaiting(db), [name]);
      assertEquals(await history(db, name), ["dependency:completed"]);
      // What they did before counts no second time.
      assertEquals((await runTask(db, name)).status, "queued");
      await runTask(db, first);
      await runTask(db, second);
      assertEquals((await runTask(db, name)).status, "completed");
    },
    "a dependency that fails keeps it waiting until it has completed": async (db) => {
      const first = await makeTask(db, { sql: DO.fail });
      const name = await makeTask(db, { sql: DO.nothing, dependsOn: [first] });
      assertEquals((await runTask(db, first)).status, "failed");
      assertEquals((await runTask(db, name)).status, "queued");
      await runTask(db, first);
      assertEquals(await startWaiting(db), []);
      await setHandler(db, first, DO.nothing);
      await runTask(db, first);
      assertEquals(await startWaiting(db), [name]);
    },
    "what completed while it ran counts for the next time": async (db) => {
      const first = await makeTask(db, { sql: DO.nothing });
      const name = await makeTask(db, { sql: DO.nothing, dependsOn: [first] });
      await runTask(db, first);
      await runTask(db, name);
      await db.sql`
        update private.system_task_runs set started_at = started_at - interval '1 hour' where name = ${name}`;
      await db.sql`
        update private.system_task_runs set finished_at = finished_at - interval '1 minute' where name = ${first}`;
      assertEquals((await runTask(db, name)).status, "completed");
    },
    "chains run in their order": async (db) => {
      const a = await makeTask(db, { sql: DO.nothing });
      const b = await makeTask(db, { sql: DO.nothing, dependsOn: [a] });
      const c = await makeTask(db, { sql: DO.nothing, dependsOn: [b] });
      await runTask(db, c);
      await runTask(db, b);
      await runTask(db, a);
      assertEquals(await startWaiting(db), [b, c]);
    },
    "by hand it runs without them": async (db) => {
      const first = await makeTask(db, { sql: DO.nothing });
      const name = await makeTask(db, { sql: DO.nothing, dependsOn: [first] });
      await runTask(db, name);
      assertEquals((await runTask(db, name, "manual")).status, "completed");
      assertEquals(await history(db, name), ["manual:completed"]);
    },
    "the seeds depend on tasks that exist": async (db) => {
      const rows = await db.sql`
        select t.name from private.system_tasks t, unnest(t.depends_on) d
        where d not in (select s.name from private.system_tasks s)`;
      assertEquals(rows.length, 0);
    },
  },
  "engine.request_task()": {
    "asks for a run that start_waiting_task begins; twice is once": async (db) => {
      const name = await makeTask(db, { sql: DO.nothing, enabled: false });
      const asked = await service<TaskRun>(db, "request_task", { p_name: name });
      assertEquals([asked.status, asked.trigger], ["queued", "manual"]);
      assertEquals((await service<TaskRun>(db, "request_task", { p_name: name })).id, asked.id);
      assertEquals((await readTask(db, name)).state, "queued");
      assertEquals(await startWaiting(db), [name]);
      assertEquals(await history(db, name), ["manual:completed"]);
      await assertFails(service(db, "request_task", { p_name: "nothing" }), "not_found", 404);
    },
    "a run that waits for others need not any more": async (db) => {
      const first = await makeTask(db, { sql: DO.nothing });
      const name = await makeTask(db, { sql: DO.nothing, dependsOn: [first] });
      const waiting = await runTask(db, name);
      assertEquals((await service<TaskRun>(db, "request_task", { p_name: name })).id, waiting.id);
      assertEquals(await startWaiting(db), [name]);
    },
    "waits for its turn while the task runs elsewhere": (db) =>
      interleave(db, async (stage) => {
        const name = await makeTask(db, { sql: DO.nothing });
        await service(db, "request_task", { p_name: name });
        const busy = await stage.session("busy");
        await busy.run("select private.try_lock_task($1)", [name]);
        assertEquals(await startWaiting(db), []);
        await busy.rollback();
        assertEquals(await startWaiting(db), [name]);
      }),
  },
  "time-outs": {
    "the watch cancels a function past its time-out; the run says so and the session lives on": async (db) => {
      const name = await makeTask(db, { sql: "perform pg_sleep(30); return null;", timeoutSeconds: 1 });
      let over = false;
      const running = runTask(db, name).finally(() => over = true);
      let stopped = 0;
      while (!over) {
        stopped += (await watch(db)).stopped;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      const run = await running;
      assertEquals([run.status, run.error?.code], ["failed", "task_timeout"]);
      assert(stopped >= 1);
      assertEquals(await history(db, name), ["cron:failed:task_timeout"]);
    },
    "statement_timeout, which the job of pg_cron sets, does the same": async (db) => {
      const name = await makeTask(db, { sql: "perform pg_sleep(30); return null;", timeoutSeconds: 1 });
      await db.sql.unsafe(`set local statement_timeout = '1s'; select engine.run_task('${name}')`);
      assertEquals(await history(db, name), ["cron:failed:task_timeout"]);
    },
    "what a person cancels is no time-out": async (db) => {
      const name = await makeTask(db, { sql: "perform pg_sleep(30); return null;" });
      const running = runTask(db, name);
      for (;;) {
        const [row] = await db.sql`
          select pg_cancel_backend(h.pid) from private.task_holders() h
          join pg_stat_activity a on a.pid = h.pid and a.wait_event = 'PgSleep' where h.name = ${name}`;
        if (row !== undefined) break;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      assertEquals((await running).error?.code, "task_cancelled");
    },
    "a task whose session died is free at once": (db) =>
      interleave(db, async (stage) => {
        const name = await makeTask(db, { sql: DO.nothing });
        const dying = await stage.session("dying");
        await dying.service("run_task", { p_name: name });
        assertEquals((await runTask(db, name)).status, "skipped");
        const ended = assertRejects(() => dying.run("select pg_sleep(30)"));
        await db.sql`select pg_terminate_backend(${dying.pid}, 5000)`;
        await ended;
        assertEquals((await runTask(db, name)).status, "completed");
      }),
  },
  "alerts": {
    "one alert from the first failure to the recovery, however often it fails": async (db) => {
      await db.sql`delete from private.system_tasks where name like 'test-%'`;
      const name = await makeTask(db, { sql: DO.fail });
      await runTask(db, name);
      assertEquals((await watch(db)).raised, 1);
      await runTask(db, name);
      await runTask(db, name);
      assertEquals((await watch(db)).raised, 0);
      assertEquals(await alerts(db, name), [{ failures: 3, code: "P0001", resolved: false }]);
      assertEquals((await readTask(db, name)).alert?.failures, 3);
      await setHandler(db, name, DO.nothing);
      await runTask(db, name);
      assertEquals((await watch(db)).resolved, 1);
      assertEquals((await watch(db)).resolved, 0);
      assertEquals((await readTask(db, name)).alert, null);
      await setHandler(db, name, DO.fail);
      await runTask(db, name);
      assertEquals((await watch(db)).raised, 1);
      assertEquals((await alerts(db, name)).map((alert) => alert.resolved), [true, false]);
      await db.sql`delete from private.system_tasks where name = ${name}`;
    },
    "waits for as many failures in a row as the task says; skipped runs are none": async (db) => {
      const name = await makeTask(db, { sql: DO.fail, alertAfter: 3 });
      await runTask(db, name);
      await runTask(db, name);
      await db.sql`update private.system_tasks set is_enabled = false where name = ${name}`;
      await runTask(db, name);
      await db.sql`update private.system_tasks set is_enabled = true where name = ${name}`;
      assertEquals((await watch(db)).raised, 0);
      await runTask(db, name);
      assertEquals((await watch(db)).raised, 1);
      await db.sql`delete from private.system_tasks where name = ${name}`;
    },
    "without an address there is the alert and no mail": async (db) => {
      await db.sql`delete from private.settings where name = 'operator_email'`;
      const name = await makeTask(db, { sql: DO.fail });
      await runTask(db, name);
      await watch(db);
      const [row] = await db.sql`select mail_job_id from private.system_alerts where task = ${name}`;
      assertEquals(row?.mail_job_id, null);
      await db.sql`delete from private.system_tasks where name = ${name}`;
    },
    "the watch gives way to itself": (db) =>
      interleave(db, async (stage) => {
        const session = await stage.session("watch");
        await session.service("watch_tasks");
        assertEquals(await watch(db) as unknown, { skipped: true });
        await session.rollback();
      }),
  },
  "engine.update_task()": {
    "switches off and on, changes the time and gives it back, in pg_cron too": async (db) => {
      await service(db, "configure", { p_functions_url: "http://localhost:1" });
      const name = await makeTask(db, { sql: DO.nothing });
      const job = async () =>
        (await db.sql`select schedule from cron.job where jobname = ${`millrace-${name}`}`)[0]?.schedule;
      const update = (changes: { [key: string]: string | boolean | null }) =>
        service<Task>(db, "update_task", { p_name: name, p_changes: changes });
      const moved = await update({ cron: "5 4 * * 0" });
      assertEquals([moved.cron, moved.default_cron, moved.is_scheduled, await job()], [
        "5 4 * * 0",
        "0 0 1 1 *",
        true,
        "5 4 * * 0",
      ]);
      const off = await update({ is_enabled: false });
      assertEquals([off.state, off.is_scheduled, await job()], ["disabled", false, undefined]);
      const back = await update({ is_enabled: true, cron: null });
      assertEquals([back.cron, await job()], ["0 0 1 1 *", "0 0 1 1 *"]);
    },
    "refuses what is no time, no such field, no such task": async (db) => {
      const update = (changes: { [key: string]: string | boolean | number | null }, name = "leases") =>
        service(db, "update_task", { p_name: name, p_changes: changes });
      for (
        const cron of [
          "",
          "x",
          "* * * *",
          "* * * * * *",
          "@daily",
          "10 seconds",
          "* * * * *; drop table x",
          "a".repeat(99),
        ]
      ) {
        await assertFails(update({ cron }), "invalid_request", 400);
      }
      await assertFails(update({ timeout_seconds: 5 }), "invalid_request", 400);
      await assertFails(update({ is_enabled: "yes" }), "invalid_request", 400);
      await assertFails(update({ is_enabled: false }, "no-such-task"), "not_found", 404);
    },
  },
  "engine.configure()": {
    "schedules every enabled task and nothing else that is called millrace-": async (db) => {
      await db.sql`select cron.schedule('millrace-of-old', '* * * * *', 'select 1')`;
      await db.sql`select cron.schedule('somebody-elses', '* * * * *', 'select 1')`;
      await db.sql`update private.system_tasks set is_enabled = false where name = 'leases'`;
      const reply = await service<{ cron_jobs: string[] }>(db, "configure", { p_functions_url: "http://localhost:1" });
      const jobs = await db.sql`select jobname, schedule, command from cron.job order by jobname`;
      const names = jobs.map((job) => job.jobname);
      assertEquals(names.filter((name) => name.startsWith("millrace-")), reply.cron_jobs.toSorted());
      assert(names.includes("somebody-elses"));
      assert(!names.includes("millrace-leases") && !names.includes("millrace-of-old"));
      assert(names.includes("millrace-tick") && names.includes("millrace-usage-hourly"));
      const usage = jobs.find((job) => job.jobname === "millrace-usage-hourly");
      assertMatch(usage?.command, /^set local statement_timeout = '900s'; select engine\.run_task\('usage-hourly'\)$/);
      await db.sql`update private.system_tasks set is_enabled = true where name = 'leases'`;
      await service(db, "configure", { p_functions_url: "http://localhost:1" });
      assertEquals((await readTask(db, "leases")).is_scheduled, true);
    },
    "keeps the operators' address until it is told otherwise": async (db) => {
      const configure = (email?: string) =>
        service(db, "configure", { p_functions_url: "http://localhost:1", p_operator_email: email });
      const address = async () => (await db.sql`select private.setting('operator_email') as value`)[0]?.value;
      await configure("ops@example.com");
      await configure();
      assertEquals(await address(), "ops@example.com");
      for (const bad of ["ops", "a@b, c@d", "Ops <ops@example.com>", "a@b\r\nBcc: c@d"]) {
        await assertFails(configure(bad), "invalid_request", 400);
      }
      await configure("");
      assertEquals(await address(), null);
    },
  },
  "engine.list_task_runs()": {
    "gives the history, newest first, and goes on behind a run": async (db) => {
      const name = await makeTask(db, { sql: DO.nothing });
      const ids: string[] = [];
      for (let index = 0; index < 5; index++) ids.unshift((await runTask(db, name)).id);
      const page = (before?: string) =>
        service<TaskRun[]>(db, "list_task_runs", { p_name: name, p_limit: 3, p_after: before });
      const first = await page();
      assertEquals(first.map((run) => run.id), ids.slice(0, 3));
      assertEquals((await page(first[2]!.id)).map((run) => run.id), ids.slice(3));
      const oldest = { p_name: name, p_ascending: true, p_status: ["completed"], p_trigger: ["cron", "manual"] };
      const back = await service<TaskRun[]>(db, "list_task_runs", { ...oldest, p_after: ids[3] });
      assertEquals(back.map((run) => run.id), ids.slice(0, 3).toReversed());
      assertEquals(await service(db, "list_task_runs", { p_name: name, p_status: ["failed"] }), []);
      await assertFails(service(db, "list_task_runs", { p_name: "nothing" }), "not_found", 404);
    },
  },
}, { connections: 16 });
