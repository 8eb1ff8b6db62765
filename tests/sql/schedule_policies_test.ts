import { assert, assertEquals } from "../helpers/assert.ts";
import type { TestDatabase } from "../helpers/postgres.ts";
import { interleave } from "./_interleave.ts";
import { scenarios } from "./_scenarios.ts";
import { create, endRun, fire, history, read, refill, runs, type Schedule, tenantWithSchedule } from "./_schedules.ts";
import { assertFails, createFlow, createTenant, rpc } from "./_world.ts";

/** Hourly from 01:00; nobody turns the clock until 04:20, when 01:00 to 04:00 are late. */
const BACK = "2030-01-01T04:20:00Z";

interface Triggered {
  schedule_id: string;
  scheduled_for: string;
  run_id: string;
}

scenarios("what becomes of due times", {
  "missed in an outage": {
    "skip: none is made up for, and the next one fires": async (db) => {
      const { schedule } = await tenantWithSchedule(db, { missed_policy: "skip" });
      await fire(db, BACK);
      await fire(db, "2030-01-01T05:00:07Z");
      assertEquals(await history(db, schedule.id), [
        "01 01:00 skipped_missed missed_policy",
        "01 02:00 skipped_missed missed_policy",
        "01 03:00 skipped_missed missed_policy",
        "01 04:00 skipped_missed missed_policy",
        "01 05:00 started",
      ]);
    },
    "run_once: the newest one runs": async (db) => {
      const { schedule } = await tenantWithSchedule(db, { missed_policy: "run_once" });
      await fire(db, BACK);
      assertEquals(await history(db, schedule.id), [
        "01 01:00 skipped_missed missed_policy",
        "01 02:00 skipped_missed missed_policy",
        "01 03:00 skipped_missed missed_policy",
        "01 04:00 started missed",
      ]);
    },
    "run_all: the newest N run, the oldest first": async (db) => {
      const { schedule } = await tenantWithSchedule(db, {
        missed_policy: "run_all",
        missed_limit: 3,
        overlap_policy: "allow",
      });
      await fire(db, BACK);
      assertEquals(await history(db, schedule.id), [
        "01 01:00 skipped_missed missed_policy",
        "01 02:00 started missed",
        "01 03:00 started missed",
        "01 04:00 started missed",
      ]);
      const newest = (await runs(db, schedule.id)).at(-1);
      assertEquals((await read(db, schedule.id)).last_run_id, newest?.id);
    },
    "run_all with a queue: one after the other": async (db) => {
      const { schedule } = await tenantWithSchedule(db, { missed_policy: "run_all", overlap_policy: "queue" });
      await fire(db, BACK);
      for (let n = 0; n < 4; n++) {
        const open = (await runs(db, schedule.id)).filter(({ status }) => status === "queued");
        assertEquals([open.length, (await runs(db, schedule.id)).length], [1, n + 1]);
        await endRun(db, open[0]!.id);
        await fire(db, BACK);
      }
      assertEquals((await history(db, schedule.id)).map((line) => line.slice("01 01:00 ".length)), [
        "started missed",
        "started queued",
        "started queued",
        "started queued",
      ]);
    },
    "late by a minute is not missed yet": async (db) => {
      const { schedule } = await tenantWithSchedule(db);
      await fire(db, "2030-01-01T01:01:00Z");
      assertEquals(await history(db, schedule.id), ["01 01:00 started"]);
    },
    "late while the clock ticks is not missed: it waited its turn": async (db) => {
      const { schedule } = await tenantWithSchedule(db);
      for (let minute = 55; minute < 60; minute++) await fire(db, `2030-01-01T00:${minute}:30Z`);
      await interleave(db, async (stage) => {
        const holder = await stage.session("holder");
        await holder.run("select 1 from public.schedules where id = $1 for update", [schedule.id]);
        for (let minute = 0; minute < 5; minute++) await fire(db, `2030-01-01T01:0${minute}:10Z`);
        await holder.commit();
      });
      await fire(db, "2030-01-01T01:05:10Z");
      assertEquals(await history(db, schedule.id), ["01 01:00 started"]);
    },
    "an outage longer than the list counts as one, once the list is new": async (db) => {
      for (const policy of ["run_once", "run_all", "skip"]) {
        const { schedule } = await tenantWithSchedule(db, {
          cron: "* * * * *",
          missed_policy: policy,
          missed_limit: 5,
          overlap_policy: "allow",
        });
        const back = "2030-01-03T12:00:30Z";
        assertEquals(await fire(db, back), 0);
        assertEquals(await refill(db, back), 1);
        assertEquals(await fire(db, back), 100);
        const all = await history(db, schedule.id);
        assertEquals(all.length, 100);
        // 12:00:00 is late by thirty seconds only.
        assertEquals(all.at(-1), "03 12:00 started");
        const made = all.slice(0, -1).filter((line) => line.includes("started missed"));
        assertEquals(made.length, { run_once: 1, run_all: 5, skip: 0 }[policy]);
        assertEquals(await fire(db, "2030-01-03T12:01:00Z"), 1);
      }
    },
  },
  "overlap": {
    "allow: another one starts": async (db) => {
      const { schedule } = await tenantWithSchedule(db, { overlap_policy: "allow" });
      await fire(db, "2030-01-01T01:00:05Z");
      await fire(db, "2030-01-01T02:00:05Z");
      assertEquals((await runs(db, schedule.id)).map(({ status }) => status), ["queued", "queued"]);
    },
    "skip: not while one is under way": async (db) => {
      const { schedule } = await tenantWithSchedule(db, { overlap_policy: "skip" });
      await fire(db, "2030-01-01T01:00:05Z");
      await fire(db, "2030-01-01T02:00:05Z");
      await endRun(db, (await runs(db, schedule.id))[0]!.id);
      await fire(db, "2030-01-01T03:00:05Z");
      assertEquals(await history(db, schedule.id), [
        "01 01:00 started",
        "01 02:00 skipped_overlap",
        "01 03:00 started",
      ]);
    },
    "queue: starts when the one before has ended, in order, and a new one does not overtake": async (db) => {
      const { schedule } = await tenantWithSchedule(db, { overlap_policy: "queue" });
      await fire(db, "2030-01-01T01:00:05Z");
      await fire(db, "2030-01-01T02:00:05Z");
      await fire(db, "2030-01-01T03:00:05Z");
      assertEquals((await read(db, schedule.id)).queued_count, 2);
      const end = async (at: string) => {
        const open = (await runs(db, schedule.id)).filter(({ status }) => status !== "completed");
        assertEquals(open.length, 1);
        await endRun(db, open[0]!.id);
        await fire(db, at);
      };
      await end("2030-01-01T03:30:00Z");
      assertEquals((await history(db, schedule.id)).slice(1), ["01 02:00 started queued", "01 03:00 queued"]);
      await end("2030-01-01T04:00:05Z");
      assertEquals((await history(db, schedule.id)).slice(2), ["01 03:00 started queued", "01 04:00 queued"]);
      await end("2030-01-01T04:10:00Z");
      await end("2030-01-01T04:20:00Z");
      assertEquals((await read(db, schedule.id)).queued_count, 0);
      const inputs = (await runs(db, schedule.id)).map(({ input }) => (input as { fired_at: string }).fired_at);
      assertEquals(inputs.map((at) => at.slice(11, 16)), ["01:00", "03:30", "04:00", "04:10"]);
    },
    "queue: it is bounded, and switching off empties it": async (db) => {
      const { tenant, schedule } = await tenantWithSchedule(db, { overlap_policy: "queue" });
      await fire(db, "2030-01-01T01:00:05Z");
      await fire(db, "2030-01-01T02:00:05Z");
      await db.sql`update public.schedules set queued_count = 100 where id = ${schedule.id}`;
      await fire(db, "2030-01-01T03:00:05Z");
      assertEquals((await history(db, schedule.id)).slice(1), [
        "01 02:00 queued",
        "01 03:00 skipped_overlap queue_full",
      ]);
      await rpc<Schedule>(db, tenant.user, "update_schedule", {
        p_schedule_id: schedule.id,
        p_changes: { is_active: false },
      });
      assertEquals((await history(db, schedule.id))[1], "01 02:00 skipped_overlap switched_off");
      assertEquals((await read(db, schedule.id)).queued_count, 0);
    },
    "cancel_previous: the one under way ends cancelled, and the new one starts": async (db) => {
      const { schedule } = await tenantWithSchedule(db, { overlap_policy: "cancel_previous" });
      await fire(db, "2030-01-01T01:00:05Z");
      await fire(db, "2030-01-01T02:00:05Z");
      assertEquals((await runs(db, schedule.id)).map(({ status }) => status), ["cancelled", "queued"]);
    },
    "cancel_previous: a run that somebody is at work on makes the clock come back, not wait": (db) =>
      interleave(db, async (stage) => {
        const { schedule } = await tenantWithSchedule(db, { overlap_policy: "cancel_previous" });
        await fire(db, "2030-01-01T01:00:05Z");
        const [first] = await runs(db, schedule.id);
        const worker = await stage.session("worker");
        await worker.run("select 1 from public.runs where id = $1 for update", [first!.id]);
        assertEquals(await fire(db, "2030-01-01T02:00:05Z"), 0);
        await worker.commit();
        assertEquals(await fire(db, "2030-01-01T02:00:15Z"), 1);
        assertEquals((await runs(db, schedule.id)).map(({ status }) => status), ["cancelled", "queued"]);
        assertEquals(await history(db, schedule.id), ["01 01:00 started", "01 02:00 started"]);
      }),
    "an organization whose limits somebody holds is passed over, and the others fire": (db) =>
      interleave(db, async (stage) => {
        const held = await tenantWithSchedule(db);
        const { tenant, flow } = held;
        const second = await create(db, tenant, flow);
        const { schedule: other } = await another(db);
        // Near to its limit: otherwise starts pass each other.
        await db.sql`update public.plans set max_concurrent_runs = 50 where id = 'free'`;
        const holder = await stage.session("holder");
        await holder.run("select private.lock_limits($1)", [tenant.organizationId]);
        const before = performance.now();
        assertEquals(await fire(db, "2030-01-01T01:00:05Z"), 1);
        assert(performance.now() - before < 5_000);
        assertEquals(await history(db, other.id), ["01 01:00 started"]);
        await holder.commit();
        assertEquals(await fire(db, "2030-01-01T01:00:15Z"), 2);
        assertEquals(await history(db, second.id), ["01 01:00 started"]);
      }),
  },
  "by hand": {
    "trigger now starts a run, also when switched off, and what is due comes all the same": async (db) => {
      const { tenant, schedule } = await tenantWithSchedule(db, { overlap_policy: "allow" });
      const trigger = (key?: string) =>
        rpc<Triggered>(db, tenant.user, "trigger_schedule", {
          p_schedule_id: schedule.id,
          ...(key !== undefined && { p_idempotency_key: key }),
        }, { now: "2030-01-01T00:40:00Z" });
      const first = await trigger("once");
      assertEquals(await trigger("once"), first);
      const second = await trigger();
      assert(second.run_id !== first.run_id && second.scheduled_for !== first.scheduled_for);
      await fire(db, "2030-01-01T01:00:05Z");
      assertEquals((await runs(db, schedule.id)).map(({ input }) => (input as { manual: boolean }).manual), [
        true,
        true,
        false,
      ]);
      const [row] = await db.sql`
        select outcome, run_id, triggered_by, is_manual from public.schedule_firings
        where schedule_id = ${schedule.id} and scheduled_for = ${first.scheduled_for}`;
      assertEquals({ ...row }, {
        outcome: "started",
        run_id: first.run_id,
        triggered_by: tenant.user.id,
        is_manual: true,
      });
      await rpc(db, tenant.user, "update_schedule", { p_schedule_id: schedule.id, p_changes: { is_active: false } });
      await trigger();
      assertEquals((await runs(db, schedule.id)).length, 4);
    },
    "a run by hand counts as under way": async (db) => {
      const { tenant, schedule } = await tenantWithSchedule(db, { overlap_policy: "skip" });
      await rpc(db, tenant.user, "trigger_schedule", { p_schedule_id: schedule.id });
      await fire(db, "2030-01-01T01:00:05Z");
      assertEquals(await history(db, schedule.id), ["01 01:00 skipped_overlap"]);
    },
    "a flow that is off or gone is not started": async (db) => {
      const { tenant, flow, schedule } = await tenantWithSchedule(db);
      const trigger = () => rpc(db, tenant.user, "trigger_schedule", { p_schedule_id: schedule.id });
      await db.sql`update public.flows set is_active = false where id = ${flow}`;
      await assertFails(trigger(), "flow_inactive", 409);
      await rpc(db, tenant.user, "delete_flow", { p_flow_id: flow });
      await assertFails(trigger(), "not_found", 404);
    },
    "one that is due at the very moment stays due": async (db) => {
      const { tenant, schedule } = await tenantWithSchedule(db, { overlap_policy: "allow" });
      const now = "2030-01-01T01:00:00Z";
      await rpc(db, tenant.user, "trigger_schedule", { p_schedule_id: schedule.id }, { now });
      await fire(db, now);
      assertEquals((await runs(db, schedule.id)).length, 2);
    },
  },
});

/** Another tenant with a schedule, beside those that are there. */
async function another(db: TestDatabase): Promise<{ schedule: Schedule }> {
  const tenant = await createTenant(db);
  return { schedule: await create(db, tenant, await createFlow(db, tenant)) };
}
