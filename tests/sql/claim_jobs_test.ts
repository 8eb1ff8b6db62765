import { assert, assertEquals } from "../helpers/assert.ts";
import type { TestDatabase } from "../helpers/postgres.ts";
import { claimOne, engineOf, newWorker, result, runState, step } from "./_engine.ts";
import { scenarios } from "./_scenarios.ts";
import { createFlow, createTenant, parallel, rpc, service, startRun, type Tenant } from "./_world.ts";

/** A tenant with a flow and this many queued runs, made at one stroke. */
async function backlog(db: TestDatabase, count: number): Promise<{ tenant: Tenant; flow: string }> {
  const tenant = await createTenant(db);
  const flow = await createFlow(db, tenant);
  await db.sql`
    select private.create_run(f, 'manual', '{}') from public.flows f, generate_series(1, ${count}) where f.id = ${flow}`;
  return { tenant, flow };
}

async function emptyQueue(db: TestDatabase): Promise<void> {
  await db.sql`delete from public.job_queue`;
  // Whoever had work keeps its turn for a while, and would count among those who wait.
  await db.sql`delete from private.job_turns`;
}

scenarios("engine.claim_jobs()", {
  "engine.claim_jobs() gives a job": {
    "with all that a worker needs": async (db) => {
      const tenant = await createTenant(db);
      const flow = await createFlow(db, tenant);
      const run = await startRun(db, tenant, flow, {
        p_input: { n: 9, deep: { nothing: null } },
        p_trigger_node: "start",
        p_traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
      });
      const job = await claimOne(engineOf(db), newWorker());
      const [version] = await db.sql`select current_version_id as id from public.flows where id = ${flow}`;
      const { job: id, deadline_ms, now = 0, started_at, ...rest } = job;
      assert(/^[0-9a-f-]{36}$/.test(id));
      assert(deadline_ms > 86_300_000 && deadline_ms <= 86_400_000, String(deadline_ms));
      assert(!Number.isNaN(Date.parse(started_at)));
      assert(Math.abs(now - Date.now()) < 60_000, String(now));
      assertEquals(rest, {
        type: "flow.step",
        epoch: 1,
        attempt: 1,
        organization_id: tenant.organizationId,
        run_id: run,
        trigger: "manual",
        trigger_node: "start",
        traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        flow_id: flow,
        flow_version_id: version?.id,
        input: { n: 9, deep: { nothing: null } },
        outputs: {},
        recorded: null,
      });
      assertEquals((await runState(db, run)).status, "running");
      await emptyQueue(db);
    },
    "with the outputs that its node reads, and no others": async (db) => {
      const engine = engineOf(db);
      const tenant = await createTenant(db);
      const run = await startRun(db, tenant, await createFlow(db, tenant));
      const worker = newWorker();
      const first = await claimOne(engine, worker);
      await engine.settleJobs(worker, [result(first, {
        steps: [
          step("a", { output: { x: [1] } }),
          step("b", { output: "secret" }),
          step("c", { output: null }),
          step("d", { attempt: 1, status: "retried", error: { code: "http_error", message: "No" } }),
          step("d", { attempt: 2, output: false }),
        ],
        move: { node: "e", reads: ["a", "c", "d", "missing"], keep: false },
      })]);
      const job = await claimOne(engine, newWorker(), run);
      assertEquals(job.node, "e");
      assertEquals(job.outputs, { a: { x: [1] }, d: false });
      assertEquals(job.recorded, null, "nothing after the token can be recorded");
      await emptyQueue(db);
    },
    "with what is recorded, after its worker was lost": async (db) => {
      const engine = engineOf(db);
      const tenant = await createTenant(db);
      await startRun(db, tenant, await createFlow(db, tenant));
      const worker = newWorker();
      const first = await claimOne(engine, worker);
      await engine.settleJobs(worker, [result(first, {
        hold: true,
        steps: [
          step("a", { output: 1, handles: ["out"] }),
          step("b", { status: "skipped" }),
          step("c", { attempt: 1, status: "retried", error: { code: "http_error", message: "No" } }),
        ],
      })]);
      await engine.releaseWorker(worker);
      const again = await claimOne(engine, newWorker());
      assertEquals(again.job, first.job);
      assertEquals(again.epoch, first.epoch + 1);
      assertEquals(again.recorded?.toSorted((a, b) => a.node < b.node ? -1 : 1), [
        { node: "a", status: "completed", handles: ["out"], output: 1 },
        { node: "b", status: "skipped", handles: null, output: null },
      ]);
      await emptyQueue(db);
    },
    "raising the epoch and the attempts each time": async (db) => {
      const engine = engineOf(db);
      await backlog(db, 1);
      for (const epoch of [1, 2, 3]) {
        const worker = newWorker();
        assertEquals((await claimOne(engine, worker)).epoch, epoch);
        await engine.releaseWorker(worker);
      }
      await emptyQueue(db);
    },
    "once it is due, and not before": async (db) => {
      const tenant = await createTenant(db);
      const flow = await createFlow(db, tenant);
      const at = (minute: number) => `2026-01-01T00:0${minute}:00Z`;
      await rpc(db, tenant.user, "start_run", { p_flow_id: flow }, { now: at(1) });
      const claim = (now: string) => engineOf(db, { now }).claimJobs(newWorker(), 10, "worker");
      assertEquals((await claim(at(0))).length, 0);
      assertEquals((await claim(at(1))).length, 1);
      await emptyQueue(db);
    },
    "of one run only, when a run is named": async (db) => {
      const engine = engineOf(db);
      const { tenant, flow } = await backlog(db, 3);
      const run = await startRun(db, tenant, flow);
      const worker = newWorker();
      assertEquals((await claimOne(engine, worker, run)).run_id, run);
      assertEquals(await engine.claimJobs(worker, 10, "inline", run), []);
      assertEquals((await engine.claimJobs(worker, 10, "worker")).length, 3);
      await emptyQueue(db);
    },
    "of lower priority numbers first, the older first among equals": async (db) => {
      const engine = engineOf(db);
      const { tenant } = await backlog(db, 0);
      await db.sql`
        insert into public.job_queue (organization_id, type, priority, scheduled_for, payload)
        values (${tenant.organizationId}, 'test', 100, now() - interval '1 minute', '"third"'),
          (${tenant.organizationId}, 'test', 100, now() - interval '2 minutes', '"second"'),
          (${tenant.organizationId}, 'test', 50, now(), '"first"')`;
      const order: string[] = [];
      for (let index = 0; index < 3; index++) {
        const { jobs } = await engine.claim(newWorker(), 1, { kind: "worker" });
        order.push(...jobs.map(({ payload }) => String(payload)));
      }
      assertEquals(order, ["first", "second", "third"]);
      await emptyQueue(db);
    },
  },
  "engine.claim_jobs() over many": {
    "never gives a job of a named run to two workers": async (db) => {
      const { tenant, flow } = await backlog(db, 0);
      for (let round = 0; round < 5; round++) {
        const run = await startRun(db, tenant, flow);
        const claimed = await parallel(8, () => engineOf(db).claimJobs(newWorker(), 10, "inline", run));
        assertEquals(claimed.flat().length, 1);
      }
      await emptyQueue(db);
    },
    "never gives a job to two workers": async (db) => {
      const engine = engineOf(db);
      await backlog(db, 100);
      const claimed = (await parallel(16, async () => {
        const worker = newWorker();
        const mine: string[] = [];
        for (;;) {
          const jobs = await engine.claimJobs(worker, 3, "worker");
          if (jobs.length === 0) return mine;
          mine.push(...jobs.map((job) => job.job));
        }
      })).flat();
      assertEquals(claimed.length, 100);
      assertEquals(new Set(claimed).size, 100);
      const [row] = await db.sql`select count(*)::int as n from public.job_queue where status = 'running'`;
      assertEquals(row?.n, 100);
      await emptyQueue(db);
    },
    "gives an organization with one job its turn among one with a thousand": async (db) => {
      const engine = engineOf(db);
      await backlog(db, 1000);
      for (let round = 0; round < 5; round++) {
        const { tenant } = await backlog(db, 1);
        const jobs = await engine.claimJobs(newWorker(), 10, "worker");
        assertEquals(jobs.filter((job) => job.organization_id === tenant.organizationId).length, 1);
      }
      await emptyQueue(db);
    },
    "gives tokens only to a worker of before there were jobs, however many jobs come first": async (db) => {
      await backlog(db, 3);
      const jobs = JSON.stringify(Array.from({ length: 40 }, () => ({ type: "system.noop", priority: 1 })));
      await db.sql`select engine.enqueue_jobs(${jobs}::text::jsonb)`;
      const claim = async (listens: boolean | null) => {
        const [row] = await db.sql`select engine.claim_jobs(${newWorker()}, 10, p_listens => ${listens}) as claim`;
        return (row?.claim as { type: string; lease?: string; epoch?: number }[]);
      };
      const old = await claim(null);
      assertEquals(
        old.map(({ type, lease }) => [type, lease]),
        Array.from({ length: 3 }, () => ["flow.step", undefined]),
      );
      assert((await claim(false)).length > 0, "the others get the jobs");
      await emptyQueue(db);
      await db.sql`delete from private.job_leases`;
    },
    "fills the batch with what others leave over": async (db) => {
      const engine = engineOf(db);
      await backlog(db, 30);
      await backlog(db, 1);
      await backlog(db, 2);
      assertEquals((await engine.claimJobs(newWorker(), 12, "worker")).length, 12);
      await emptyQueue(db);
    },
    "shares a batch equally": async (db) => {
      const engine = engineOf(db);
      const tenants = [await backlog(db, 20), await backlog(db, 20), await backlog(db, 20)];
      const jobs = await engine.claimJobs(newWorker(), 12, "worker");
      const shares = tenants.map(({ tenant }) =>
        jobs.filter((job) => job.organization_id === tenant.organizationId).length
      );
      assertEquals(shares, [4, 4, 4]);
      await emptyQueue(db);
    },
    "takes one job each when there are more organizations than jobs in a batch": async (db) => {
      const engine = engineOf(db);
      for (let index = 0; index < 8; index++) await backlog(db, 2);
      const jobs = await engine.claimJobs(newWorker(), 4, "worker");
      assertEquals(new Set(jobs.map((job) => job.organization_id)).size, 4);
      const others = await engine.claimJobs(newWorker(), 8, "worker");
      assertEquals(new Set(others.map((job) => job.organization_id)).size, 8);
      await emptyQueue(db);
    },
    "goes on with the next organization where the last batch ended: none waits longer than a round": async (db) => {
      const engine = engineOf(db);
      for (let index = 0; index < 8; index++) await backlog(db, 12);
      const turns: Record<string, number> = {};
      for (const limit of [1, 1, 1, 1, 1, 1, 1, 1, 3, 3, 3, 3, 3, 3, 3, 3]) {
        for (const { organization_id } of await engine.claimJobs(newWorker(), limit, "worker")) {
          turns[organization_id] = (turns[organization_id] ?? 0) + 1;
        }
      }
      assertEquals(Object.values(turns), Array(8).fill(4));
      await emptyQueue(db);
    },
    "does not spend turns on organizations whose jobs are not due": async (db) => {
      const engine = engineOf(db);
      for (let index = 0; index < 8; index++) await backlog(db, 1);
      await db.sql`update public.job_queue set scheduled_for = now() + interval '1 hour'`;
      const { tenant } = await backlog(db, 5);
      for (let round = 0; round < 5; round++) {
        const jobs = await engine.claimJobs(newWorker(), 2, "worker");
        if (round < 2) assertEquals(jobs.map((job) => job.organization_id), Array(2).fill(tenant.organizationId));
      }
      await emptyQueue(db);
    },
    "registers the worker and prolongs its lease": async (db) => {
      const worker = newWorker();
      const claim = (now: string) => engineOf(db, { now }).claimJobs(worker, 1, "inline");
      const lease = async () => {
        const [row] = await db.sql`select kind, expires_at from private.workers where id = ${worker}`;
        return [row?.kind, row?.expires_at.toISOString()];
      };
      await claim("2026-01-01T00:00:00Z");
      assertEquals(await lease(), ["inline", "2026-01-01T00:00:30.000Z"]);
      await claim("2026-01-01T00:00:05Z");
      assertEquals(await lease(), ["inline", "2026-01-01T00:00:30.000Z"], "not written while most of it is left");
      await claim("2026-01-01T00:00:11Z");
      assertEquals(await lease(), ["inline", "2026-01-01T00:00:41.000Z"]);
    },
    "answers an empty queue with an empty list": async (db) => {
      assertEquals(await service(db, "claim_jobs", { p_worker_id: newWorker() }), []);
      assertEquals(await service(db, "claim_jobs", { p_worker_id: newWorker(), p_limit: 0 }), []);
    },
  },
}, { connections: 16 });
