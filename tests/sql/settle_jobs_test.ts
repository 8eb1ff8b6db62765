import type { Job } from "../../shared/engine/mod.ts";
import { assert, assertEquals } from "../helpers/assert.ts";
import type { TestDatabase } from "../helpers/postgres.ts";
import { claimOne, engineOf, leftovers, newWorker, result, runState, snapshot, step, stepStates } from "./_engine.ts";
import { scenarios } from "./_scenarios.ts";
import { createFlow, createTenant, startRun } from "./_world.ts";

/** A run whose first token is leased to a new worker. */
async function begun(db: TestDatabase): Promise<{ run: string; worker: string; job: Job }> {
  const tenant = await createTenant(db);
  const run = await startRun(db, tenant, await createFlow(db, tenant));
  const worker = newWorker();
  return { run, worker, job: await claimOne(engineOf(db), worker, run) };
}

async function tokens(db: TestDatabase, run: string) {
  const rows = await db.sql`
    select node_id, status, worker_id, attempts, max_attempts, epoch, resume, reads, payload, error_message,
      extract(epoch from scheduled_for - private.now())::float8 as due_in
    from public.job_queue where run_id = ${run} order by node_id nulls first, id`;
  return rows.map((row) => ({ ...row })) as Record<string, unknown>[];
}

scenarios("engine.settle_jobs() moves a token", {
  "hold: the steps are recorded and the token stays as it is": async (db) => {
    const { run, worker, job } = await begun(db);
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
    const { run, worker, job } = await begun(db);
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
    const { run, worker, job } = await begun(db);
    const reply = await engineOf(db).settleJobs(worker, [
      result(job, { move: { node: "b", reads: [], keep: false } }),
    ]);
    assertEquals(reply, { settled: [job.job], jobs: [] });
    const [token] = await tokens(db, run);
    assertEquals([token?.status, token?.worker_id, token?.attempts, token?.epoch], ["available", null, 0, 2]);
    const next = await claimOne(engineOf(db), newWorker(), run);
    assertEquals([next.node, next.attempt, next.epoch], ["b", 1, 3]);
  },
  "move with attempt and delay: a retry, not before its time": async (db) => {
    const { run, worker, job } = await begun(db);
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
    const { run, worker, job } = await begun(db);
    await engineOf(db).settleJobs(worker, [
      result(job, { move: { node: "b", reads: [], keep: false, attempt: 12, delayMs: 0 } }),
    ]);
    assertEquals((await tokens(db, run))[0]?.max_attempts, 20);
  },
  "spawn: new tokens, leased to the worker or free": async (db) => {
    const { run, worker, job } = await begun(db);
    const reply = await engineOf(db).settleJobs(worker, [result(job, {
      steps: [step("a", { output: 7 })],
      move: { node: "b", reads: ["a"], keep: true },
      spawn: [{ node: "c", reads: ["a"], keep: true }, { node: "d", reads: [], keep: false, payload: { dead: true } }],
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
    const { run, worker, job } = await begun(db);
    const leaf = step("a", { output: { done: true }, leaf: true });
    const reply = await engineOf(db).settleJobs(worker, [result(job, { steps: [leaf] })]);
    assertEquals(reply, { settled: [job.job], jobs: [] });
    const state = await runState(db, run);
    assertEquals([state.status, state.output, state.error], ["completed", { done: true }, null]);
    assert(state.finished_at !== null);
    assertEquals(await leftovers(db, run), { tokens: 0, joins: 0 });
  },
  "consume: a run with several leaves has no output, one without any neither": async (db) => {
    for (const nodes of [["a", "b"], []]) {
      const { run, worker, job } = await begun(db);
      const steps = nodes.map((node) => step(node, { output: node, leaf: true }));
      await engineOf(db).settleJobs(worker, [result(job, { steps })]);
      const state = await runState(db, run);
      assertEquals([state.status, state.output], ["completed", null]);
    }
  },
  "consume: a skipped leaf is not the output": async (db) => {
    const { run, worker, job } = await begun(db);
    const steps = [step("a", { output: 1, leaf: true }), step("b", { status: "skipped", leaf: true })];
    await engineOf(db).settleJobs(worker, [result(job, { steps })]);
    assertEquals((await runState(db, run)).output, 1);
  },
  "consume: while another token lives the run goes on": async (db) => {
    const { run, worker, job } = await begun(db);
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
});

scenarios("engine.settle_jobs() finishes a run", {
  "completed, with an output, or with none": async (db) => {
    for (const output of [{ total: 3 }, "text", 0, false, null]) {
      const { run, worker, job } = await begun(db);
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
    const { run, worker, job } = await begun(db);
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
    const { run, worker, job } = await begun(db);
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
    const { run, worker, job } = await begun(db);
    const engine = engineOf(db);
    await engine.settleJobs(worker, [
      result(job, { arrive: [{ node: "j", expects: 2, live: [0], dead: [], reads: [] }] }),
    ]);
    const state = await runState(db, run);
    assertEquals([state.status, state.error?.code], ["failed", "internal"]);
    assertEquals(await leftovers(db, run), { tokens: 0, joins: 0 });
  },
});

/** A run with one token at each node of `nodes`, all leased to one worker. */
async function forked(db: TestDatabase, nodes: string[]): Promise<{ run: string; worker: string; jobs: Job[] }> {
  const { run, worker, job } = await begun(db);
  const [first, ...others] = nodes;
  const { jobs } = await engineOf(db).settleJobs(worker, [result(job, {
    move: { node: first!, reads: [], keep: true },
    spawn: others.map((node) => ({ node, reads: [], keep: true })),
  })]);
  return { run, worker, jobs: nodes.map((node) => jobs.find((j) => j.node === node)!) };
}

const answer = (live: number[], dead: number[], expects = 3) => ({ node: "j", expects, live, dead, reads: ["b", "c"] });

scenarios("engine.settle_jobs() brings answers to joins", {
  "the last one makes the token, live over the slots that were, leased to who brought it": async (db) => {
    const { run, worker, jobs: [b, c, d] } = await forked(db, ["b", "c", "d"]);
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
    const { run, worker, jobs: [b, c] } = await forked(db, ["b", "c"]);
    const engine = engineOf(db);
    await engine.settleJobs(worker, [result(b!, { arrive: [answer([], [0, 2])] })]);
    const { jobs } = await engine.settleJobs(worker, [result(c!, { arrive: [answer([], [1])] })]);
    assertEquals(jobs.map((j) => [j.node, j.payload, j.outputs]), [["j", { dead: true }, {}]]);
    assertEquals(await leftovers(db, run), { tokens: 1, joins: 0 });
  },
  "two answers of one settle meet": async (db) => {
    const { run, worker, jobs: [b, c] } = await forked(db, ["b", "c"]);
    const { jobs, settled } = await engineOf(db).settleJobs(worker, [
      result(b!, { arrive: [answer([1], [], 2)] }),
      result(c!, { arrive: [answer([0], [], 2)] }),
    ]);
    assertEquals(settled.toSorted(), [b!.job, c!.job].toSorted());
    assertEquals(jobs.map((j) => [j.node, j.payload]), [["j", { live: [0, 1] }]]);
    assertEquals(await leftovers(db, run), { tokens: 1, joins: 0 });
  },
  "answers at several joins of one result": async (db) => {
    const { run, worker, jobs: [b] } = await forked(db, ["b"]);
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
    const [one, two] = [await forked(db, ["b"]), await forked(db, ["b"])];
    const worker = one.worker;
    await db.sql`update public.job_queue set worker_id = ${worker} where run_id = ${two.run}`;
    const { jobs } = await engineOf(db).settleJobs(worker, [
      result(one.jobs[0]!, { arrive: [answer([0], [], 1)] }),
      result(two.jobs[0]!, { arrive: [answer([0], [], 1)] }),
    ]);
    assertEquals(jobs.map((j) => j.run_id).toSorted(), [one.run, two.run].toSorted());
  },
  "moving on while answering": async (db) => {
    const { run, worker, jobs: [b] } = await forked(db, ["b"]);
    await engineOf(db).settleJobs(worker, [
      result(b!, { move: { node: "c", reads: [], keep: true }, arrive: [answer([0], [], 2)] }),
    ]);
    assertEquals(await leftovers(db, run), { tokens: 1, joins: 1 });
    const { jobs } = await engineOf(db).settleJobs(worker, [
      result({ ...b!, epoch: 3 }, { arrive: [answer([], [1], 2)] }),
    ]);
    assertEquals(jobs[0]?.payload, { live: [0] });
  },
});

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

scenarios("engine.settle_jobs() writes nothing at all", {
  "of a job that another worker holds now": async (db) => {
    const engine = engineOf(db);
    for (const [verb, fields] of Object.entries(VERBS)) {
      const { run, worker, job } = await begun(db);
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
      const { run, worker, job } = await begun(db);
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
      const freed = await begun(db);
      await engine.releaseWorker(freed.worker);
      const ended = await begun(db);
      await engine.settleJobs(ended.worker, [result(ended.job)]);
      const before = await snapshot(db);
      for (const { worker, job } of [freed, ended]) {
        assertEquals(await engine.settleJobs(worker, [result(job, fields(job))]), { settled: [], jobs: [] }, verb);
      }
      assertEquals(await snapshot(db), before, verb);
    }
  },
  "of another worker's job": async (db) => {
    const { job } = await begun(db);
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
});

scenarios("engine.settle_jobs() sent twice", {
  "changes nothing the second time, whatever it says": async (db) => {
    const engine = engineOf(db);
    for (const [verb, fields] of Object.entries(VERBS)) {
      const { worker, job } = await begun(db);
      const settle = () => engine.settleJobs(worker, [result(job, fields(job))]);
      assertEquals((await settle()).settled, [job.job], verb);
      const before = await snapshot(db);
      const again = await settle();
      assertEquals(again, { settled: verb === "hold" ? [job.job] : [], jobs: [] }, verb);
      assertEquals(await snapshot(db), before, verb);
    }
  },
  "a recorded step is not written over": async (db) => {
    const { run, worker, job } = await begun(db);
    const engine = engineOf(db);
    await engine.settleJobs(worker, [result(job, { hold: true, steps: [step("a", { output: "first" })] })]);
    await engine.settleJobs(worker, [
      result(job, { hold: true, steps: [step("a", { output: "second" }), step("a", { output: "third" })] }),
    ]);
    const rows = await db.sql`select output from public.run_steps where run_id = ${run}`;
    assertEquals(rows.map((row) => row.output), ["first"]);
  },
});

scenarios("engine.settle_jobs() with a batch", {
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
    const { run, worker, job } = await begun(db);
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
});

scenarios("what has ended never changes", {
  "a run in a terminal state": async (db) => {
    const { run, worker, job } = await begun(db);
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
    const { run, worker, job } = await begun(db);
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
    const { run } = await begun(db);
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
});
