/** Two people at once, or a person and the clock: each pair in both orders, and each order has one outcome. */
import { assertEquals } from "../helpers/assert.ts";
import { claimOne, engineOf, leftovers, newWorker, runState } from "./_engine.ts";
import { interleave } from "./_interleave.ts";
import { scenarios } from "./_scenarios.ts";
import { tokensOf, waitingRun } from "./_waits.ts";
import { addMember, failureOf, rpc, service } from "./_world.ts";

const none = { tokens: 0, joins: 0 };

scenarios("control by people, interleaved", {
  "pause and cancel": {
    "pause first: the run is cancelled, paused or not": (db) =>
      interleave(db, async (stage) => {
        const { tenant, run } = await waitingRun(db, { kind: "signal", name: "go" });
        const [pausing, cancelling] = [await stage.session("pause"), await stage.session("cancel")];
        await pausing.rpc(tenant.user, "pause_run", { p_run_id: run });
        const waiting = await stage.untilBlocked(
          cancelling,
          () => cancelling.rpc(tenant.user, "cancel_run", { p_run_id: run }),
        );
        await pausing.commit();
        await waiting.result;
        await cancelling.commit();
        assertEquals((await runState(db, run)).status, "cancelled");
        assertEquals(await leftovers(db, run), none);
      }),
    "cancel first: there is nothing to pause any more": (db) =>
      interleave(db, async (stage) => {
        const { tenant, run } = await waitingRun(db, { kind: "signal", name: "go" });
        const [pausing, cancelling] = [await stage.session("pause"), await stage.session("cancel")];
        await cancelling.rpc(tenant.user, "cancel_run", { p_run_id: run });
        const waiting = await stage.untilBlocked(
          pausing,
          () => pausing.rpc(tenant.user, "pause_run", { p_run_id: run }),
        );
        await cancelling.commit();
        assertEquals((await failureOf(waiting.result)).code, "run_finished");
        assertEquals((await runState(db, run)).status, "cancelled");
        assertEquals(await leftovers(db, run), none);
      }),
  },
  "pause and resume": {
    "of two who resume, both are told of a run that goes on": (db) =>
      interleave(db, async (stage) => {
        const { tenant, run } = await waitingRun(db, { kind: "timer" }, { delayMs: 0 });
        await rpc(db, tenant.user, "pause_run", { p_run_id: run });
        const [one, two] = [await stage.session("one"), await stage.session("two")];
        const first = await one.rpc<{ status: string }>(tenant.user, "resume_run", { p_run_id: run });
        const waiting = await stage.untilBlocked(
          two,
          () => two.rpc<{ status: string }>(tenant.user, "resume_run", { p_run_id: run }),
        );
        await one.commit();
        assertEquals([first.status, (await waiting.result).status], ["running", "running"]);
        await two.commit();
        assertEquals((await tokensOf(db, run)).map(({ status }) => status), ["available"]);
      }),
  },
  "a signal and its time-out": {
    "the signal first: it counts, the clock finds nothing": (db) =>
      interleave(db, async (stage) => {
        const { tenant, run } = await waitingRun(db, { kind: "signal", name: "go" }, { delayMs: 0 });
        const signalling = await stage.session("signal");
        await signalling.rpc(tenant.user, "signal_run", { p_run_id: run, p_name: "go", p_data: 7 });
        // The token is due, and its signal not committed: nobody can claim it.
        assertEquals(await engineOf(db).claimJobs(newWorker(), 10, "worker", run), []);
        await signalling.commit();
        const job = await claimOne(engineOf(db), newWorker(), run);
        assertEquals((job as unknown as { payload: { resolved: unknown } }).payload.resolved, {
          by: "signal",
          data: 7,
        });
      }),
    "the time-out first: the signal is kept for the next that waits": (db) =>
      interleave(db, async (stage) => {
        const { tenant, run } = await waitingRun(db, { kind: "signal", name: "go" }, { delayMs: 0 });
        const [claiming, signalling] = [await stage.session("claim"), await stage.session("signal")];
        const job = await claimOne(claiming.engine, newWorker(), run);
        assertEquals((job as unknown as { payload: { resolved?: unknown } }).payload.resolved, undefined);
        const waiting = await stage.untilBlocked(
          signalling,
          () => signalling.rpc<{ delivered: boolean }>(tenant.user, "signal_run", { p_run_id: run, p_name: "go" }),
        );
        await claiming.commit();
        assertEquals((await waiting.result).delivered, false);
        await signalling.commit();
        assertEquals((await tokensOf(db, run)).map(({ status, resolved }) => [status, resolved]), [["running", null]]);
      }),
    "while the tick lets the time be up, the signal waits for it and counts all the same": (db) =>
      interleave(db, async (stage) => {
        const { tenant, run } = await waitingRun(db, { kind: "signal", name: "go" }, { delayMs: 70_000 });
        await db.sql`update public.job_queue set scheduled_for = now() + interval '5 seconds' where run_id = ${run}`;
        const [ticking, signalling] = [await stage.session("tick"), await stage.session("signal")];
        await ticking.service("tick");
        const waiting = await stage.untilBlocked(
          signalling,
          () => signalling.rpc<{ delivered: boolean }>(tenant.user, "signal_run", { p_run_id: run, p_name: "go" }),
        );
        await ticking.commit();
        assertEquals((await waiting.result).delivered, true);
        await signalling.commit();
        assertEquals((await tokensOf(db, run)).map(({ resolved }) => resolved?.by), ["signal"]);
      }),
  },
  "a callback and a cancel": {
    "the callback first: it is completed, then the run is cancelled": (db) =>
      interleave(db, async (stage) => {
        const { tenant, run } = await waitingRun(db, { kind: "callback" });
        const [calling, cancelling] = [await stage.session("callback"), await stage.session("cancel")];
        const calls = [{ run_id: run, node_id: "wait", scope: "", data: 1 }];
        const reply = await calling.service<{ status: string }[]>("complete_callbacks", { p_callbacks: calls });
        const waiting = await stage.untilBlocked(
          cancelling,
          () => cancelling.rpc(tenant.user, "cancel_run", { p_run_id: run }),
        );
        await calling.commit();
        await waiting.result;
        await cancelling.commit();
        assertEquals(reply.map(({ status }) => status), ["completed"]);
        assertEquals((await runState(db, run)).status, "cancelled");
        assertEquals(await leftovers(db, run), none);
      }),
    "the cancel first: the callback is told that the run is finished": (db) =>
      interleave(db, async (stage) => {
        const { tenant, run } = await waitingRun(db, { kind: "callback" });
        const [calling, cancelling] = [await stage.session("callback"), await stage.session("cancel")];
        const calls = [{ run_id: run, node_id: "wait", scope: "", data: 1 }];
        await cancelling.rpc(tenant.user, "cancel_run", { p_run_id: run });
        const waiting = await stage.untilBlocked(
          calling,
          () => calling.service<{ status: string }[]>("complete_callbacks", { p_callbacks: calls }),
        );
        await cancelling.commit();
        assertEquals((await waiting.result).map(({ status }) => status), ["finished"]);
        await calling.commit();
        assertEquals(await leftovers(db, run), none);
      }),
    "the same callback twice at once counts once": (db) =>
      interleave(db, async (stage) => {
        const { run } = await waitingRun(db, { kind: "callback" });
        const [one, two] = [await stage.session("one"), await stage.session("two")];
        const calls = (data: number) => ({ p_callbacks: [{ run_id: run, node_id: "wait", scope: "", data }] });
        await one.service("complete_callbacks", calls(1));
        const waiting = await stage.untilBlocked(
          two,
          () => two.service<{ status: string }[]>("complete_callbacks", calls(2)),
        );
        await one.commit();
        assertEquals((await waiting.result).map(({ status }) => status), ["duplicate"]);
        await two.commit();
        assertEquals((await tokensOf(db, run)).map(({ resolved }) => resolved?.data), [1]);
        assertEquals(await service(db, "get_callback", { p_run_id: run, p_node_id: "wait" }), "done");
      }),
  },
  "approve and reject": Object.fromEntries(
    [["approved", "rejected"], ["rejected", "approved"]].map(([first, second]) => [
      `${first} first: that counts, and who comes second is told so`,
      (db) =>
        interleave(db, async (stage) => {
          const { tenant, run } = await waitingRun(db, { kind: "approval" });
          const other = await addMember(db, tenant.organizationId, "admin");
          const [one, two] = [await stage.session("one"), await stage.session("two")];
          const decide = (decision: string) => ({ p_run_id: run, p_node_id: "wait", p_decision: { decision } });
          await one.rpc(tenant.user, "decide_step", decide(first!));
          const waiting = await stage.untilBlocked(two, () => two.rpc(other, "decide_step", decide(second!)));
          await one.commit();
          assertEquals((await failureOf(waiting.result)).code, "conflict");
          const [token] = await tokensOf(db, run);
          assertEquals(token?.resolved?.by, "approval");
          assertEquals((token?.resolved?.data as { decision: string }).decision, first);
        }),
    ]),
  ),
});
