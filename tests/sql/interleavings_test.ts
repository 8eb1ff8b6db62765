import type { EngineClient, JobResult } from "../../shared/engine/mod.ts";
import { assertEquals } from "../helpers/assert.ts";
import type { TestDatabase } from "../helpers/postgres.ts";
import { begin, claimOne, engineOf, leftovers, newWorker, result, runState, step, stepStates } from "./_engine.ts";
import { interleave } from "./_interleave.ts";
import { scenarios } from "./_scenarios.ts";
import { createFlow, createTenant, failureOf, rpc, startRun, type Tenant } from "./_world.ts";

async function token(db: TestDatabase, run: string) {
  const rows = await db
    .sql`select node_id, status, worker_id, epoch, resume from public.job_queue where run_id = ${run}`;
  return { ...rows[0] };
}

const settle = (engine: EngineClient, worker: string, ...results: JobResult[]) => engine.settleJobs(worker, results);

async function endpointOf(db: TestDatabase): Promise<{ tenant: Tenant; endpoint: string }> {
  const tenant = await createTenant(db);
  const flow = await createFlow(db, tenant);
  const { id } = await rpc<{ id: string }>(db, tenant.user, "create_webhook_endpoint", {
    p_flow_id: flow,
    p_name: "Shop",
    p_provider: "custom",
  });
  return { tenant, endpoint: id };
}

scenarios("people and the engine, interleaved", {
  "claim and cancel": {
    "a run that is being cancelled is not claimed": (db) =>
      interleave(db, async (stage) => {
        const tenant = await createTenant(db);
        const run = await startRun(db, tenant, await createFlow(db, tenant));
        const cancelling = await stage.session("cancel");
        await cancelling.rpc(tenant.user, "cancel_run", { p_run_id: run });
        assertEquals(await engineOf(db).claimJobs(newWorker(), 10, "worker", run), []);
        await cancelling.commit();
        assertEquals(await engineOf(db).claimJobs(newWorker(), 10, "worker", run), []);
      }),
    "a run that is being claimed is cancelled afterwards, and its worker learns of it": (db) =>
      interleave(db, async (stage) => {
        const tenant = await createTenant(db);
        const run = await startRun(db, tenant, await createFlow(db, tenant));
        const worker = newWorker();
        const [claiming, cancelling] = [await stage.session("claim"), await stage.session("cancel")];
        const job = await claimOne(claiming.engine, worker, run);
        const waiting = await stage.untilBlocked(
          cancelling,
          () => cancelling.rpc(tenant.user, "cancel_run", { p_run_id: run }),
        );
        await claiming.commit();
        await waiting.result;
        await cancelling.commit();
        assertEquals(await settle(engineOf(db), worker, result(job, { steps: [step("a")] })), {
          settled: [],
          jobs: [],
        });
        assertEquals((await runState(db, run)).status, "cancelled");
        assertEquals(await leftovers(db, run), { tokens: 0, joins: 0 });
      }),
    "a queued run that somebody holds keeps its token until it is free: it never works while it is queued": (db) =>
      interleave(db, async (stage) => {
        const tenant = await createTenant(db);
        const run = await startRun(db, tenant, await createFlow(db, tenant));
        const holder = await stage.session("holder");
        await holder.run("select from public.runs where id = $1 for update", [run]);
        assertEquals(await engineOf(db).claimJobs(newWorker(), 10, "worker", run), []);
        await holder.rollback();
        const job = await claimOne(engineOf(db), newWorker(), run);
        assertEquals([job.epoch, job.attempt, typeof job.started_at], [1, 1, "string"]);
        assertEquals((await runState(db, run)).status, "running");
      }),
  },
  "release and settle": {
    "settle first: the moved token is given back": (db) =>
      interleave(db, async (stage) => {
        const { run, worker, job } = await begin(db);
        const [settling, releasing] = [await stage.session("settle"), await stage.session("release")];
        const move = { node: "b", reads: [], keep: true };
        await settle(settling.engine, worker, result(job, { steps: [step("a")], move }));
        const waiting = await stage.untilBlocked(releasing, () => releasing.engine.releaseWorker(worker));
        await settling.commit();
        assertEquals((await waiting.result).freed, 1);
        await releasing.commit();
        assertEquals(await token(db, run), {
          node_id: "b",
          status: "available",
          worker_id: null,
          epoch: 2,
          resume: true,
        });
      }),
    "release first: the settle writes nothing": (db) =>
      interleave(db, async (stage) => {
        const { run, worker, job } = await begin(db);
        const [settling, releasing] = [await stage.session("settle"), await stage.session("release")];
        assertEquals((await releasing.engine.releaseWorker(worker)).freed, 1);
        const waiting = await stage.untilBlocked(
          settling,
          () => settle(settling.engine, worker, result(job, { steps: [step("a")] })),
        );
        await releasing.commit();
        assertEquals(await waiting.result, { settled: [], jobs: [] });
        await settling.commit();
        assertEquals(await stepStates(db, run), []);
      }),
  },
  "people and the engine at the same flow": {
    "a flow is deleted while a run of it starts: the run goes on, the flow is gone": (db) =>
      interleave(db, async (stage) => {
        const tenant = await createTenant(db);
        const flow = await createFlow(db, tenant);
        const [starting, deleting] = [await stage.session("start"), await stage.session("delete")];
        const { id } = await starting.rpc<{ id: string }>(tenant.user, "start_run", { p_flow_id: flow });
        await deleting.rpc(tenant.user, "delete_flow", { p_flow_id: flow });
        await deleting.commit();
        await starting.commit();
        await claimOne(engineOf(db), newWorker(), id);
        assertEquals((await failureOf(startRun(db, tenant, flow))).code, "not_found");
      }),
    "a run starts while its flow is being deleted: it is of before": (db) =>
      interleave(db, async (stage) => {
        const tenant = await createTenant(db);
        const flow = await createFlow(db, tenant);
        const deleting = await stage.session("delete");
        await deleting.rpc(tenant.user, "delete_flow", { p_flow_id: flow });
        const run = await startRun(db, tenant, flow);
        await deleting.commit();
        assertEquals((await runState(db, run)).status, "queued");
        assertEquals((await failureOf(startRun(db, tenant, flow))).code, "not_found");
      }),
    "a flow is saved while an endpoint for it is made: neither waits for ever": (db) =>
      interleave(db, async (stage) => {
        const tenant = await createTenant(db);
        const flow = await createFlow(db, tenant);
        const [saving, creating] = [await stage.session("save"), await stage.session("create")];
        // Each has taken its first lock; then each goes on to what the other one holds.
        await saving.run(
          `select private.lock_flow($1, 'flows:write') from (select set_config('request.jwt.claims', $2, true)) s`,
          [
            flow,
            JSON.stringify(tenant.user.claims),
          ],
        );
        await creating.rpc(tenant.user, "create_webhook_endpoint", {
          p_flow_id: flow,
          p_name: "Shop",
          p_provider: "custom",
        });
        await saving.rpc(tenant.user, "save_flow", { p_flow_id: flow, p_graph: { nodes: [], edges: [] } });
        await creating.commit();
        await saving.commit();
      }),
    "two who save the same version: the second is told": (db) =>
      interleave(db, async (stage) => {
        const tenant = await createTenant(db);
        const flow = await createFlow(db, tenant);
        const [{ version }] = await db.sql`select version from public.flows where id = ${flow}` as [
          { version: number },
        ];
        const [first, second] = [await stage.session("first"), await stage.session("second")];
        const save = (name: string) => ({ p_flow_id: flow, p_name: name, p_if_version: version });
        await first.rpc(tenant.user, "save_flow", save("First"));
        const waiting = await stage.untilBlocked(second, () => second.rpc(tenant.user, "save_flow", save("Second")));
        await first.commit();
        assertEquals(await failureOf(waiting.result), {
          code: "version_mismatch",
          message: `The flow has version ${version + 1}, not ${version}`,
          status: 412,
        });
      }),
    "a stranger is told that there is no such thing at once, whoever works on it": (db) =>
      interleave(db, async (stage) => {
        const { tenant, run } = await begin(db);
        const stranger = await createTenant(db);
        const flow = await createFlow(db, tenant);
        const endpoint = await rpc<{ id: string }>(db, tenant.user, "create_webhook_endpoint", {
          p_flow_id: flow,
          p_name: "Shop",
          p_provider: "custom",
        });
        const holder = await stage.session("holder");
        await holder.run("select from public.runs where id = $1 for update", [run]);
        await holder.run("select from public.flows where id = $1 for update", [flow]);
        await holder.run("select from public.webhook_endpoints where id = $1 for update", [endpoint.id]);
        for (
          const [name, args] of Object.entries({
            cancel_run: { p_run_id: run },
            save_flow: { p_flow_id: flow },
            delete_webhook_endpoint: { p_endpoint_id: endpoint.id },
          })
        ) {
          assertEquals((await failureOf(rpc(db, stranger.user, name, args))).code, "not_found");
        }
        await holder.rollback();
      }),
  },
  "deliveries at the same time": {
    "of one event: the second waits and gets the first one's run": (db) =>
      interleave(db, async (stage) => {
        const { tenant, endpoint } = await endpointOf(db);
        const [first, second] = [await stage.session("first"), await stage.session("second")];
        const delivery = {
          endpointId: endpoint,
          eventKey: "evt_1",
          type: "paid",
          method: "POST",
          headers: {},
          query: {},
          rawBody: new TextEncoder().encode("{}"),
          dedupeBody: false,
          input: {},
        };
        const made = await first.engine.ingestWebhook(delivery);
        const waiting = await stage.untilBlocked(second, () => second.engine.ingestWebhook(delivery));
        await first.commit();
        const repeated = await waiting.result;
        await second.commit();
        assertEquals([repeated.duplicate, repeated.event_id, repeated.run_id], [true, made.event_id, made.run_id]);

        const third = await first.engine.ingestWebhook({ ...delivery, eventKey: "evt_2" });
        const fourth = await stage.untilBlocked(second, () =>
          second.engine.ingestWebhook({ ...delivery, eventKey: "evt_2" }));
        await first.rollback();
        const taken = await fourth.result;
        await second.commit();
        assertEquals([taken.duplicate, taken.event_id === third.event_id], [false, false]);
        const [row] = await db.sql`
          select count(*)::int as runs from public.runs where organization_id = ${tenant.organizationId}`;
        assertEquals(row?.runs, 2);
      }),
    "at an endpoint that is being deleted: there is no such endpoint": (db) =>
      interleave(db, async (stage) => {
        const { tenant, endpoint } = await endpointOf(db);
        const [deleting, receiving] = [await stage.session("delete"), await stage.session("receive")];
        await deleting.rpc(tenant.user, "delete_webhook_endpoint", { p_endpoint_id: endpoint });
        const waiting = await stage.untilBlocked(receiving, () =>
          receiving.engine.ingestWebhook({
            endpointId: endpoint,
            eventKey: "evt",
            type: null,
            method: "POST",
            headers: {},
            query: {},
            rawBody: new Uint8Array(),
            dedupeBody: false,
            input: {},
          }));
        await deleting.commit();
        assertEquals((await failureOf(waiting.result)).code, "not_found");
      }),
  },
});
