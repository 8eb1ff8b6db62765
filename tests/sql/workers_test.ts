import { assert, assertEquals } from "../helpers/assert.ts";
import type { TestDatabase } from "../helpers/postgres.ts";
import {
  begin,
  claimOne,
  engineOf,
  lapse,
  leftovers,
  newWorker,
  result,
  runState,
  step,
  stepStates,
} from "./_engine.ts";
import { scenarios } from "./_scenarios.ts";
import { said, settle } from "./_waits.ts";
import { createFlow, createTenant, parallel, rpc, service, startRun, type Tenant } from "./_world.ts";

async function queued(db: TestDatabase): Promise<{ tenant: Tenant; flow: string; run: string }> {
  const tenant = await createTenant(db);
  const flow = await createFlow(db, tenant);
  return { tenant, flow, run: await startRun(db, tenant, flow) };
}

async function token(db: TestDatabase, run: string) {
  const rows = await db.sql`
    select status, worker_id, attempts, epoch, resume, started_at from public.job_queue where run_id = ${run}`;
  return { ...rows[0] };
}

async function calls(db: TestDatabase) {
  return await db.sql`select method, url, headers, timeout_milliseconds from net.http_request_queue order by id`;
}

async function quiet(db: TestDatabase): Promise<void> {
  await db.sql`truncate net.http_request_queue`;
  for (const table of ["public.job_queue", "private.workers", "private.worker_wakes"]) {
    await db.sql.unsafe(`delete from ${table}`);
  }
}

scenarios("workers", {
  "engine.heartbeat()": {
    "prolongs the lease to 30 seconds from now": async (db) => {
      const worker = newWorker();
      await engineOf(db, { now: "2026-01-01T00:00:00Z" }).claimJobs(worker, 1, "worker");
      assertEquals(await engineOf(db, { now: "2026-01-01T00:00:20Z" }).heartbeat(worker), true);
      const [row] = await db.sql`select expires_at from private.workers where id = ${worker}`;
      assertEquals(row?.expires_at.toISOString(), "2026-01-01T00:00:50.000Z");
    },
    "says when the lease is lost": async (db) => {
      const engine = engineOf(db);
      const { worker } = await begin(db);
      await lapse(db, worker);
      assertEquals(await engine.heartbeat(worker), true, "late, but nobody has taken the jobs yet");
      await lapse(db, worker);
      await engine.tick();
      assertEquals(await engine.heartbeat(worker), false);
      assertEquals(await engine.heartbeat(newWorker()), false);
    },
  },
  "engine.release_worker()": {
    "gives the jobs back at once, to be resumed, and forgets the worker": async (db) => {
      const engine = engineOf(db);
      const { run, worker } = await begin(db);
      const { run: other, worker: living } = await begin(db);
      assertEquals(await engine.releaseWorker(worker), { freed: 1, more: true });
      assertEquals(await token(db, run), {
        status: "available",
        worker_id: null,
        attempts: 0,
        epoch: 1,
        resume: true,
        started_at: null,
      });
      assertEquals((await token(db, other)).worker_id, living);
      assertEquals((await db.sql`select from private.workers where id = ${worker}`).length, 0);
      await engine.releaseWorker(living);
      await db.sql`delete from public.job_queue`;
    },
    "says whether anything is due": async (db) => {
      const engine = engineOf(db);
      assertEquals(await engine.releaseWorker(newWorker()), { freed: 0, more: false });
      const { run } = await queued(db);
      await db.sql`update public.job_queue set scheduled_for = now() + interval '1 minute' where run_id = ${run}`;
      assertEquals(await engine.releaseWorker(newWorker()), { freed: 0, more: false });
      await db.sql`update public.job_queue set scheduled_for = now() where run_id = ${run}`;
      assertEquals(await engine.releaseWorker(newWorker()), { freed: 0, more: true });
    },
    "is harmless when it is called again": async (db) => {
      const { worker } = await begin(db);
      await engineOf(db).releaseWorker(worker);
      assertEquals((await engineOf(db).releaseWorker(worker)).freed, 0);
    },
    "a job that was given back again and again is not lost": async (db) => {
      const engine = engineOf(db);
      const { run } = await queued(db);
      for (let round = 0; round < 12; round++) {
        const worker = newWorker();
        assertEquals((await claimOne(engine, worker, run)).attempt, 1);
        await engine.releaseWorker(worker);
      }
      const worker = newWorker();
      await claimOne(engine, worker, run);
      await lapse(db, worker);
      assertEquals((await engine.tick()).runs_given_up, 0);
      assertEquals((await runState(db, run)).status, "running");
    },
  },
  "engine.tick()": {
    "gives the jobs of a worker that died to others, and the fence holds": async (db) => {
      const engine = engineOf(db);
      const { run, worker, job } = await begin(db);
      const { run: other, worker: living } = await begin(db);
      await engine.settleJobs(worker, [result(job, { hold: true, steps: [step("a", { output: 1 })] })]);
      await lapse(db, worker);
      const report = await engine.tick();
      assertEquals([report.workers_lost, report.jobs_freed], [1, 1]);
      assertEquals((await token(db, run)).resume, true);
      assertEquals((await token(db, other)).worker_id, living);

      assertEquals((await engine.settleJobs(worker, [result(job, { steps: [step("b")] })])).settled, []);
      const next = newWorker();
      const again = await claimOne(engine, next, run);
      assertEquals([again.attempt, again.recorded?.map((s) => s.node)], [2, ["a"]]);
      assertEquals((await engine.settleJobs(worker, [result(job, { steps: [step("b")] })])).settled, []);
      assertEquals((await engine.settleJobs(next, [result(again, { steps: [step("b")] })])).settled, [job.job]);
      assertEquals(await stepStates(db, run), ["a:1:completed", "b:1:completed"]);
    },
    "frees a token whose worker is not there at all": async (db) => {
      const { run } = await begin(db);
      await db.sql`delete from private.workers`;
      await engineOf(db).tick();
      assertEquals((await token(db, run)).status, "available");
    },
    "fails a run at its deadline, and a worker that holds it learns so": async (db) => {
      const engine = engineOf(db);
      const { run, worker, job } = await begin(db);
      const later = new Date(Date.now() + 86_400_500).toISOString();
      await db.sql`update private.workers set expires_at = ${later}`;
      assertEquals((await engine.tick()).runs_expired, 0);
      await engineOf(db, { now: later }).tick();
      const state = await runState(db, run);
      assertEquals([state.status, state.error?.code], ["failed", "run_timeout"]);
      assertEquals(await leftovers(db, run), { tokens: 0, joins: 0 });
      assertEquals((await engine.settleJobs(worker, [result(job)])).settled, []);
    },
    "fails a run that nobody has begun by its deadline": async (db) => {
      const { run } = await queued(db);
      await db.sql`update public.job_queue set deadline_at = now() - interval '1 second' where run_id = ${run}`;
      await engineOf(db).tick();
      const state = await runState(db, run);
      assertEquals([state.status, state.error?.code, state.started_at], ["failed", "run_timeout", null]);
    },
    "gives a run up when it has cost its eighth worker, naming the node": async (db) => {
      const engine = engineOf(db);
      const { run, worker, job } = await begin(db);
      const { jobs } = await engine.settleJobs(worker, [
        result(job, { move: { node: "crash", reads: [], keep: true } }),
      ]);
      assertEquals(jobs[0]?.attempt, 1);
      for (let lost = 1; lost <= 8; lost++) {
        const victim = lost === 1 ? worker : newWorker();
        if (lost > 1) assertEquals((await claimOne(engine, victim, run)).attempt, lost);
        await lapse(db, victim);
        assertEquals((await engine.tick()).runs_given_up, lost === 8 ? 1 : 0);
      }
      const state = await runState(db, run);
      assertEquals([state.status, state.error?.code, state.error?.node_id], ["failed", "worker_lost", "crash"]);
      assertEquals(await leftovers(db, run), { tokens: 0, joins: 0 });
    },
    "forgets what is old": async (db) => {
      const tenant = await createTenant(db);
      await createFlow(db, tenant, { p_idempotency_key: "old" });
      await createFlow(db, tenant, { p_idempotency_key: "new" });
      await db.sql`update private.idempotency_keys set created_at = now() - interval '25 hours' where key = 'old'`;
      await db.sql`
        insert into private.worker_wakes (created_at) values (now() - interval '61 minutes'), (now() - interval '59 minutes')`;
      await engineOf(db).tick();
      assertEquals((await db.sql`select key from private.idempotency_keys`).map((row) => row.key), ["new"]);
      assertEquals((await db.sql`select from private.worker_wakes`).length, 1);
    },
    "answers what it did": async (db) => {
      await db.sql`delete from public.job_queue`;
      await db.sql`delete from private.workers`;
      assertEquals(await engineOf(db).tick(), {
        workers_lost: 0,
        jobs_freed: 0,
        runs_expired: 0,
        runs_given_up: 0,
        schedules_fired: 0,
        ready: 0,
        workers_woken: 0,
      });
    },
  },
  "waking workers": {
    "nobody is called until the address is configured": async (db) => {
      await queued(db);
      await engineOf(db).tick();
      assertEquals((await calls(db)).length, 0);
      assertEquals((await db.sql`select from private.worker_wakes`).length, 0);
      await service(db, "configure", { p_functions_url: "https://example.com/functions/v1", p_max_workers: 3 });
    },
    "a start calls one worker with a ticket, and not a second one at once": async (db) => {
      await quiet(db);
      const { tenant, flow } = await queued(db);
      await startRun(db, tenant, flow);
      const [call, ...more] = await calls(db);
      assertEquals(more.length, 0);
      const [wake] = await db.sql`select ticket from private.worker_wakes`;
      assertEquals({ ...call }, {
        method: "POST",
        url: "https://example.com/functions/v1/worker/wake",
        headers: { "content-type": "application/json", "x-millrace-wake": wake?.ticket },
        timeout_milliseconds: 5000,
      });
    },
    "a start calls nobody while a worker is awake, or when the caller runs it": async (db) => {
      await quiet(db);
      const { tenant, flow } = await queued(db);
      await quiet(db);
      await engineOf(db).claimJobs(newWorker(), 1, "worker");
      await startRun(db, tenant, flow);
      assertEquals((await calls(db)).length, 0);
      await quiet(db);
      await startRun(db, tenant, flow, { p_wake: false });
      assertEquals((await calls(db)).length, 0);
      await engineOf(db).claimJobs(newWorker(), 0, "inline");
      await startRun(db, tenant, flow);
      assertEquals((await calls(db)).length, 1, "a worker that only runs its own request is no help");
    },
    "a worker that has not been heard of for fifteen seconds is not counted on, though its lease still holds": async (
      db,
    ) => {
      await quiet(db);
      const { tenant, flow } = await queued(db);
      await quiet(db);
      const worker = newWorker();
      await engineOf(db).claimJobs(worker, 1, "worker");
      await db.sql`update private.workers set expires_at = now() + interval '14 seconds', is_listening = true`;
      await startRun(db, tenant, flow);
      assertEquals((await calls(db)).length, 1);
      assertEquals(await engineOf(db).heartbeat(worker), true);
      await quiet(db);
    },
    "a request that runs its own run calls one for the run that a step starts, and for a step that need not wait":
      async (db) => {
        const move = {
          node: "w",
          reads: [],
          keep: false,
          payload: { wait: {} },
          wait: { kind: "signal", name: "paid" },
        };
        const child = { node: "w", input: {}, wait: true, reads: [] };
        for (const started of [true, false]) {
          const { tenant, run, worker, job } = await begin(db);
          const flow_id = await createFlow(db, tenant);
          if (!started) await rpc(db, tenant.user, "signal_run", { p_run_id: run, p_name: "paid" });
          await db.sql`update private.workers set kind = 'inline'`;
          await db.sql`delete from private.worker_wakes`;
          await db.sql`truncate net.http_request_queue`;
          await settle(db, worker, [
            said(job, started ? { steps: [], child: { ...child, flow_id } } : { steps: [], move }),
          ]);
          assertEquals((await calls(db)).length, 1);
        }
      },
    "a ticket is good once, for a minute, and an unknown one never": async (db) => {
      await quiet(db);
      const wake = async (age: string) => {
        const [row] = await db.sql<{ ticket: string }[]>`
          insert into private.worker_wakes (created_at) values (now() - ${age}::interval) returning ticket`;
        return row!.ticket;
      };
      const engine = engineOf(db);
      const ticket = await wake("59 seconds");
      const redeemed = await parallel(8, () => engine.redeemWake(ticket));
      assertEquals(redeemed.filter(Boolean).length, 1);
      assertEquals(await engine.redeemWake(ticket), false);
      assertEquals(await engine.redeemWake(await wake("61 seconds")), false);
      assertEquals(await engine.redeemWake(crypto.randomUUID()), false);
    },
    "the tick calls as many as the backlog needs, less those awake or called, up to the limit": async (db) => {
      await quiet(db);
      const { tenant, flow } = await queued(db);
      await quiet(db);
      const backlog = (count: number) =>
        db.sql`select private.create_run(f, 'manual', '{}') from public.flows f, generate_series(1, ${count}) where f.id = ${flow}`;
      const woken = async () => (await engineOf(db).tick()).workers_woken;
      await backlog(1);
      assertEquals(await woken(), 1);
      assertEquals(await woken(), 0, "one has just been called");
      await backlog(60);
      assertEquals(await woken(), 1, "51 to 100 jobs need two");
      await backlog(500);
      assertEquals(await woken(), 1, "three at the most");
      await db.sql`update private.worker_wakes set redeemed_at = now()`;
      await service(db, "claim_jobs", { p_worker_id: newWorker(), p_limit: 1 });
      assertEquals(await woken(), 2, "one is awake");
      assert(tenant.organizationId);
    },
    "a worker that goes wakes a successor when work is due, if it wants one": async (db) => {
      await quiet(db);
      const { run } = await queued(db);
      await quiet(db);
      const engine = engineOf(db);
      await engine.releaseWorker(newWorker(), true);
      assertEquals((await calls(db)).length, 0, "nothing is due");
      await db.sql`insert into public.job_queue (organization_id, type) values (${run}, 'test')`;
      await engine.releaseWorker(newWorker(), false);
      assertEquals((await calls(db)).length, 0);
      await engine.releaseWorker(newWorker(), true);
      assertEquals((await calls(db)).length, 1);
    },
    "a call that its transaction undoes is never made": async (db) => {
      await quiet(db);
      const { tenant, flow } = await queued(db);
      await quiet(db);
      await db.as("authenticated", tenant.user.claims, async (sql) => {
        await sql`select public.start_run(${flow})`;
        throw new Error("undone");
      }).catch(() => {});
      assertEquals((await calls(db)).length, 0);
      assert(await rpc(db, tenant.user, "start_run", { p_flow_id: flow }));
      assertEquals((await calls(db)).length, 1);
    },
  },
});
