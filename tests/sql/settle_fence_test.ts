import type { Job } from "../../shared/engine/mod.ts";
import { assertEquals } from "../helpers/assert.ts";
import type { TestDatabase } from "../helpers/postgres.ts";
import { begin, claimOne, engineOf, newWorker, result, runState, snapshot, step, stepStates } from "./_engine.ts";
import { scenarios } from "./_scenarios.ts";
import { createFlow, createTenant, startRun } from "./_world.ts";

async function tokens(db: TestDatabase, run: string) {
  const rows = await db.sql`
    select node_id, status, worker_id, attempts, max_attempts, epoch, resume, reads, payload, error_message,
      extract(epoch from scheduled_for - private.now())::float8 as due_in
    from public.job_queue where run_id = ${run} order by node_id nulls first, id`;
  return rows.map((row) => ({ ...row })) as Record<string, unknown>[];
}

const answer = (live: number[], dead: number[], expects = 3) => ({ node: "j", expects, live, dead, reads: ["b", "c"] });

/** Every verb, for a job. */
const VERBS: Record<string, (job: Job) => Parameters<typeof result>[1]> = {
  hold: () => ({ hold: true, steps: [step("x")] }),
  move: () => ({ move: { node: "x", reads: [], keep: false }, steps: [step("x")] }),
  keep: () => ({ move: { node: "x", reads: [], keep: true }, steps: [step("x")] }),
  spawn: () => ({
    move: { node: "x", reads: [], keep: true },
    spawn: [{ node: "y", reads: [], keep: true }],
    steps: [step("x")],
  }),
  arrive: () => ({ arrive: [answer([0], [], 1)], steps: [step("x")] }),
  finish: () => ({ finish: { status: "completed", output: 1, error: null }, steps: [step("x")] }),
  consume: () => ({ steps: [step("x")] }),
};

scenarios("the fence of engine.settle_jobs()", {
  "engine.settle_jobs() writes nothing at all": {
    "of a job that another worker holds now": async (db) => {
      const engine = engineOf(db);
      for (const [verb, fields] of Object.entries(VERBS)) {
        const { run, worker, job } = await begin(db);
        await engine.releaseWorker(worker);
        await claimOne(engine, newWorker(), run);
        const before = await snapshot(db);
        assertEquals(await engine.settleJobs(worker, [result(job, fields(job))]), { settled: [], jobs: [] }, verb);
        assertEquals(await snapshot(db), before, verb);
      }
    },
    "of a job that the same worker lost and claimed again": async (db) => {
      const engine = engineOf(db);
      for (const [verb, fields] of Object.entries(VERBS)) {
        const { run, worker, job } = await begin(db);
        await engine.releaseWorker(worker);
        await claimOne(engine, worker, run);
        const before = await snapshot(db);
        assertEquals(await engine.settleJobs(worker, [result(job, fields(job))]), { settled: [], jobs: [] }, verb);
        assertEquals(await snapshot(db), before, verb);
      }
    },
    "of a job that nobody holds, or whose run has ended": async (db) => {
      const engine = engineOf(db);
      for (const [verb, fields] of Object.entries(VERBS)) {
        const freed = await begin(db);
        await engine.releaseWorker(freed.worker);
        const ended = await begin(db);
        await engine.settleJobs(ended.worker, [result(ended.job)]);
        const before = await snapshot(db);
        for (const { worker, job } of [freed, ended]) {
          assertEquals(await engine.settleJobs(worker, [result(job, fields(job))]), { settled: [], jobs: [] }, verb);
        }
        assertEquals(await snapshot(db), before, verb);
      }
    },
    "of another worker's job": async (db) => {
      const { job } = await begin(db);
      const before = await snapshot(db);
      const reply = await engineOf(db).settleJobs(newWorker(), [result(job, { steps: [step("x")] })]);
      assertEquals(reply, { settled: [], jobs: [] });
      assertEquals(await snapshot(db), before);
    },
    "when it is sent nothing": async (db) => {
      const before = await snapshot(db);
      assertEquals(await engineOf(db).settleJobs(newWorker(), []), { settled: [], jobs: [] });
      assertEquals(await snapshot(db), before);
    },
  },
  "engine.settle_jobs() sent twice": {
    "changes nothing the second time, whatever it says": async (db) => {
      const engine = engineOf(db);
      for (const [verb, fields] of Object.entries(VERBS)) {
        const { worker, job } = await begin(db);
        const settle = () => engine.settleJobs(worker, [result(job, fields(job))]);
        assertEquals((await settle()).settled, [job.job], verb);
        const before = await snapshot(db);
        const again = await settle();
        assertEquals(again, { settled: verb === "hold" ? [job.job] : [], jobs: [] }, verb);
        assertEquals(await snapshot(db), before, verb);
      }
    },
    "a recorded step is not written over": async (db) => {
      const { run, worker, job } = await begin(db);
      const engine = engineOf(db);
      await engine.settleJobs(worker, [result(job, { hold: true, steps: [step("a", { output: "first" })] })]);
      await engine.settleJobs(worker, [
        result(job, {
          hold: true,
          steps: [step("b", { output: "new" }), step("a", { output: "second" }), step("a", { output: "third" })],
        }),
      ]);
      const rows = await db.sql`select output from public.run_steps where run_id = ${run} order by node_id`;
      assertEquals(rows.map((row) => row.output), ["first", "new"]);
    },
  },
  "engine.settle_jobs() with a batch": {
    "of many runs, each verb, some lost: only the valid ones are written": async (db) => {
      const engine = engineOf(db);
      const worker = newWorker();
      const begin = async () => {
        const tenant = await createTenant(db);
        const run = await startRun(db, tenant, await createFlow(db, tenant));
        return await claimOne(engine, worker, run);
      };
      const verbs = Object.entries(VERBS);
      const valid: Job[] = [];
      const lost: Job[] = [];
      for (const _ of verbs) {
        valid.push(await begin());
        lost.push(await begin());
      }
      const ids = lost.map((job) => job.job);
      await db.sql`update public.job_queue set worker_id = ${newWorker()}, epoch = epoch + 1 where id = any (${ids})`;
      const lostRuns = lost.map((job) => job.run_id);
      const of = async () => ({
        runs: await db.sql`select to_jsonb(r) as row from public.runs r where id = any (${lostRuns}) order by id`,
        jobs: await db
          .sql`select to_jsonb(j) as row from public.job_queue j where run_id = any (${lostRuns}) order by id`,
      });
      const before = await of();
      const results = verbs.flatMap(([, fields], index) => [
        result(lost[index]!, fields(lost[index]!)),
        result(valid[index]!, fields(valid[index]!)),
      ]);
      const reply = await engine.settleJobs(worker, results);
      assertEquals(reply.settled.toSorted(), valid.map((job) => job.job).toSorted());
      assertEquals(await of(), before);
      const [written] = await db.sql`select count(*)::int as n from public.run_steps where run_id = any (${lostRuns})`;
      assertEquals(written?.n, 0);
      for (const [index, [verb]] of verbs.entries()) {
        const run = valid[index]!.run_id;
        assertEquals(await stepStates(db, run), ["x:1:completed"], verb);
        const ends = verb === "finish" || verb === "consume";
        assertEquals((await runState(db, run)).status, ends ? "completed" : "running", verb);
      }
    },
    "with an old and a new result of a job that was lost and claimed again: the new one counts": async (db) => {
      const engine = engineOf(db);
      const { run, worker, job } = await begin(db);
      await engine.releaseWorker(worker);
      const again = await claimOne(engine, worker, run);
      const spawn = [{ node: "s", reads: [], keep: false }];
      const { settled } = await engine.settleJobs(worker, [
        result(job, { steps: [step("old")], move: { node: "old", reads: [], keep: false }, spawn }),
        result(again, { steps: [step("new")], move: { node: "new", reads: [], keep: false } }),
        result(job, { steps: [step("old")], finish: { status: "completed", output: null, error: null } }),
      ]);
      assertEquals(settled, [job.job]);
      assertEquals(await stepStates(db, run), ["new:1:completed"]);
      assertEquals((await tokens(db, run)).map((token) => token.node_id), ["new"]);
      assertEquals((await runState(db, run)).status, "running");
    },
    "of a hundred runs in one call": async (db) => {
      const engine = engineOf(db);
      await db.sql`delete from public.job_queue`;
      const tenant = await createTenant(db);
      const flow = await createFlow(db, tenant);
      await db
        .sql`select private.create_run(f, 'manual', '{}') from public.flows f, generate_series(1, 100) where f.id = ${flow}`;
      const worker = newWorker();
      const jobs = await engine.claimJobs(worker, 100, "worker");
      const { settled } = await engine.settleJobs(
        worker,
        jobs.map((job, index) => result(job, { steps: [step("a", { output: index, leaf: true })] })),
      );
      assertEquals(settled.length, 100);
      const [row] = await db.sql`
        select count(*)::int as n, sum((output #>> '{}')::int)::int as sum from public.runs
        where flow_id = ${flow} and status = 'completed'`;
      assertEquals({ ...row }, { n: 100, sum: 4950 });
    },
    "one result that breaks a rule writes nothing of the whole call": async (db) => {
      const engine = engineOf(db);
      const worker = newWorker();
      const tenant = await createTenant(db);
      const flow = await createFlow(db, tenant);
      const jobs = [];
      for (let index = 0; index < 2; index++) {
        jobs.push(await claimOne(engine, worker, await startRun(db, tenant, flow)));
      }
      const before = await snapshot(db);
      const settle = engine.settleJobs(worker, [
        result(jobs[0]!, { steps: [step("a")] }),
        result(jobs[1]!, { steps: [step("a", { status: "failed", error: null })] }),
      ]);
      assertEquals(await settle.then(() => null, (error) => error.code), "23514");
      assertEquals(await snapshot(db), before);
    },
  },
  "what has ended never changes": {
    "a run in a terminal state": async (db) => {
      const { run, worker, job } = await begin(db);
      await engineOf(db).settleJobs(worker, [result(job)]);
      const changes = [
        "status = 'failed', error = '{}'",
        "output = '1'",
        "finished_at = null, status = 'running'",
        "input = '{}'",
      ];
      for (const change of changes) {
        const update = db.sql.unsafe(`update public.runs set ${change} where id = '${run}'`);
        assertEquals(await update.then(() => null, (error) => JSON.parse(error.message).code), "conflict", change);
      }
    },
    "a recorded step, for a replicating session too": async (db) => {
      const { run, worker, job } = await begin(db);
      await engineOf(db).settleJobs(worker, [result(job, { steps: [step("a")] })]);
      for (const role of ["origin", "replica"]) {
        const tables: [string, string][] = [["run_steps", "run_id"], ["runs", "id"]];
        for (const [table, key] of tables) {
          const update = db.sql.begin(async (sql) => {
            await sql.unsafe(`set local session_replication_role = ${role}`);
            await sql.unsafe(`update public.${table} set output = '2' where ${key} = '${run}'`);
          });
          const code = await update.then(() => null, (error) => error.code);
          assertEquals(code, "PGRST", `${table} as ${role}`);
        }
      }
    },
    "a state that is none": async (db) => {
      const { run } = await begin(db);
      const wrong = [
        "status = 'completed'",
        "finished_at = now()",
        "status = 'failed', finished_at = now()",
        "error = '{}'",
        "status = 'queued', started_at = null, finished_at = now()",
        "status = 'running', started_at = null",
        "status = 'gone'",
      ];
      for (const change of wrong) {
        const update = db.sql.unsafe(`update public.runs set ${change} where id = '${run}'`);
        assertEquals(await update.then(() => null, (error) => error.code), "23514", change);
      }
    },
  },
});
