/**
 * System tasks whose work is a background job, from the call of the clock to the worker's last word.
 */
import { assert, assertEquals } from "../helpers/assert.ts";
import type { TestDatabase } from "../helpers/postgres.ts";
import { interleave } from "./_interleave.ts";
import { scenarios } from "./_scenarios.ts";
import {
  claimJob,
  DO,
  endJob,
  history,
  makeTask,
  readTask,
  runTask,
  setHandler,
  startWaiting,
  type TaskRun,
} from "./_tasks.ts";
import { assertFails, service } from "./_world.ts";

const watch = (db: TestDatabase) => service<{ closed: number; raised: number; resolved: number }>(db, "watch_tasks");

/** Lets time pass for a run that is under way. */
async function age(db: TestDatabase, name: string, seconds: number): Promise<void> {
  await db.sql`
    update private.system_task_runs set created_at = created_at - ${seconds} * interval '1 second'
    where name = ${name} and finished_at is null`;
}

scenarios("system tasks as jobs", {
  "a run": {
    "is queued, with a worker, completed; the result is the job's": async (db) => {
      const name = await makeTask(db);
      const run = await runTask(db, name);
      assertEquals([run.status, run.started_at], ["queued", null]);
      const [job] = await db
        .sql`select type, unique_key, payload, max_attempts from public.job_queue where id = ${run.job_id}`;
      assertEquals({ ...job }, {
        type: `test.job_${name.slice(5)}`,
        unique_key: name,
        payload: { task: name, task_run_id: run.id },
        max_attempts: 3,
      });
      assertEquals((await readTask(db, name)).state, "queued");
      const worker = crypto.randomUUID();
      const lease = await claimJob(db, run.job_id, worker);
      await watch(db);
      assertEquals((await readTask(db, name)).state, "running");
      await service(db, "finish_jobs", {
        p_worker_id: worker,
        p_results: [{ lease, job: run.job_id, outcome: "completed", result: { sent: 3 } }],
      });
      const { last_run } = await readTask(db, name);
      assertEquals([last_run?.id, last_run?.status, last_run?.result], [run.id, "completed", { sent: 3 }]);
      assert((last_run?.started_at ?? "") <= (last_run?.finished_at ?? ""));
    },
    "is completed with the whole lease of its job, kept or not": async (db) => {
      for (const keep of [false, true]) {
        const name = await makeTask(db);
        const { id, job_id } = await runTask(db, name);
        const worker = crypto.randomUUID();
        const lease = await claimJob(db, job_id, worker);
        await service(db, "finish_jobs", { p_worker_id: worker, p_results: [{ lease, keep, busy_ms: 1 }] });
        const { last_run } = await readTask(db, name);
        assertEquals([last_run?.id, last_run?.status], [id, "completed"]);
      }
    },
    "is one at a time: queued, with a worker, and at the moment of its end": async (db) => {
      const name = await makeTask(db);
      const { job_id } = await runTask(db, name);
      assertEquals((await runTask(db, name)).reason, "overlap");
      await assertFails(service(db, "request_task", { p_name: name }), "conflict", 409);
      const worker = crypto.randomUUID();
      const lease = await claimJob(db, job_id, worker);
      assertEquals((await runTask(db, name, "manual")).reason, "overlap");
      const finish = {
        p_worker_id: worker,
        p_results: [{ lease, job: job_id, outcome: "completed" }],
      };
      await interleave(db, async (stage) => {
        // The settle is not committed yet: the run is under way, and nobody waits for anybody.
        const [settling, calling] = [await stage.session("settle"), await stage.session("call")];
        await settling.service("finish_jobs", finish);
        assertEquals((await calling.service<TaskRun>("run_task", { p_name: name })).reason, "overlap");
        await settling.commit();
        await calling.commit();
      });
      assertEquals((await runTask(db, name)).status, "queued");
      assertEquals(
        await db.sql`select from public.job_queue where unique_key = ${name}`.then((rows) => rows.length),
        1,
      );
    },
    "whose end comes while the watch holds its row is closed by the next watch": (db) =>
      interleave(db, async (stage) => {
        const name = await makeTask(db);
        const { job_id } = await runTask(db, name);
        const worker = crypto.randomUUID();
        const lease = await claimJob(db, job_id, worker);
        const [watching, settling] = [await stage.session("watch"), await stage.session("settle")];
        await watching.service("watch_tasks");
        // It does not wait.
        await settling.service("finish_jobs", {
          p_worker_id: worker,
          p_results: [{ lease, job: job_id, outcome: "completed", result: 7 }],
        });
        await settling.commit();
        await watching.commit();
        assertEquals((await readTask(db, name)).state, "running");
        assertEquals((await watch(db)).closed, 1);
        const { last_run } = await readTask(db, name);
        assertEquals([last_run?.status, last_run?.result], ["completed", 7]);
      }),
    "that its job skipped is skipped": async (db) => {
      const name = await makeTask(db);
      await endJob(db, (await runTask(db, name)).job_id, "completed", { skipped: "email_is_not_set_up" });
      assertEquals(await history(db, name), ["cron:skipped:email_is_not_set_up"]);
    },
    "whose job somebody cancelled is skipped": async (db) => {
      const name = await makeTask(db);
      const { job_id } = await runTask(db, name);
      await db.sql`select private.end_queued_job(${job_id}, 'cancelled')`;
      assertEquals(await history(db, name), ["cron:skipped:job_cancelled"]);
    },
  },
  "a failure": {
    "a dead letter has failed; replayed with success, the task has completed": async (db) => {
      const name = await makeTask(db);
      await endJob(db, (await runTask(db, name)).job_id, "failed");
      assertEquals(await history(db, name), ["cron:failed:provider_error"]);
      await watch(db);
      const [again] = await db.sql`
        select private.enqueue_job(private.platform_id(), ${`test.job_${name.slice(5)}`}, '{}',
          jsonb_build_object('unique_key', ${name}::text)) as id`;
      await endJob(db, again?.id, "completed");
      assertEquals(await history(db, name), ["cron:failed:provider_error", "manual:completed"]);
      assertEquals((await readTask(db, name)).failures, 0);
      assertEquals((await watch(db)).resolved, 1);
    },
    "a worker that is lost too often has failed it; before that, it goes on with another": async (db) => {
      const name = await makeTask(db);
      const run = await runTask(db, name);
      for (let attempt = 1; attempt <= 3; attempt++) {
        await claimJob(db, run.job_id, crypto.randomUUID());
        await db.sql`update private.workers set expires_at = now() - interval '1 second'`;
        await watch(db);
        assertEquals((await readTask(db, name)).last_run?.id, run.id);
        assertEquals((await readTask(db, name)).state, "running");
        await service(db, "tick");
      }
      assertEquals(await history(db, name), ["cron:failed:worker_lost"]);
    },
    "past its time-out it has failed, its job is taken back, and the next run begins": async (db) => {
      const name = await makeTask(db, { timeoutSeconds: 60 });
      const first = await runTask(db, name);
      await age(db, name, 61);
      const second = await runTask(db, name);
      assertEquals([second.status, second.attempt], ["queued", 2]);
      const jobs = await db.sql`select id from public.job_queue where unique_key = ${name}`;
      assertEquals(jobs.map((job) => job.id), [second.job_id]);
      assert(first.job_id !== second.job_id);

      // With a worker, it is asked to stop; what it says afterwards comes too late.
      const worker = crypto.randomUUID();
      const lease = await claimJob(db, second.job_id, worker);
      await age(db, name, 61);
      await watch(db);
      const { cancel } = await service<{ cancel: string[] }>(db, "report_jobs", {
        p_worker_id: worker,
        p_progress: [],
      });
      assertEquals(cancel, [second.job_id!]);
      await service(db, "finish_jobs", {
        p_worker_id: worker,
        p_results: [{ lease, job: second.job_id, outcome: "completed" }],
      });
      assertEquals(await history(db, name), ["cron:failed:task_timeout", "cron:failed:task_timeout"]);
    },
    "a job that is nowhere any more has failed it first": async (db) => {
      const name = await makeTask(db);
      const { job_id } = await runTask(db, name);
      await db.sql`delete from public.job_queue where id = ${job_id}`;
      assertEquals((await runTask(db, name)).status, "queued");
      assertEquals((await history(db, name))[0], "cron:failed:job_lost");
    },
  },
  "dependencies": {
    "the last of them, a job, lets it start by itself; a dead one does not": async (db) => {
      const [one, other] = [await makeTask(db), await makeTask(db, { sql: DO.nothing })];
      const name = await makeTask(db, { dependsOn: [one, other] });
      await runTask(db, other);
      await runTask(db, name);
      await endJob(db, (await runTask(db, one)).job_id, "failed");
      assertEquals(await startWaiting(db), []);
      await endJob(db, (await runTask(db, one)).job_id, "completed");
      assertEquals(await startWaiting(db), [name]);
      const { state, last_run } = await readTask(db, name);
      assertEquals([state, last_run?.trigger], ["queued", "dependency"]);
    },
  },
  "mails to operators": {
    "one when the alert is raised, one when it is over": async (db) => {
      await service(db, "configure", { p_functions_url: "http://localhost:1", p_operator_email: "ops@example.com" });
      await db.sql`delete from private.system_tasks where name like 'test-%'`;
      const name = await makeTask(db, { sql: DO.fail });
      const mails = async () => {
        const rows = await db.sql`
          select payload ->> 'event' as event, payload ->> 'to' as to, payload ->> 'task' as task
          from public.job_queue where type = 'system.alert' order by id`;
        return rows.map((row) => Object.values(row).join(" "));
      };
      for (let times = 0; times < 3; times++) {
        await runTask(db, name);
        await watch(db);
      }
      assertEquals(await mails(), [`failed ops@example.com ${name}`]);
      await setHandler(db, name, DO.nothing);
      await runTask(db, name);
      await watch(db);
      await watch(db);
      assertEquals(await mails(), [`failed ops@example.com ${name}`, `recovered ops@example.com ${name}`]);
    },
  },
});
