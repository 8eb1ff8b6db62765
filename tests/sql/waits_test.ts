import { assert, assertEquals } from "../helpers/assert.ts";
import type { TestDatabase } from "../helpers/postgres.ts";
import type { Json } from "../../shared/graph/mod.ts";
import { begin, newWorker, runState } from "./_engine.ts";
import { scenarios } from "./_scenarios.ts";
import { claim, did, opening, said, settle, type WireJob } from "./_settle.ts";
import { addMember, assertFails, rpc, service } from "./_world.ts";

const FAR = "2100-01-01T00:00:00Z";

function waiting(wait: { [key: string]: Json }, delayMs?: number): { [key: string]: Json } {
  return {
    move: {
      node: "w",
      reads: [],
      keep: false,
      payload: { wait },
      wait,
      ...(delayMs !== undefined && { delay_ms: delayMs }),
    },
  };
}

async function token(db: TestDatabase, run: string) {
  const [row] = await db.sql`
    select node_id, scope, status, payload, scheduled_for = 'infinity' as for_ever, attempts from public.job_queue
    where run_id = ${run} order by scope limit 1`;
  return row;
}

const signal = (
  db: TestDatabase,
  { tenant, run }: Awaited<ReturnType<typeof begin>>,
  name: string,
  data: Json = null,
) =>
  rpc<{ delivered: boolean; node_id: string | null }>(db, tenant.user, "signal_run", {
    p_run_id: run,
    p_name: name,
    p_data: data,
  });

const resolved = (jobs: WireJob[]) => jobs.map(({ node, payload }) => [node, payload?.["resolved"] ?? null]);

scenarios("waits", {
  "a token waits": {
    "for a time: a short one is a token for later, a long one stays out of the way until the tick": async (db) => {
      for (const [delay, status] of [[60_000, "available"], [3_600_000, "waiting"]] as const) {
        const { run, worker, job } = await begin(db);
        await settle(db, worker, [said(job, waiting({ kind: "timer" }, delay))]);
        assertEquals((await token(db, run))?.["status"], status);
        assertEquals(await claim(db, newWorker(), run), []);
        await service(db, "tick", {}, { now: new Date(Date.now() + delay - 5_000).toISOString() });
        assertEquals((await token(db, run))?.["status"], "available");
        const due = { now: new Date(Date.now() + delay + 5_000).toISOString() };
        assertEquals(resolved(await claim(db, newWorker(), run, due)), [["w", null]]);
      }
    },
    "for a signal: whoever sends it lets the step go on, once": async (db) => {
      const begun = await begin(db);
      await settle(db, begun.worker, [said(begun.job, waiting({ kind: "signal", name: "paid" }))]);
      assertEquals((await token(db, begun.run))?.["for_ever"], true);
      assertEquals((await signal(db, begun, "other")).delivered, false);
      assertEquals((await signal(db, begun, "paid", { amount: 5 })).delivered, true);
      assertEquals((await signal(db, begun, "paid", { amount: 6 })).delivered, false);
      assertEquals(resolved(await claim(db, newWorker(), begun.run)), [["w", { by: "signal", data: { amount: 5 } }]]);
    },
    "for a signal that came first: it does not wait at all, and each is taken once, the oldest first": async (db) => {
      const begun = await begin(db);
      for (const amount of [1, 2]) await signal(db, begun, "paid", amount);
      for (const amount of [1, 2]) {
        const [job] = amount === 1 ? [begun.job as WireJob] : await claim(db, begun.worker, begun.run);
        await settle(db, begun.worker, [said(job!, waiting({ kind: "signal", name: "paid" }))]);
        assertEquals((await token(db, begun.run))?.["payload"]["resolved"], { by: "signal", data: amount });
      }
    },
    "a signal that comes when the time is out finds the step claimed, and is kept for the next": async (db) => {
      const begun = await begin(db);
      await settle(db, begun.worker, [said(begun.job, waiting({ kind: "signal", name: "paid" }, 10))]);
      const late = { now: new Date(Date.now() + 60_000).toISOString() };
      assertEquals(resolved(await claim(db, newWorker(), begun.run, late)), [["w", null]]);
      assertEquals((await signal(db, begun, "paid")).delivered, false);
    },
    "goes with the run": async (db) => {
      const begun = await begin(db);
      await signal(db, begun, "paid");
      await settle(db, begun.worker, [said(begun.job, waiting({ kind: "signal", name: "other" }))]);
      await rpc(db, begun.tenant.user, "cancel_run", { p_run_id: begun.run });
      await assertFails(signal(db, begun, "other"), "run_finished", 409);
      const [left] = await db.sql`select count(*)::int as count from private.run_signals where run_id = ${begun.run}`;
      assertEquals(left?.["count"], 0);
    },
    "no longer than its run may take": async (db) => {
      const begun = await begin(db);
      await settle(db, begun.worker, [said(begun.job, waiting({ kind: "signal", name: "never" }))]);
      await service(db, "tick", {}, { now: FAR });
      assertEquals((await runState(db, begun.run)).error?.code, "run_timeout");
    },
  },
  "public.signal_run()": {
    "is for those who may run the flow, and says nothing to strangers": async (db) => {
      const begun = await begin(db);
      const other = await begin(db);
      const args = { p_run_id: begun.run, p_name: "x" };
      await assertFails(rpc(db, other.tenant.user, "signal_run", args), "not_found", 404);
      const viewer = await addMember(db, begun.tenant.organizationId, "viewer");
      await assertFails(rpc(db, viewer, "signal_run", args), "forbidden", 403);
    },
    "refuses a name or data out of bounds": async (db) => {
      const begun = await begin(db);
      await assertFails(signal(db, begun, ""), "invalid_request", 400);
      await assertFails(signal(db, begun, "x".repeat(201)), "invalid_request", 400);
      await assertFails(signal(db, begun, "x", "y".repeat(300_000)), "payload_too_large", 413);
    },
  },
  "public.decide_step()": {
    "an approval is given once; the second finds nothing to decide": async (db) => {
      const begun = await begin(db);
      await settle(db, begun.worker, [said(begun.job, waiting({ kind: "approval", data: { title: "Pay?" } }))]);
      const decide = (decision: string) =>
        rpc(db, begun.tenant.user, "decide_step", {
          p_run_id: begun.run,
          p_node_id: "w",
          p_decision: { decision, comment: "fine" },
        });
      await assertFails(decide("retry"), "invalid_request", 400);
      await decide("approved");
      await assertFails(decide("rejected"), "conflict", 409);
      const [job] = await claim(db, newWorker(), begun.run);
      const { by, data } = job?.payload?.["resolved"] as { by: string; data: Record<string, Json> };
      assertEquals([by, data["decision"], data["comment"], data["user_id"]], [
        "approval",
        "approved",
        "fine",
        begun.tenant.user.id,
      ]);
    },
    "only approvers approve, where they are named": async (db) => {
      const begun = await begin(db);
      const data = { approvers: { roles: ["admin"], user_ids: [] } };
      await settle(db, begun.worker, [said(begun.job, waiting({ kind: "approval", data }))]);
      const args = { p_run_id: begun.run, p_node_id: "w", p_decision: { decision: "approved" } };
      await assertFails(rpc(db, begun.tenant.user, "decide_step", args), "forbidden", 403);
      await rpc(db, await addMember(db, begun.tenant.organizationId, "admin"), "decide_step", args);
    },
    "an outcome that nobody knows is decided by a person": async (db) => {
      const begun = await begin(db);
      await settle(db, begun.worker, [said(begun.job, waiting({ kind: "decision" }))]);
      const decision = { outcome: "completed", output: { id: 7 } };
      await rpc(db, begun.tenant.user, "decide_step", { p_run_id: begun.run, p_node_id: "w", p_decision: decision });
      const [job] = await claim(db, newWorker(), begun.run);
      const { by, data } = job?.payload?.["resolved"] as { by: string; data: Record<string, Json> };
      assertEquals([by, data["outcome"], data["output"]], ["decision", "completed", { id: 7 }]);
    },
  },
  "engine.complete_callbacks()": {
    "completes the step that waits, once, and says what became of each": async (db) => {
      const begun = await begin(db);
      const call = (node_id: string, data: Json, run_id = begun.run) => ({ run_id, node_id, scope: "", data });
      const send = async (...calls: Json[]) =>
        (await service<{ status: string }[]>(db, "complete_callbacks", { p_callbacks: calls })).map(({ status }) =>
          status
        );
      assertEquals(await send(call("w", 1)), ["buffered"]);
      assertEquals(await send(call("w", 2), call("w", 3, crypto.randomUUID())), ["duplicate", "not_found"]);
      await settle(db, begun.worker, [said(begun.job, waiting({ kind: "callback" }))]);
      const [job] = await claim(db, begun.worker, begun.run);
      assertEquals(job?.payload?.["resolved"], { by: "callback", data: 1 });
      assertEquals(await send(call("w", 4)), ["duplicate"]);
      const move = {
        node: "x",
        reads: [],
        keep: false,
        payload: { wait: { kind: "callback" } },
        wait: { kind: "callback" },
      };
      await settle(db, begun.worker, [said(job!, { steps: [did("w", 1)], move })]);
      assertEquals(await send(call("w", 5), call("x", 6), call("x", 7)), ["duplicate", "completed", "duplicate"]);
      await rpc(db, begun.tenant.user, "cancel_run", { p_run_id: begun.run });
      assertEquals(await send(call("y", 8)), ["finished"]);
    },
    "one for the deepest place of the longest names is kept too": async (db) => {
      const { run } = await begin(db);
      const scope = Array.from({ length: 8 }, (_, depth) => `${String(depth).padEnd(64, "n")}.9999`).join("/");
      const calls = [{ run_id: run, node_id: "w".repeat(64), scope, data: 1 }];
      const [reply] = await service<{ status: string }[]>(db, "complete_callbacks", { p_callbacks: calls });
      assertEquals(reply?.status, "buffered");
    },
  },
  "public.pause_run() and resume_run()": {
    "nothing new begins: what is ready parks, what runs parks at its next checkpoint": async (db) => {
      const { tenant, run, worker, job } = await begin(db);
      const pause = () => rpc<{ status: string }>(db, tenant.user, "pause_run", { p_run_id: run });
      assertEquals((await pause()).status, "paused");
      assertEquals((await pause()).status, "paused");
      const held = await settle(db, worker, [said(job, { hold: true, steps: [did("a", 1)] })]);
      assertEquals([held.settled, held.parked], [[job.job], [job.job]]);
      assertEquals(await claim(db, newWorker(), run), []);
      const again = await settle(db, worker, [said(job, { hold: true, steps: [did("b", 1)] })]);
      assertEquals(again.settled, []);
      await rpc(db, tenant.user, "resume_run", { p_run_id: run });
      const [next] = await claim(db, newWorker(), run);
      assertEquals([next?.resumed, (next?.recorded as { node: string }[]).map(({ node }) => node)], [true, ["a"]]);
    },
    "moves, forks, joins and items of a paused run park too": async (db) => {
      const { tenant, run, worker, job } = await begin(db);
      const forked = await settle(db, worker, [said(job, {
        move: { node: "b", reads: [], keep: true },
        spawn: [{ node: "c", reads: [], keep: true }, { node: "d", reads: [], keep: true }],
      })]);
      await rpc(db, tenant.user, "pause_run", { p_run_id: run });
      const at = (node: string) => forked.jobs.find((other) => other.node === node)!;
      const reply = await settle(db, worker, [
        said(at("b"), { move: { node: "e", reads: [], keep: true }, spawn: [{ node: "f", reads: [], keep: true }] }),
        said(at("c"), { arrive: [{ node: "j", expects: 1, live: [0], dead: [], reads: [] }] }),
        said(at("d"), { open: opening([1, 2]) }),
      ]);
      assertEquals([reply.settled.length, reply.jobs], [3, []]);
      const rows = await db
        .sql`select node_id, status from public.job_queue where run_id = ${run} order by node_id, scope`;
      assertEquals(rows.map((row) => `${row["node_id"]} ${row["status"]}`), [
        "e paused",
        "f paused",
        "j paused",
        "s waiting",
        "s paused",
        "s paused",
      ]);
      await rpc(db, tenant.user, "resume_run", { p_run_id: run });
      assertEquals((await claim(db, newWorker(), run)).length, 5);
    },
    "what it waited for may come meanwhile; the step goes on after the pause": async (db) => {
      const begun = await begin(db);
      await settle(db, begun.worker, [said(begun.job, waiting({ kind: "signal", name: "paid" }))]);
      await rpc(db, begun.tenant.user, "pause_run", { p_run_id: begun.run });
      assertEquals((await signal(db, begun, "paid", 1)).delivered, true);
      assertEquals(await claim(db, newWorker(), begun.run), []);
      await rpc(db, begun.tenant.user, "resume_run", { p_run_id: begun.run });
      assertEquals(resolved(await claim(db, newWorker(), begun.run)), [["w", { by: "signal", data: 1 }]]);
    },
    "a timer that runs out while it is paused waits for the end of the pause": async (db) => {
      const { tenant, run, worker, job } = await begin(db);
      await settle(db, worker, [said(job, waiting({ kind: "timer" }, 3_600_000))]);
      await rpc(db, tenant.user, "pause_run", { p_run_id: run });
      const later = { now: new Date(Date.now() + 3_700_000).toISOString() };
      await service(db, "tick", {}, later);
      assertEquals(await claim(db, newWorker(), run, later), []);
      assertEquals((await token(db, run))?.["status"], "paused");
      await rpc(db, tenant.user, "resume_run", { p_run_id: run }, later);
      assertEquals(resolved(await claim(db, newWorker(), run, later)), [["w", null]]);
    },
    "a run that nobody has begun can be paused, cancelled and resumed": async (db) => {
      const { tenant, run } = await begin(db);
      await db
        .sql`update public.job_queue set status = 'available', worker_id = null, started_at = null where run_id = ${run}`;
      await rpc(db, tenant.user, "pause_run", { p_run_id: run });
      await rpc(db, tenant.user, "cancel_run", { p_run_id: run });
      await assertFails(rpc(db, tenant.user, "resume_run", { p_run_id: run }), "run_finished", 409);
      await assertFails(rpc(db, tenant.user, "pause_run", { p_run_id: run }), "run_finished", 409);
      assert((await runState(db, run)).status === "cancelled");
    },
  },
});
