import { assert, assertEquals } from "../helpers/assert.ts";
import type { TestDatabase } from "../helpers/postgres.ts";
import type { Json } from "../../shared/graph/mod.ts";
import { begin, claimOne, engineOf, newWorker, runState } from "./_engine.ts";
import { scenarios } from "./_scenarios.ts";
import { claim, did, said, settle, type WireJob } from "./_settle.ts";
import { assertFails, createFlow, createTenant, rpc, service, smallGraph, startRun, type Tenant } from "./_world.ts";

const graphWith = (rest: { [key: string]: Json }, data: { [key: string]: Json } = {}): Json => {
  const graph = smallGraph() as { nodes: { data: { [key: string]: Json } }[]; edges: Json };
  Object.assign(graph.nodes[1]!.data, data);
  return { ...graph, ...rest } as unknown as Json;
};

/** A run of a new flow with this graph, leased to a worker. */
async function beginWith(db: TestDatabase, tenant: Tenant, graph: Json) {
  const flow = await createFlow(db, tenant, { p_graph: graph });
  const run = await startRun(db, tenant, flow);
  const worker = newWorker();
  const [job] = await claim(db, worker, run);
  return { flow, run, worker, job: job! };
}

const failing = { status: "failed", output: null, error: { code: "http_error", message: "no" } };

async function calls(db: TestDatabase, parent: string) {
  const rows = await db.sql`
    select id, flow_id, status, trigger, depth, input, pins from public.runs where parent_run_id = ${parent} order by id`;
  return rows.map((row) => ({ ...row })) as Record<string, Json>[];
}

/** The result of a step that starts a run of another flow. */
function calling(job: unknown, flowId: string, { input = {}, wait = true }: { input?: Json; wait?: boolean } = {}) {
  return said(job as WireJob, { child: { node: "call", flow_id: flowId, input, wait, reads: [] } });
}

scenarios("how runs end", {
  "a flow calls another": {
    "and waits: the end of that run lets the step go on, with all it gave": async (db) => {
      const { tenant, run, worker, job } = await begin(db);
      const flow = await createFlow(db, tenant);
      assertEquals((await settle(db, worker, [calling(job, flow, { input: { n: 1 } })])).jobs, []);
      const [called] = await calls(db, run);
      assertEquals([called?.["trigger"], called?.["depth"], called?.["input"]], ["flow", 1, { n: 1 }]);
      const inner = await claim(db, worker, called?.["id"] as string);
      await settle(db, worker, [said(inner[0]!, { steps: [did("a", 42, { leaf: true })] })]);
      const [back] = await claim(db, worker, run);
      assertEquals([back?.node, back?.payload?.["resolved"]], ["call", {
        by: "run",
        data: { run_id: called?.["id"]!, status: "completed", output: 42, error: null },
      }]);
    },
    "and forgets: the step goes on at once, once": async (db) => {
      const { tenant, run, worker, job } = await begin(db);
      const flow = await createFlow(db, tenant);
      const results = [calling(job, flow, { wait: false })];
      const { jobs } = await settle(db, worker, results);
      assertEquals((jobs[0]?.payload?.["resolved"] as { data: { status: string } }).data.status, "queued");
      assertEquals((await settle(db, worker, results)).settled, []);
      assertEquals((await calls(db, run)).length, 1);
    },
    "that is not there, is switched off or another's: told, not failed": async (db) => {
      const stranger = await createTenant(db);
      const theirs = await createFlow(db, stranger);
      for (const flowId of [crypto.randomUUID(), "no id", theirs]) {
        const { worker, job } = await begin(db);
        const { jobs } = await settle(db, worker, [calling(job, flowId)]);
        const { data } = jobs[0]?.payload?.["resolved"] as { data: { status: string; error: { code: string } } };
        assertEquals([data.status, data.error.code], ["refused", "not_found"]);
      }
    },
    "ten levels deep and no further": async (db) => {
      const { tenant, run, worker, job } = await begin(db);
      const flow = await createFlow(db, tenant);
      await db.sql`update public.runs set depth = 10 where id = ${run}`;
      const { jobs } = await settle(db, worker, [calling(job, flow)]);
      assertEquals(
        (jobs[0]?.payload?.["resolved"] as { data: { error: { code: string } } }).data.error.code,
        "too_deep",
      );
    },
    "and is cancelled: so is the run it waits for": async (db) => {
      const { tenant, run, worker, job } = await begin(db);
      const flow = await createFlow(db, tenant);
      await settle(db, worker, [calling(job, flow)]);
      await rpc(db, tenant.user, "cancel_run", { p_run_id: run });
      assertEquals((await calls(db, run)).map(({ status }) => status), ["cancelled"]);
    },
    "and is cancelled while somebody is at work on the other: the tick sees to it": async (db) => {
      const { tenant, run, worker, job } = await begin(db);
      const flow = await createFlow(db, tenant);
      await settle(db, worker, [calling(job, flow)]);
      const [called] = await calls(db, run);
      await db.sql.begin(async (sql) => {
        await sql`select 1 from public.runs where id = ${called?.["id"] as string} for update`;
        await rpc(db, tenant.user, "cancel_run", { p_run_id: run });
      });
      assertEquals((await calls(db, run)).map(({ status }) => status), ["queued"]);
      await service(db, "tick");
      assertEquals((await calls(db, run)).map(({ status }) => status), ["cancelled"]);
    },
    "and misses its end: the tick looks after it": async (db) => {
      const { tenant, run, worker, job } = await begin(db);
      const flow = await createFlow(db, tenant);
      await settle(db, worker, [calling(job, flow)]);
      const [called] = await calls(db, run);
      await db.sql.begin(async (sql) => {
        await sql`select 1 from public.job_queue where run_id = ${run} for update`;
        await rpc(db, tenant.user, "cancel_run", { p_run_id: called?.["id"]! });
      });
      const minute = { now: new Date(Date.now() + 65_000).toISOString() };
      assertEquals(await claim(db, worker, run, minute), []);
      await service(db, "tick", {}, minute);
      const [back] = await claim(db, worker, run, minute);
      assertEquals((back?.payload?.["resolved"] as { data: { status: string } }).data.status, "cancelled");
    },
  },
  "a flow has an error flow": {
    "which starts when a run fails, and not for its own failures": async (db) => {
      const tenant = await createTenant(db);
      const alarm = await createFlow(db, tenant);
      const failed = await beginWith(db, tenant, graphWith({ settings: { errorFlowId: alarm } }));
      await settle(db, failed.worker, [said(failed.job, { finish: failing })]);
      const [told] = await calls(db, failed.run);
      assertEquals([told?.["flow_id"], told?.["trigger"]], [alarm, "error"]);
      const input = told?.["input"] as { error: Json; run: { id: string } };
      assertEquals([input.error, input.run.id], [failing.error, failed.run]);
      await rpc(db, tenant.user, "save_flow", {
        p_flow_id: alarm,
        p_graph: graphWith({ settings: { errorFlowId: alarm } }),
      });
      const [job] = await claim(db, failed.worker, told?.["id"] as string);
      await settle(db, failed.worker, [said(job!, { finish: failing })]);
      assertEquals(await calls(db, told?.["id"] as string), []);
    },
    "which is another's, off or missing: the run fails all the same": async (db) => {
      const tenant = await createTenant(db);
      const theirs = await createFlow(db, await createTenant(db));
      for (const errorFlowId of [theirs, crypto.randomUUID(), "nonsense"]) {
        const { run, worker, job } = await beginWith(db, tenant, graphWith({ settings: { errorFlowId } }));
        await settle(db, worker, [said(job, { finish: failing })]);
        assertEquals([(await runState(db, run)).status, await calls(db, run)], ["failed", []]);
      }
    },
  },
  "a run that fails undoes what it did": {
    "newest first, and ends compensated with the error it failed with": async (db) => {
      const tenant = await createTenant(db);
      const graph = graphWith({}, { undo: { type: "action.transform", config: {} } });
      const { run, worker, job } = await beginWith(db, tenant, graph);
      await settle(db, worker, [said(job, { hold: true, steps: [did("a", { id: 1 })] })]);
      await settle(db, worker, [said(job, { finish: failing })]);
      assertEquals((await runState(db, run)).status, "compensating");
      const [undoing] = await claim(db, worker, run);
      assertEquals([undoing?.payload, undoing?.undo, undoing?.undone], [
        { undo: true },
        [{ node: "a", scope: "", output: { id: 1 } }],
        [],
      ]);
      await settle(db, worker, [said(undoing!, { hold: true, steps: [did("undo:a")] })]);
      await service(db, "release_worker", { p_worker_id: worker });
      const [again] = await claim(db, worker, run);
      assertEquals(again?.undone, [{ node: "undo:a", scope: "", status: "completed" }]);
      await settle(db, worker, [said(again!, { finish: { status: "compensated", output: null, error: null } })]);
      const { status, error } = await runState(db, run);
      assertEquals([status, error], ["compensated", failing.error]);
    },
    "not when nothing of it was done": async (db) => {
      const tenant = await createTenant(db);
      const { run, worker, job } = await beginWith(db, tenant, graphWith({}, { undo: { type: "action.transform" } }));
      await settle(db, worker, [said(job, { finish: failing })]);
      assertEquals((await runState(db, run)).status, "failed");
    },
    "when it is cancelled, if its flow wants that": async (db) => {
      const tenant = await createTenant(db);
      for (const [wanted, status] of [[true, "compensating"], [false, "cancelled"]] as const) {
        const graph = graphWith({ settings: { compensateOnCancel: wanted } }, { undo: { type: "action.transform" } });
        const { run, worker, job } = await beginWith(db, tenant, graph);
        await settle(db, worker, [said(job, { hold: true, steps: [did("a")] })]);
        await rpc(db, tenant.user, "cancel_run", { p_run_id: run });
        assertEquals((await runState(db, run)).status, status);
      }
    },
    "and does not do so for ever": async (db) => {
      const tenant = await createTenant(db);
      const { run, worker, job } = await beginWith(db, tenant, graphWith({}, { undo: { type: "action.transform" } }));
      await settle(db, worker, [said(job, { hold: true, steps: [did("a")] })]);
      await settle(db, worker, [said(job, { finish: failing })]);
      await service(db, "tick", {}, { now: "2100-01-01T00:00:00Z" });
      const { status, error } = await runState(db, run);
      assertEquals([status, error], ["compensation_failed", failing.error]);
    },
  },
  "places under limits": {
    "of a flow: the next run begins when one ends, the oldest first": async (db) => {
      const tenant = await createTenant(db);
      const flow = await createFlow(db, tenant, { p_graph: graphWith({ settings: { maxConcurrentRuns: 1 } }) });
      const worker = newWorker();
      const runs = [
        await startRun(db, tenant, flow),
        await startRun(db, tenant, flow),
        await startRun(db, tenant, flow),
      ];
      for (const [index, run] of runs.entries()) {
        for (const later of runs.slice(index + 1)) assertEquals(await claim(db, worker, later), []);
        const [job] = await claim(db, worker, run);
        assert(job !== undefined, `run ${index}`);
        await settle(db, worker, [said(job)]);
      }
      const [left] = await db.sql`
        select count(*)::int as count from private.run_slots where organization_id = ${tenant.organizationId}`;
      assertEquals(left?.["count"], 0);
    },
    "of a flow that refuses: 409, and nothing is kept": async (db) => {
      const tenant = await createTenant(db);
      const settings = { maxConcurrentRuns: 1, whenFull: "refuse" };
      const flow = await createFlow(db, tenant, { p_graph: graphWith({ settings }) });
      await startRun(db, tenant, flow);
      await assertFails(startRun(db, tenant, flow), "run_limit_reached", 409);
      const [runs] = await db.sql`select count(*)::int as count from public.runs where flow_id = ${flow}`;
      assertEquals(runs?.["count"], 1);
    },
    "of a key: runs with another key do not wait": async (db) => {
      const tenant = await createTenant(db);
      const settings = { concurrencyKey: 'trigger.customer["id"]' };
      const flow = await createFlow(db, tenant, { p_graph: graphWith({ settings }) });
      const start = (id: Json) => startRun(db, tenant, flow, { p_input: { customer: { id } } });
      const worker = newWorker();
      const [ada, again, bob] = [await start("ada"), await start("ada"), await start("bob")];
      const [job] = await claim(db, worker, ada);
      assertEquals((await claim(db, worker, bob)).length, 1);
      assertEquals(await claim(db, worker, again), []);
      await settle(db, worker, [said(job!)]);
      assertEquals((await claim(db, worker, again)).length, 1);
    },
    "of a plan": async (db) => {
      const tenant = await createTenant(db);
      await db.sql`update public.plans set max_concurrent_runs = 2 where id = 'free'`;
      const flow = await createFlow(db, tenant);
      const runs = await Promise.all(Array.from({ length: 6 }, () => startRun(db, tenant, flow)));
      const worker = newWorker();
      const begun = new Set<string>();
      while (begun.size < runs.length) {
        const jobs = (await Promise.all(runs.map((run) => claim(db, worker, run)))).flat();
        assert(jobs.length > 0 && jobs.length <= 2, `${jobs.length} at once`);
        for (const { run_id } of jobs) begun.add(run_id);
        await settle(db, worker, jobs.map((job) => said(job)));
      }
      await db.sql`update public.plans set max_concurrent_runs = 200 where id = 'free'`;
    },
    "of several organizations are given on in one order, whatever ends first": async (db) => {
      const tenants = [await createTenant(db), await createTenant(db)]
        .toSorted((a, b) => a.organizationId < b.organizationId ? -1 : 1);
      const [low, high] = await Promise.all(
        tenants.map((tenant) => beginWith(db, tenant, graphWith({ settings: { maxConcurrentRuns: 1 } }))),
      );
      const worker = low!.worker;
      await db.sql`update public.job_queue set worker_id = ${worker} where run_id = ${high!.run}`;
      let settled: Promise<unknown> | undefined;
      await db.sql.begin(async (sql) => {
        await sql`select private.lock_limits(${tenants[0]!.organizationId})`;
        // The one of the higher organization stops, which is looked at before runs that come to their end.
        settled = settle(db, worker, [said(high!.job, { finish: failing }), said(low!.job)]);
        await new Promise((resolve) => setTimeout(resolve, 300));
        const [free] = await sql`
          select pg_try_advisory_xact_lock(hashtext('millrace.limits'), hashtext(${
          tenants[1]!.organizationId
        })) as free`;
        assertEquals(free?.["free"], true);
      });
      await settled;
      assertEquals([(await runState(db, low!.run)).status, (await runState(db, high!.run)).status], [
        "completed",
        "failed",
      ]);
    },
    "a run that waits for its place can be cancelled, and goes out of the way": async (db) => {
      const tenant = await createTenant(db);
      const flow = await createFlow(db, tenant, { p_graph: graphWith({ settings: { maxConcurrentRuns: 1 } }) });
      const [first, second, third] = [
        await startRun(db, tenant, flow),
        await startRun(db, tenant, flow),
        await startRun(db, tenant, flow),
      ];
      await rpc(db, tenant.user, "cancel_run", { p_run_id: second });
      await rpc(db, tenant.user, "cancel_run", { p_run_id: first });
      await claimOne(engineOf(db), newWorker(), third);
    },
    "many starts and ends at once: never more than allowed, and nobody is forgotten": async (db) => {
      const tenant = await createTenant(db);
      const flow = await createFlow(db, tenant, { p_graph: graphWith({ settings: { maxConcurrentRuns: 3 } }) });
      const runs = await Promise.all(Array.from({ length: 24 }, () => startRun(db, tenant, flow)));
      const worker = newWorker();
      for (let ended = 0; ended < runs.length;) {
        const jobs = (await Promise.all(runs.map((run) => claim(db, worker, run)))).flat();
        assert(jobs.length > 0 && jobs.length <= 3, `${jobs.length} at once`);
        ended += jobs.length;
        await Promise.all(jobs.map((job) => settle(db, worker, [said(job)])));
      }
    },
  },
});
