import type { EngineClient, Job, JobResult } from "../../shared/engine/mod.ts";
import { assertEquals } from "../helpers/assert.ts";
import type { TestDatabase } from "../helpers/postgres.ts";
import {
  begin,
  claimOne,
  engineOf,
  fork,
  lapse,
  leftovers,
  newWorker,
  result,
  runState,
  step,
  stepStates,
} from "./_engine.ts";
import { interleave } from "./_interleave.ts";
import { scenarios } from "./_scenarios.ts";
import { failureOf, service } from "./_world.ts";

async function token(db: TestDatabase, run: string) {
  const rows = await db
    .sql`select node_id, status, worker_id, epoch, resume from public.job_queue where run_id = ${run}`;
  return { ...rows[0] };
}

const settle = (engine: EngineClient, worker: string, ...results: JobResult[]) => engine.settleJobs(worker, results);

/** What a settle may say of a token, and whether it ends the run. */
const VERBS: Record<string, { ends: boolean; fields: Parameters<typeof result>[1] }> = {
  hold: { ends: false, fields: { hold: true } },
  move: { ends: false, fields: { move: { node: "b", reads: [], keep: true } } },
  spawn: {
    ends: false,
    fields: { move: { node: "b", reads: [], keep: true }, spawn: [{ node: "c", reads: [], keep: true }] },
  },
  arrive: { ends: false, fields: { arrive: [{ node: "j", expects: 1, live: [0], dead: [], reads: [] }] } },
  consume: { ends: true, fields: {} },
  finish: { ends: true, fields: { finish: { status: "completed", output: 1, error: null } } },
};

const answer = (slot: number) => ({ node: "j", expects: 2, live: [slot], dead: [], reads: [] });

scenarios("settles, interleaved", {
  "settle and tick": {
    "a settle that is under way when its lease lapses is written; the token goes to others at the next tick": (db) =>
      interleave(db, async (stage) => {
        const { run, worker, job } = await begin(db);
        const settling = await stage.session("settle");
        const move = { node: "b", reads: [], keep: true };
        const reply = await settle(settling.engine, worker, result(job, { steps: [step("a")], move }));
        assertEquals(reply.settled, [job.job]);
        await lapse(db, worker);
        // Does not wait for the settle.
        assertEquals((await engineOf(db).tick()).jobs_freed, 0);
        await settling.commit();
        assertEquals(await token(db, run), {
          node_id: "b",
          status: "running",
          worker_id: worker,
          epoch: 2,
          resume: false,
        });
        assertEquals((await engineOf(db).tick()).jobs_freed, 1);
        assertEquals(await token(db, run), {
          node_id: "b",
          status: "available",
          worker_id: null,
          epoch: 2,
          resume: true,
        });
        assertEquals(await stepStates(db, run), ["a:1:completed"]);
      }),
    "tokens that a settle makes while its lease lapses are found too": (db) =>
      interleave(db, async (stage) => {
        const { run, worker, job } = await begin(db);
        const settling = await stage.session("settle");
        await settle(
          settling.engine,
          worker,
          result(job, {
            move: { node: "b", reads: [], keep: true },
            spawn: [{ node: "c", reads: [], keep: true }],
          }),
        );
        await lapse(db, worker);
        await engineOf(db).tick();
        await settling.commit();
        await engineOf(db).tick();
        const rows = await db.sql`select status from public.job_queue where run_id = ${run}`;
        assertEquals(rows.map((row) => row.status), ["available", "available"]);
      }),
    "a settle that comes while the tick takes the token away writes nothing": (db) =>
      interleave(db, async (stage) => {
        const { run, worker, job } = await begin(db);
        await lapse(db, worker);
        const [ticking, settling] = [await stage.session("tick"), await stage.session("settle")];
        assertEquals((await ticking.engine.tick()).jobs_freed, 1);
        const waiting = await stage.untilBlocked(
          settling,
          () => settle(settling.engine, worker, result(job, { steps: [step("a")] })),
        );
        await ticking.commit();
        assertEquals(await waiting.result, { settled: [], jobs: [] });
        await settling.commit();
        assertEquals(await stepStates(db, run), []);
        assertEquals((await token(db, run)).status, "available");
        const next = await claimOne(engineOf(db), newWorker(), run);
        assertEquals([next.epoch, next.recorded], [2, []]);
      }),
    "a run past its deadline that is being settled is left to the next tick": (db) =>
      interleave(db, async (stage) => {
        const { run, worker, job } = await begin(db);
        await db.sql`update public.job_queue set deadline_at = now() - interval '1 second' where run_id = ${run}`;
        const settling = await stage.session("settle");
        await settle(settling.engine, worker, result(job, { hold: true, steps: [step("a")] }));
        assertEquals((await engineOf(db).tick()).runs_expired, 0);
        await settling.commit();
        assertEquals((await engineOf(db).tick()).runs_expired, 1);
        const state = await runState(db, run);
        assertEquals([state.status, state.error?.code], ["failed", "run_timeout"]);
        assertEquals(await leftovers(db, run), { tokens: 0, joins: 0 });
      }),
    "two ticks at once: the second has nothing to do": (db) =>
      interleave(db, async (stage) => {
        const ticking = await stage.session("tick");
        await ticking.engine.tick();
        assertEquals(await engineOf(db).tick(), { skipped: true });
        await ticking.rollback();
      }),
  },
  "settle and cancel": {
    "settle first: what it did stays, the run is cancelled, nothing is left of it": (db) =>
      interleave(db, async (stage) => {
        const [settling, cancelling] = [await stage.session("settle"), await stage.session("cancel")];
        for (const [verb, { ends, fields }] of Object.entries(VERBS)) {
          const { tenant, run, worker, job } = await begin(db);
          await settle(settling.engine, worker, result(job, { steps: [step("a")], ...fields }));
          const waiting = await stage.untilBlocked(
            cancelling,
            () => cancelling.rpc(tenant.user, "cancel_run", { p_run_id: run }),
          );
          await settling.commit();
          if (ends) {
            assertEquals((await failureOf(waiting.result)).code, "run_finished", verb);
            await cancelling.rollback();
          } else {
            await waiting.result;
            await cancelling.commit();
          }
          assertEquals((await runState(db, run)).status, ends ? "completed" : "cancelled", verb);
          assertEquals(await stepStates(db, run), ["a:1:completed"], verb);
          assertEquals(await leftovers(db, run), { tokens: 0, joins: 0 }, verb);
        }
      }),
    "settle first: what it did is undone where the flow says so, though it was not written yet": (db) =>
      interleave(db, async (stage) => {
        const [settling, cancelling] = [await stage.session("settle"), await stage.session("cancel")];
        for (const verb of ["hold", "move", "spawn"]) {
          const { tenant, run, worker, job } = await begin(db);
          await db.sql`
            update public.flow_versions set undo_nodes = '{a}', compensate_on_cancel = true
            where id = (select flow_version_id from public.runs where id = ${run})`;
          await settle(settling.engine, worker, result(job, { steps: [step("a")], ...VERBS[verb]!.fields }));
          const waiting = await stage.untilBlocked(
            cancelling,
            () => cancelling.rpc(tenant.user, "cancel_run", { p_run_id: run }),
          );
          await settling.commit();
          await waiting.result;
          await cancelling.commit();
          assertEquals((await runState(db, run)).status, "compensating", verb);
          assertEquals(await leftovers(db, run), { tokens: 1, joins: 0 }, verb);
        }
      }),
    "cancel first: the settle waits and writes nothing": (db) =>
      interleave(db, async (stage) => {
        const [settling, cancelling] = [await stage.session("settle"), await stage.session("cancel")];
        for (const [verb, { fields }] of Object.entries(VERBS)) {
          const { tenant, run, worker, job } = await begin(db);
          await cancelling.rpc(tenant.user, "cancel_run", { p_run_id: run });
          const waiting = await stage.untilBlocked(
            settling,
            () => settle(settling.engine, worker, result(job, { steps: [step("a")], ...fields })),
          );
          await cancelling.commit();
          assertEquals(await waiting.result, { settled: [], jobs: [] }, verb);
          await settling.commit();
          assertEquals((await runState(db, run)).status, "cancelled", verb);
          assertEquals(await stepStates(db, run), [], verb);
          assertEquals(await leftovers(db, run), { tokens: 0, joins: 0 }, verb);
        }
      }),
    "two tokens of a run take their locks in one order, so neither waits for the other": (db) =>
      interleave(db, async (stage) => {
        const { tenant, run, worker, jobs } = await fork(db, ["b", "c"]);
        const byId = jobs.toSorted((one, other) => one.job < other.job ? -1 : 1);
        // The older token comes after the younger one in the table: no order but the one that is asked for is that of the ids.
        await db.sql`
          with gone as (delete from public.job_queue where id = ${byId[0]!.job} returning *)
          insert into public.job_queue select * from gone`;
        const blockers = [await stage.session("first token"), await stage.session("second token")];
        for (const [index, blocker] of blockers.entries()) {
          await blocker.run("select from public.job_queue where id = $1 for update", [byId[index]!.job]);
        }
        const [settling, cancelling] = [await stage.session("settle"), await stage.session("cancel")];
        // The results come in the order opposite to the ids; the cancellation goes by the index.
        const settled = await stage.untilBlocked(settling, () =>
          settle(
            settling.engine,
            worker,
            ...byId.toReversed().map((job) => result(job, { move: { node: "x", reads: [], keep: false } })),
          ));
        const cancelled = await stage.untilBlocked(
          cancelling,
          () => cancelling.rpc(tenant.user, "cancel_run", { p_run_id: run }),
        );
        await blockers[1]!.rollback();
        await blockers[0]!.rollback();
        assertEquals((await settled.result).settled.length, 2);
        await settling.commit();
        await cancelled.result;
        await cancelling.commit();
        assertEquals((await runState(db, run)).status, "cancelled");
        assertEquals(await leftovers(db, run), { tokens: 0, joins: 0 });
      }),
  },
  "two settles of one run": {
    "at the same join: whoever comes last gets the token": (db) =>
      interleave(db, async (stage) => {
        const sessions = [await stage.session("one"), await stage.session("two")] as const;
        for (const order of [[0, 1], [1, 0]] as const) {
          const { run, worker, jobs } = await fork(db, ["b", "c"]);
          const [first, last] = [sessions[order[0]], sessions[order[1]]];
          const early = await settle(first.engine, worker, result(jobs[order[0]]!, { arrive: [answer(order[0])] }));
          assertEquals(early.jobs, []);
          const waiting = await stage.untilBlocked(
            last,
            () => settle(last.engine, worker, result(jobs[order[1]]!, { arrive: [answer(order[1])] })),
          );
          await first.commit();
          const { jobs: made } = await waiting.result;
          await last.commit();
          assertEquals(made.map((job) => [job.node, job.payload]), [["j", { live: [0, 1] }]]);
          assertEquals(await leftovers(db, run), { tokens: 1, joins: 0 });
        }
      }),
    "at the same join: when the first is undone, the last one waits on as the first": (db) =>
      interleave(db, async (stage) => {
        const { run, worker, jobs } = await fork(db, ["b", "c"]);
        const [first, last] = [await stage.session("one"), await stage.session("two")];
        await settle(first.engine, worker, result(jobs[0]!, { arrive: [answer(0)] }));
        const waiting = await stage.untilBlocked(
          last,
          () => settle(last.engine, worker, result(jobs[1]!, { arrive: [answer(1)] })),
        );
        await first.rollback();
        assertEquals((await waiting.result).jobs, []);
        await last.commit();
        const { jobs: made } = await settle(engineOf(db), worker, result(jobs[0]!, { arrive: [answer(0)] }));
        assertEquals(made.map((job) => job.payload), [{ live: [0, 1] }]);
        assertEquals(await leftovers(db, run), { tokens: 1, joins: 0 });
      }),
    "that both consume their token: exactly one ends the run": (db) =>
      interleave(db, async (stage) => {
        const { run, worker, jobs } = await fork(db, ["b", "c"]);
        const [first, last] = [await stage.session("one"), await stage.session("two")];
        await settle(first.engine, worker, result(jobs[0]!, { steps: [step("b")] }));
        const waiting = await stage.untilBlocked(
          last,
          () => settle(last.engine, worker, result(jobs[1]!, { steps: [step("c", { leaf: true, output: "C" })] })),
        );
        await first.commit();
        assertEquals((await runState(db, run)).status, "running");
        await waiting.result;
        await last.commit();
        const state = await runState(db, run);
        assertEquals([state.status, state.output], ["completed", "C"]);
        assertEquals(await leftovers(db, run), { tokens: 0, joins: 0 });
      }),
    "one finishes it while the other forks: no token outlives the run": (db) =>
      interleave(db, async (stage) => {
        const forking = { move: { node: "d", reads: [], keep: true }, spawn: [{ node: "e", reads: [], keep: true }] };
        const ending = { finish: { status: "completed" as const, output: 1, error: null } };
        for (const [early, late] of [[forking, ending], [ending, forking]]) {
          const { run, worker, jobs } = await fork(db, ["b", "c"]);
          const [first, last] = [await stage.session("one"), await stage.session("two")];
          await settle(first.engine, worker, result(jobs[0]!, early));
          const waiting = await stage.untilBlocked(last, () => settle(last.engine, worker, result(jobs[1]!, late)));
          await first.commit();
          await waiting.result;
          await last.commit();
          assertEquals((await runState(db, run)).status, "completed");
          assertEquals(await leftovers(db, run), { tokens: 0, joins: 0 });
        }
      }),
    "the same settle sent again while the first is under way is written once": (db) =>
      interleave(db, async (stage) => {
        const { run, worker, job } = await begin(db);
        const [first, again] = [await stage.session("first"), await stage.session("again")];
        const said = result(job, { steps: [step("a")], move: { node: "b", reads: [], keep: true } });
        await settle(first.engine, worker, said);
        const waiting = await stage.untilBlocked(again, () => settle(again.engine, worker, said));
        await first.commit();
        assertEquals(await waiting.result, { settled: [], jobs: [] });
        await again.commit();
        assertEquals(await stepStates(db, run), ["a:1:completed"]);
        assertEquals((await token(db, run)).epoch, 2);
      }),
    "two batches over the same runs take their locks in one order": (db) =>
      interleave(db, async (stage) => {
        const pairs = [await fork(db, ["b", "c"]), await fork(db, ["b", "c"])];
        const [mine, other] = [pairs[0]!.worker, newWorker()];
        await service(db, "claim_jobs", { p_worker_id: other });
        const [one, two] = pairs as [typeof pairs[0], typeof pairs[0]];
        await db.sql`update public.job_queue set worker_id = ${mine} where id in (${one!.jobs[0]!.job}, ${
          two!.jobs[0]!.job
        })`;
        await db.sql`update public.job_queue set worker_id = ${other} where id in (${one!.jobs[1]!.job}, ${
          two!.jobs[1]!.job
        })`;
        const [first, second] = [await stage.session("one"), await stage.session("two")];
        const blocker = await stage.session("blocker");
        const runs = [one!.run, two!.run].toSorted();
        await blocker.run("select from public.runs where id = $1 for update", [runs[1]!]);
        const ends = (jobs: (Job | undefined)[]) => jobs.map((job) => result(job!));
        const waiting = [
          await stage.untilBlocked(first, () => settle(first.engine, mine, ...ends([one!.jobs[0], two!.jobs[0]]))),
          await stage.untilBlocked(second, () => settle(second.engine, other, ...ends([two!.jobs[1], one!.jobs[1]]))),
        ];
        await blocker.rollback();
        assertEquals((await waiting[0]!.result).settled.length, 2);
        await first.commit();
        assertEquals((await waiting[1]!.result).settled.length, 2);
        await second.commit();
        for (const { run } of pairs) assertEquals((await runState(db, run)).status, "completed");
      }),
  },
});
