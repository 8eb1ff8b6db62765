import { assert, assertEquals } from "../helpers/assert.ts";
import type { TestDatabase } from "../helpers/postgres.ts";
import {
  begin,
  claimOne,
  engineOf,
  fork,
  leftovers,
  newWorker,
  result,
  runState,
  snapshot,
  step,
  stepStates,
} from "./_engine.ts";
import { scenarios } from "./_scenarios.ts";

async function tokens(db: TestDatabase, run: string) {
  const rows = await db.sql`
    select node_id, status, worker_id, attempts, max_attempts, epoch, resume, reads, payload, error_message,
      extract(epoch from scheduled_for - private.now())::float8 as due_in
    from public.job_queue where run_id = ${run} order by node_id nulls first, id`;
  return rows.map((row) => ({ ...row })) as Record<string, unknown>[];
}

const answer = (live: number[], dead: number[], expects = 3) => ({ node: "j", expects, live, dead, reads: ["b", "c"] });

scenarios("engine.settle_jobs()", {
  "engine.settle_jobs() moves a token": {
    "hold: the steps are recorded and the token stays as it is": async (db) => {
      const { run, worker, job } = await begin(db);
      const before = await tokens(db, run);
      const reply = await engineOf(db).settleJobs(worker, [
        result(job, { hold: true, steps: [step("a", { output: 1 })] }),
      ]);
      assertEquals(reply, { settled: [job.job], jobs: [] });
      assertEquals(
        (await tokens(db, run)).map(({ due_in: _, ...row }) => row),
        before.map(({ due_in: _, ...row }) => row),
      );
      assertEquals(await stepStates(db, run), ["a:1:completed"]);
      assertEquals((await runState(db, run)).status, "running");
    },
    "move with keep: it comes back leased, with a new epoch and what its node reads": async (db) => {
      const { run, worker, job } = await begin(db);
      const move = { node: "b", reads: ["a"], keep: true, payload: { live: [0, 2] } };
      const reply = await engineOf(db).settleJobs(worker, [
        result(job, { steps: [step("a", { output: { x: 1 } })], move }),
      ]);
      assertEquals(reply.settled, [job.job]);
      const [token] = await tokens(db, run);
      assertEquals([token?.status, token?.worker_id, token?.attempts, token?.epoch], ["running", worker, 1, 2]);
      assertEquals([token?.node_id, token?.reads, token?.payload], ["b", ["a"], { live: [0, 2] }]);
      assertEquals(reply.jobs.map((j) => [j.job, j.node, j.epoch, j.attempt, j.outputs, j.payload, j.recorded]), [
        [job.job, "b", 2, 1, { a: { x: 1 } }, { live: [0, 2] }, null],
      ]);
    },
    "move without keep: anyone may claim it": async (db) => {
      const { run, worker, job } = await begin(db);
      const reply = await engineOf(db).settleJobs(worker, [
        result(job, { move: { node: "b", reads: [], keep: false } }),
      ]);
      assertEquals(reply, { settled: [job.job], jobs: [] });
      const [token] = await tokens(db, run);
      assertEquals([token?.status, token?.worker_id, token?.attempts, token?.epoch], ["available", null, 0, 2]);
      const next = await claimOne(engineOf(db), newWorker(), run);
      assertEquals([next.node, next.attempt, next.epoch], ["b", 1, 3]);
    },
    "move: what was recorded before is not sent again": async (db) => {
      const { run, worker, job } = await begin(db);
      const engine = engineOf(db);
      await engine.settleJobs(worker, [result(job, { hold: true, steps: [step("a")] })]);
      await engine.releaseWorker(worker);
      const resumed = await claimOne(engine, worker, run);
      await engine.settleJobs(worker, [result(resumed, { move: { node: "b", reads: [], keep: false } })]);
      assertEquals((await claimOne(engine, newWorker(), run)).recorded, null);
    },
    "move with attempt and delay: a retry, not before its time": async (db) => {
      const { run, worker, job } = await begin(db);
      const failed = step("b", { status: "retried", error: { code: "http_error", message: "503" } });
      await engineOf(db).settleJobs(worker, [result(job, {
        steps: [failed],
        move: { node: "b", reads: [], keep: false, attempt: 1, delayMs: 60_000, error: "503" },
      })]);
      const [token] = await tokens(db, run);
      assertEquals([token?.attempts, token?.error_message, token?.resume], [1, "503", false]);
      const due = Number(token?.due_in);
      assert(due > 58 && due <= 60, String(due));
      assertEquals(await engineOf(db).claimJobs(newWorker(), 10, "worker", run), []);
      await db.sql`update public.job_queue set scheduled_for = now() where run_id = ${run}`;
      assertEquals((await claimOne(engineOf(db), newWorker(), run)).attempt, 2);
    },
    "a retry leaves eight attempts for workers that die": async (db) => {
      const { run, worker, job } = await begin(db);
      await engineOf(db).settleJobs(worker, [
        result(job, { move: { node: "b", reads: [], keep: false, attempt: 12, delayMs: 0 } }),
      ]);
      assertEquals((await tokens(db, run))[0]?.max_attempts, 20);
    },
    "spawn: new tokens, leased to the worker or free": async (db) => {
      const { run, worker, job } = await begin(db);
      const reply = await engineOf(db).settleJobs(worker, [result(job, {
        steps: [step("a", { output: 7 })],
        move: { node: "b", reads: ["a"], keep: true },
        spawn: [{ node: "c", reads: ["a"], keep: true }, {
          node: "d",
          reads: [],
          keep: false,
          payload: { dead: true },
        }],
      })]);
      assertEquals(reply.jobs.map((j) => [j.node, j.outputs, j.epoch, j.attempt]).toSorted(), [
        ["b", { a: 7 }, 2, 1],
        ["c", { a: 7 }, 1, 1],
      ]);
      assertEquals((await tokens(db, run)).map((t) => [t.node_id, t.status, t.payload]), [
        ["b", "running", null],
        ["c", "running", null],
        ["d", "available", { dead: true }],
      ]);
      const [deadlines] = await db.sql`
        select max(abs(extract(epoch from j.deadline_at - r.deadline_at)))::float8 as off
        from public.job_queue j join public.runs r on r.id = j.run_id where r.id = ${run}`;
      assert(deadlines?.off < 5, "a spawned token has the deadline of its run");
    },
    "consume: the last token ends the run": async (db) => {
      const { run, worker, job } = await begin(db);
      const steps = [step("a", { output: "on the way" }), step("b", { output: { done: true }, leaf: true })];
      const reply = await engineOf(db).settleJobs(worker, [result(job, { steps })]);
      assertEquals(reply, { settled: [job.job], jobs: [] });
      const state = await runState(db, run);
      assertEquals([state.status, state.output, state.error], ["completed", { done: true }, null]);
      assert(state.finished_at !== null);
      assertEquals(await leftovers(db, run), { tokens: 0, joins: 0 });
    },
    "consume: a run with several leaves has no output, one without any neither": async (db) => {
      for (const nodes of [["a", "b"], []]) {
        const { run, worker, job } = await begin(db);
        const steps = nodes.map((node) => step(node, { output: node, leaf: true }));
        await engineOf(db).settleJobs(worker, [result(job, { steps })]);
        const state = await runState(db, run);
        assertEquals([state.status, state.output], ["completed", null]);
      }
    },
    "consume: a skipped leaf is not the output": async (db) => {
      const { run, worker, job } = await begin(db);
      const steps = [step("a", { output: 1, leaf: true }), step("b", { status: "skipped", leaf: true })];
      await engineOf(db).settleJobs(worker, [result(job, { steps })]);
      assertEquals((await runState(db, run)).output, 1);
    },
    "consume: while another token lives the run goes on": async (db) => {
      const { run, worker, job } = await begin(db);
      const engine = engineOf(db);
      const { jobs } = await engine.settleJobs(worker, [result(job, {
        move: { node: "b", reads: [], keep: true },
        spawn: [{ node: "c", reads: [], keep: true }],
      })]);
      const [b, c] = ["b", "c"].map((node) => jobs.find((j) => j.node === node)!);
      await engine.settleJobs(worker, [result(c!)]);
      assertEquals((await runState(db, run)).status, "running");
      await engine.settleJobs(worker, [result(b!)]);
      assertEquals((await runState(db, run)).status, "completed");
    },
  },
  "engine.settle_jobs() finishes a run": {
    "completed, with an output, or with none": async (db) => {
      for (const output of [{ total: 3 }, "text", 0, false, null]) {
        const { run, worker, job } = await begin(db);
        const steps = [step("stop", { output, leaf: true })];
        const finish = { status: "completed" as const, output, error: null };
        const reply = await engineOf(db).settleJobs(worker, [result(job, { steps, finish })]);
        assertEquals(reply.settled, [job.job]);
        const state = await runState(db, run);
        assertEquals([state.status, state.output, state.error], ["completed", output, null]);
        const [row] = await db.sql`
          select output is null as no_output, error is null as no_error from public.runs where id = ${run}`;
        assertEquals({ ...row }, { no_output: output === null, no_error: true }, "JSON null is stored as no value");
      }
    },
    "failed, with the error": async (db) => {
      const { run, worker, job } = await begin(db);
      const error = { code: "http_error", message: "The service answered 500", node_id: "a" };
      const steps = [step("a", { status: "failed", error })];
      await engineOf(db).settleJobs(worker, [
        result(job, { steps, finish: { status: "failed", output: null, error } }),
      ]);
      const state = await runState(db, run);
      assertEquals([state.status, state.output, state.error], ["failed", null, error]);
      assertEquals(await stepStates(db, run), ["a:1:failed"]);
    },
    "dropping its other tokens and joins, and fencing off who holds them": async (db) => {
      const { run, worker, job } = await begin(db);
      const engine = engineOf(db);
      const other = newWorker();
      await engine.settleJobs(worker, [result(job, {
        move: { node: "b", reads: [], keep: true },
        spawn: [{ node: "c", reads: [], keep: false }, { node: "d", reads: [], keep: false }],
        arrive: [{ node: "j", expects: 3, live: [0], dead: [], reads: [] }],
      })]);
      const [held] = await engine.claimJobs(other, 1, "worker", run);
      const finish = { status: "completed" as const, output: 1, error: null };
      await engine.settleJobs(worker, [result({ ...job, epoch: 2 }, { finish })]);
      assertEquals(await leftovers(db, run), { tokens: 0, joins: 0 });
      const before = await snapshot(db);
      const reply = await engine.settleJobs(other, [result(held!, { steps: [step("c")], hold: true })]);
      assertEquals(reply, { settled: [], jobs: [] });
      assertEquals(await snapshot(db), before);
    },
    "failed, when a join is left that nothing can answer": async (db) => {
      const { run, worker, job } = await begin(db);
      const engine = engineOf(db);
      await engine.settleJobs(worker, [
        result(job, { arrive: [{ node: "j", expects: 2, live: [0], dead: [], reads: [] }] }),
      ]);
      const state = await runState(db, run);
      assertEquals([state.status, state.error?.code], ["failed", "internal"]);
      assertEquals(await leftovers(db, run), { tokens: 0, joins: 0 });
    },
  },
  "engine.settle_jobs() brings answers to joins": {
    "the last one makes the token, live over the slots that were, leased to who brought it": async (db) => {
      const { run, worker, jobs: [b, c, d] } = await fork(db, ["b", "c", "d"]);
      const engine = engineOf(db);
      const first = await engine.settleJobs(worker, [
        result(c!, { steps: [step("c", { output: "C" })], arrive: [answer([2], [])] }),
      ]);
      assertEquals(first.jobs, []);
      await engine.settleJobs(worker, [result(d!, { arrive: [answer([], [1])] })]);
      assertEquals(await leftovers(db, run), { tokens: 1, joins: 1 });
      const last = await engine.settleJobs(worker, [
        result(b!, { steps: [step("b", { output: "B" })], arrive: [answer([0], [])] }),
      ]);
      assertEquals(last.jobs.map((j) => [j.node, j.payload, j.outputs]), [
        ["j", { live: [0, 2] }, { b: "B", c: "C" }],
      ]);
      assertEquals(await leftovers(db, run), { tokens: 1, joins: 0 });
      assertEquals((await tokens(db, run))[0]?.worker_id, worker);
    },
    "a dead token when every answer was dead": async (db) => {
      const { run, worker, jobs: [b, c] } = await fork(db, ["b", "c"]);
      const engine = engineOf(db);
      await engine.settleJobs(worker, [result(b!, { arrive: [answer([], [0, 2])] })]);
      const { jobs } = await engine.settleJobs(worker, [result(c!, { arrive: [answer([], [1])] })]);
      assertEquals(jobs.map((j) => [j.node, j.payload, j.outputs]), [["j", { dead: true }, {}]]);
      assertEquals(await leftovers(db, run), { tokens: 1, joins: 0 });
    },
    "two answers of one settle meet": async (db) => {
      const { run, worker, jobs: [b, c] } = await fork(db, ["b", "c"]);
      const { jobs, settled } = await engineOf(db).settleJobs(worker, [
        result(b!, { arrive: [answer([1], [], 2)] }),
        result(c!, { arrive: [answer([0], [], 2)] }),
      ]);
      assertEquals(settled.toSorted(), [b!.job, c!.job].toSorted());
      assertEquals(jobs.map((j) => [j.node, j.payload]), [["j", { live: [0, 1] }]]);
      assertEquals(await leftovers(db, run), { tokens: 1, joins: 0 });
    },
    "answers at several joins of one result": async (db) => {
      const { run, worker, jobs: [b] } = await fork(db, ["b"]);
      const { jobs } = await engineOf(db).settleJobs(worker, [result(b!, {
        arrive: [
          { node: "j1", expects: 1, live: [0], dead: [], reads: [] },
          { node: "j2", expects: 2, live: [0], dead: [], reads: [] },
          { node: "j3", expects: 2, live: [], dead: [0, 1], reads: [] },
        ],
      })]);
      assertEquals(jobs.map((j) => [j.node, j.payload]).toSorted(), [["j1", { live: [0] }], ["j3", { dead: true }]]);
      assertEquals(await leftovers(db, run), { tokens: 2, joins: 1 });
    },
    "joins of different runs do not meet": async (db) => {
      const [one, two] = [await fork(db, ["b"]), await fork(db, ["b"])];
      const worker = one.worker;
      await db.sql`update public.job_queue set worker_id = ${worker} where run_id = ${two.run}`;
      const { jobs } = await engineOf(db).settleJobs(worker, [
        result(one.jobs[0]!, { arrive: [answer([0], [], 1)] }),
        result(two.jobs[0]!, { arrive: [answer([0], [], 1)] }),
      ]);
      assertEquals(jobs.map((j) => j.run_id).toSorted(), [one.run, two.run].toSorted());
    },
    "moving on while answering": async (db) => {
      const { run, worker, jobs: [b] } = await fork(db, ["b"]);
      await engineOf(db).settleJobs(worker, [
        result(b!, { move: { node: "c", reads: [], keep: true }, arrive: [answer([0], [], 2)] }),
      ]);
      assertEquals(await leftovers(db, run), { tokens: 1, joins: 1 });
      const { jobs } = await engineOf(db).settleJobs(worker, [
        result({ ...b!, epoch: 3 }, { arrive: [answer([], [1], 2)] }),
      ]);
      assertEquals(jobs[0]?.payload, { live: [0] });
    },
  },
});
