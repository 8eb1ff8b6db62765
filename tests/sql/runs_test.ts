import { assert, assertEquals } from "../helpers/assert.ts";
import type { TestDatabase } from "../helpers/postgres.ts";
import { claimOne, engineOf, leftovers, newWorker, result, runState, step, stepStates } from "./_engine.ts";
import { scenarios } from "./_scenarios.ts";
import { type Run, tenantWithFlow } from "./_runs.ts";
import { addMember, assertFails, failureOf, parallel, rpc, smallGraph, startRun, type Tenant } from "./_world.ts";

const HTTP_ERROR = { code: "http_error", message: "503", node_id: "c" };

/** A run that has done a and b and failed at c, which had two attempts. */
async function failedRun(db: TestDatabase, tenant: Tenant, flow: string): Promise<string> {
  const run = await startRun(db, tenant, flow, { p_input: { n: 1 }, p_trigger_node: "start" });
  const worker = newWorker();
  const job = await claimOne(engineOf(db), worker, run);
  await engineOf(db).settleJobs(worker, [result(job, {
    steps: [
      step("a", { output: "A", handles: ["out"] }),
      step("b", { status: "failed", output: { error: "handled" }, error: HTTP_ERROR, handles: ["error"] }),
      step("s", { status: "skipped" }),
      step("c", { status: "retried", error: HTTP_ERROR }),
      step("c", { status: "failed", attempt: 2, error: HTTP_ERROR }),
    ],
    finish: { status: "failed", output: null, error: HTTP_ERROR },
  })]);
  return run;
}

scenarios("runs", {
  "public.start_run()": {
    "starts a run of the current version, queued, with one token": async (db) => {
      const { tenant, flow } = await tenantWithFlow(db);
      const now = "2026-01-01T00:00:00Z";
      const run = await rpc<Run>(db, tenant.user, "start_run", {
        p_flow_id: flow,
        p_input: { n: 1 },
        p_trigger_node: "start",
        p_traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
      }, { now });
      const [version] = await db.sql`select current_version_id as id from public.flows where id = ${flow}`;
      const { id, ...rest } = run;
      assert(id.startsWith("019b76da-"), "the id is of the time at which the run was asked for");
      assertEquals(
        rest,
        {
          organization_id: tenant.organizationId,
          flow_id: flow,
          flow_version_id: version?.id,
          status: "queued",
          trigger: "manual",
          trigger_node: "start",
          webhook_event_id: null,
          retry_of: null,
          input: { n: 1 },
          output: null,
          error: null,
          created_by: tenant.user.id,
          traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
          deadline_at: "2026-01-02T00:00:00+00:00",
          started_at: null,
          finished_at: null,
          created_at: "2026-01-01T00:00:00+00:00",
          parent_run_id: null,
          depth: 0,
          entity_id: null,
          schedule_id: null,
          concurrency_key: null,
          pins: null,
        } as unknown as typeof rest,
      );
      assertEquals(await leftovers(db, id), { tokens: 1, joins: 0 });
    },
    "pins the version: what is saved later is for later runs": async (db) => {
      const { tenant, flow } = await tenantWithFlow(db);
      const first = await rpc<Run>(db, tenant.user, "start_run", { p_flow_id: flow });
      await rpc(db, tenant.user, "save_flow", { p_flow_id: flow, p_graph: smallGraph(2) });
      const second = await rpc<Run>(db, tenant.user, "start_run", { p_flow_id: flow });
      assert(first.flow_version_id !== second.flow_version_id);
      assertEquals((await claimOne(engineOf(db), newWorker(), first.id)).flow_version_id, first.flow_version_id);
    },
    "takes any JSON as input, up to 1 MiB; none is an empty object": async (db) => {
      const { tenant, flow } = await tenantWithFlow(db);
      for (const input of [[], "text", 0, true, { a: null }, "x".repeat(1_048_574)]) {
        assertEquals((await rpc<Run>(db, tenant.user, "start_run", { p_flow_id: flow, p_input: input })).input, input);
      }
      for (const args of [{}, { p_input: null }]) {
        const run = await rpc<Run>(db, tenant.user, "start_run", { p_flow_id: flow, ...args });
        assertEquals(run.input, {});
      }
      const large = { p_input: "x".repeat(1_048_575) };
      await assertFails(startRun(db, tenant, flow, large), "payload_too_large", 413);
    },
    "refuses a trigger node or traceparent that is too long": async (db) => {
      const { tenant, flow } = await tenantWithFlow(db);
      await startRun(db, tenant, flow, { p_traceparent: "x".repeat(64) });
      for (const name of ["p_trigger_node", "p_traceparent"]) {
        await assertFails(startRun(db, tenant, flow, { [name]: "x".repeat(65) }), "invalid_request", 400);
      }
    },
    "refuses a trigger node that is none of the current version, and says which field": async (db) => {
      const { tenant, flow } = await tenantWithFlow(db);
      for (const node of ["a", "gone", "", 'start" || true', "trigger."]) {
        const failure = await failureOf(startRun(db, tenant, flow, { p_trigger_node: node }));
        assertEquals([failure.code, failure.status, failure.problems], ["invalid_request", 400, [{
          path: "body.trigger_node",
          code: "unknown_trigger_node",
          message: `The flow has no trigger node "${node}"`,
        }]]);
      }
      await rpc(db, tenant.user, "save_flow", { p_flow_id: flow, p_graph: { nodes: "none", edges: [] } });
      await assertFails(startRun(db, tenant, flow, { p_trigger_node: "start" }), "invalid_request", 400);
    },
    "refuses a flow that is off": async (db) => {
      const { tenant, flow } = await tenantWithFlow(db);
      await rpc(db, tenant.user, "save_flow", { p_flow_id: flow, p_is_active: false });
      await assertFails(startRun(db, tenant, flow), "flow_inactive", 409);
    },
    "needs runs:execute": async (db) => {
      const { tenant, flow } = await tenantWithFlow(db);
      for (const [role, may] of Object.entries({ developer: true, member: true, viewer: false, guest: false })) {
        const user = await addMember(db, tenant.organizationId, role as "member");
        const call = startRun(db, { ...tenant, user }, flow);
        if (may) await call;
        else await assertFails(call, "forbidden", 403);
      }
    },
  },
  "public.cancel_run()": {
    "ends a run in whatever state, drops its tokens and joins, and says the same again": async (db) => {
      const { tenant, flow } = await tenantWithFlow(db);
      const engine = engineOf(db);
      const queued = await startRun(db, tenant, flow);
      const running = await startRun(db, tenant, flow);
      const worker = newWorker();
      await engine.settleJobs(worker, [result(await claimOne(engine, worker, running), {
        move: { node: "b", reads: [], keep: true },
        spawn: [{ node: "c", reads: [], keep: false }],
        arrive: [{ node: "j", expects: 3, live: [0], dead: [], reads: [] }],
      })]);
      for (const run of [queued, running]) {
        const cancelled = await rpc<Run>(db, tenant.user, "cancel_run", { p_run_id: run });
        assertEquals([cancelled.status, cancelled.error], ["cancelled", null]);
        assert(cancelled.finished_at);
        assertEquals(await rpc<Run>(db, tenant.user, "cancel_run", { p_run_id: run }), cancelled);
        assertEquals(await leftovers(db, run), { tokens: 0, joins: 0 });
      }
      assertEquals((await runState(db, queued)).started_at, null);
    },
    "ten at once get one answer": async (db) => {
      const { tenant, flow } = await tenantWithFlow(db);
      const run = await startRun(db, tenant, flow);
      const replies = await parallel(10, () => rpc<Run>(db, tenant.user, "cancel_run", { p_run_id: run }));
      assertEquals(new Set(replies.map((reply) => JSON.stringify(reply))).size, 1);
    },
    "refuses a run that ended otherwise": async (db) => {
      const { tenant, flow } = await tenantWithFlow(db);
      const failed = await failedRun(db, tenant, flow);
      assertEquals(await failureOf(rpc(db, tenant.user, "cancel_run", { p_run_id: failed })), {
        code: "run_finished",
        message: "The run has already failed",
        status: 409,
      });
    },
  },
  "public.retry_run()": {
    "takes over what the run went past and starts anew behind it": async (db) => {
      const { tenant, flow } = await tenantWithFlow(db);
      const failed = await failedRun(db, tenant, flow);
      await rpc(db, tenant.user, "save_flow", { p_flow_id: flow, p_graph: smallGraph(2) });
      const retry = await rpc<Run>(db, tenant.user, "retry_run", { p_run_id: failed });
      const [old] = await db.sql<Run[]>`select * from public.runs where id = ${failed}`;
      assertEquals([retry.status, retry.retry_of, retry.flow_version_id], ["queued", failed, old!.flow_version_id]);
      assertEquals([retry.input, retry.trigger, retry.trigger_node], [{ n: 1 }, "manual", "start"]);
      assertEquals(await stepStates(db, retry.id), ["a:1:completed", "b:1:failed"]);
      assertEquals(await stepStates(db, failed), [
        "a:1:completed",
        "b:1:failed",
        "c:1:retried",
        "c:2:failed",
        "s:1:skipped",
      ]);
      const job = await claimOne(engineOf(db), newWorker(), retry.id);
      assertEquals(job.recorded?.toSorted((x, y) => x.node < y.node ? -1 : 1), [
        { node: "a", status: "completed", handles: ["out"], output: "A" },
        { node: "b", status: "failed", handles: ["error"], output: { error: "handled" } },
      ]);
    },
    "begins at the stop node that failed the run": async (db) => {
      const { tenant, flow } = await tenantWithFlow(db);
      const run = await startRun(db, tenant, flow);
      const worker = newWorker();
      const error = { code: "stopped", message: "Not today", node_id: "stop" };
      await engineOf(db).settleJobs(worker, [result(await claimOne(engineOf(db), worker, run), {
        steps: [step("a"), step("stop", { leaf: true })],
        finish: { status: "failed", output: null, error },
      })]);
      const retry = await rpc<Run>(db, tenant.user, "retry_run", { p_run_id: run });
      assertEquals(await stepStates(db, retry.id), ["a:1:completed"]);
    },
    "retries a cancelled run, and a retry": async (db) => {
      const { tenant, flow } = await tenantWithFlow(db);
      const run = await startRun(db, tenant, flow);
      await rpc(db, tenant.user, "cancel_run", { p_run_id: run });
      const first = await rpc<Run>(db, tenant.user, "retry_run", { p_run_id: run });
      await rpc(db, tenant.user, "cancel_run", { p_run_id: first.id });
      assertEquals((await rpc<Run>(db, tenant.user, "retry_run", { p_run_id: first.id })).retry_of, first.id);
    },
    "refuses a run that is under way or completed, or whose flow is gone": async (db) => {
      const { tenant, flow } = await tenantWithFlow(db);
      const run = await startRun(db, tenant, flow);
      const retry = () => rpc(db, tenant.user, "retry_run", { p_run_id: run });
      await assertFails(retry(), "run_not_finished", 409);
      const worker = newWorker();
      await engineOf(db).settleJobs(worker, [result(await claimOne(engineOf(db), worker, run))]);
      await assertFails(retry(), "run_finished", 409);
      const failed = await failedRun(db, tenant, flow);
      await rpc(db, tenant.user, "delete_flow", { p_flow_id: flow });
      const call = rpc(db, tenant.user, "retry_run", { p_run_id: failed });
      assertEquals(await failureOf(call), { code: "not_found", message: "No such flow", status: 404 });
    },
  },
  "public.delete_run()": {
    "removes an ended run with its steps": async (db) => {
      const { tenant, flow } = await tenantWithFlow(db);
      const failed = await failedRun(db, tenant, flow);
      const other = await failedRun(db, tenant, flow);
      await rpc(db, tenant.user, "delete_run", { p_run_id: failed });
      assertEquals(await stepStates(db, failed), []);
      assertEquals((await stepStates(db, other)).length, 5);
      await assertFails(rpc(db, tenant.user, "delete_run", { p_run_id: failed }), "not_found", 404);
    },
    "refuses one that is under way": async (db) => {
      const { tenant, flow } = await tenantWithFlow(db);
      const run = await startRun(db, tenant, flow);
      await assertFails(rpc(db, tenant.user, "delete_run", { p_run_id: run }), "run_not_finished", 409);
    },
  },
}, { connections: 10 });
