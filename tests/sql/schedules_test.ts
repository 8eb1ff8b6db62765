import { jitterSeconds } from "../../shared/schedules/mod.ts";
import { assert, assertEquals } from "../helpers/assert.ts";
import { interleave } from "./_interleave.ts";
import { scenarios } from "./_scenarios.ts";
import { create, fire, history, read, refill, runs, type Schedule, tenantWithSchedule } from "./_schedules.ts";
import { createFlow, rpc, service } from "./_world.ts";

const NOW = "2030-01-01T00:30:00Z";

scenarios("schedules and their clock", {
  "the clock": {
    "fires at the due time, once, with what the trigger gives": async (db) => {
      const { schedule } = await tenantWithSchedule(db, { input: { report: "daily" } });
      assertEquals(await fire(db, "2030-01-01T00:59:59Z"), 0);
      assertEquals(await fire(db, "2030-01-01T01:00:05Z"), 1);
      assertEquals(await fire(db, "2030-01-01T01:00:15Z"), 0);
      assertEquals(await history(db, schedule.id), ["01 01:00 started"]);
      const [run] = await runs(db, schedule.id);
      assertEquals([run?.status, run?.input], ["queued", {
        schedule_id: schedule.id,
        name: "Hourly",
        scheduled_for: "2030-01-01T01:00:00+00:00",
        fired_at: "2030-01-01T01:00:05+00:00",
        timezone: "UTC",
        manual: false,
        input: { report: "daily" },
      }]);
      const row = await read(db, schedule.id);
      assertEquals([row.last_run_id, row.next_at], [run?.id ?? null, "2030-01-01T02:00:00+00:00"]);
      const [kind] = await db.sql`select trigger, created_by from public.runs where id = ${run?.id ?? null}`;
      assertEquals({ ...kind }, { trigger: "schedule", created_by: null });
    },
    "engine.tick() turns it": async (db) => {
      const { schedule } = await tenantWithSchedule(db);
      const report = await service<Record<string, number>>(db, "tick", {}, { now: "2030-01-01T01:00:05Z" });
      assertEquals(report.schedules_fired, 1);
      assertEquals((await runs(db, schedule.id)).length, 1);
    },
    "daily 02:30 in Berlin: once at 03:00 when the clocks go forward, once when they go back": async (db) => {
      const changes = [
        ["2030-03-30T12:00:00Z", ["31 01:00", "01 00:30"]],
        ["2030-10-26T12:00:00Z", ["27 00:30", "28 01:30"]],
      ] as const;
      for (const [start, days] of changes) {
        const settings = { cron: "30 2 * * *", timezone: "Europe/Berlin", overlap_policy: "allow" };
        const { schedule } = await tenantWithSchedule(db, settings, start);
        for (let minutes = 0; minutes < 48 * 60; minutes += 15) {
          await fire(db, new Date(Date.parse(start) + minutes * 60_000).toISOString());
        }
        assertEquals(await history(db, schedule.id), days.map((day) => `${day} started`));
        assertEquals((await runs(db, schedule.id)).length, 2);
      }
    },
    "on the 31st it fires in months that have one": async (db) => {
      const { schedule } = await tenantWithSchedule(db, { cron: "0 9 31 * *", overlap_policy: "allow" });
      for (let day = 0; day < 160; day++) {
        await fire(db, new Date(Date.parse("2030-01-01T09:00:00Z") + day * 86_400_000).toISOString());
      }
      assertEquals(
        (await runs(db, schedule.id)).map(({ input }) =>
          (input as { scheduled_for: string }).scheduled_for.slice(0, 10)
        ),
        [
          "2030-01-31",
          "2030-03-31",
          "2030-05-31",
        ],
      );
    },
    "jitter delays each due time by its own amount, within its bounds": async (db) => {
      const { schedule } = await tenantWithSchedule(db, { jitter_seconds: 900, overlap_policy: "allow" });
      for (let hour = 1; hour <= 8; hour++) {
        const due = Date.parse(`2030-01-01T0${hour}:00:00Z`);
        const delay = await jitterSeconds(schedule.id, due, 900);
        assertEquals(Date.parse(String((await read(db, schedule.id)).fire_at)), due + delay * 1000);
        assertEquals(await fire(db, new Date(due + delay * 1000 - 1000).toISOString()), 0);
        assertEquals(await fire(db, new Date(due + delay * 1000).toISOString()), 1);
      }
      assertEquals((await history(db, schedule.id)).length, 8);
      assert((await history(db, schedule.id)).every((line) => line.endsWith("started")));
    },
    "a flow that is off, suspended or deleted: refused, and said so": async (db) => {
      const { tenant, flow, schedule } = await tenantWithSchedule(db);
      await db.sql`update public.flows set is_active = false where id = ${flow}`;
      await fire(db, "2030-01-01T01:00:05Z");
      await db.sql`update public.flows set is_active = true where id = ${flow}`;
      await db.sql`update public.organizations set suspended_at = now() where id = ${tenant.organizationId}`;
      await fire(db, "2030-01-01T02:00:05Z");
      await db.sql`update public.organizations set suspended_at = null where id = ${tenant.organizationId}`;
      await rpc(db, tenant.user, "delete_flow", { p_flow_id: flow });
      await fire(db, "2030-01-01T03:00:05Z");
      await fire(db, "2030-01-01T04:00:05Z");
      assertEquals(await history(db, schedule.id), [
        "01 01:00 refused flow_inactive",
        "01 02:00 refused organization_suspended",
        "01 03:00 refused flow_deleted",
      ]);
      assertEquals((await read(db, schedule.id)).is_active, false);
    },
    "an error of one schedule stops neither the clock nor the others": async (db) => {
      const { tenant, flow, schedule } = await tenantWithSchedule(db);
      const other = await create(db, tenant, await createFlow(db, tenant));
      await db.sql`update public.flows set current_version_id = null where id = ${flow}`;
      await fire(db, "2030-01-01T01:00:05Z");
      assertEquals(await history(db, schedule.id), ["01 01:00 refused internal"]);
      assertEquals(await history(db, other.id), ["01 01:00 started"]);
    },
    "a list that runs low asks for a new one, and fires without anybody until it ends": async (db) => {
      const { schedule } = await tenantWithSchedule(db, { cron: "* * * * *", overlap_policy: "allow" });
      const at = (minute: number) => new Date(Date.parse(NOW) + minute * 60_000).toISOString();
      for (let minute = 1; minute <= 24; minute++) await fire(db, at(minute));
      assertEquals(await refill(db, at(24)), 0);
      for (let minute = 25; minute <= 30; minute++) await fire(db, at(minute));
      assertEquals(await refill(db, at(30)), 1);
      assertEquals((await read(db, schedule.id)).upcoming instanceof Array && await fire(db, at(31)), 1);
      assertEquals(await refill(db, at(31)), 0);
      assertEquals((await history(db, schedule.id)).length, 31);
    },
    "a schedule with an end is over after it": async (db) => {
      const { schedule } = await tenantWithSchedule(db, { ends_at: "2030-01-01T01:30:00Z" });
      assertEquals(await fire(db, "2030-01-01T01:00:05Z"), 1);
      assertEquals(await refill(db, "2030-01-01T01:00:10Z"), 1);
      const row = await read(db, schedule.id);
      assertEquals([row.next_at, row.refill_at, row.is_active], [null, null, true]);
      assertEquals(await refill(db, "2030-02-01T00:00:00Z"), 0);
    },
    "old firings are forgotten": async (db) => {
      const { schedule } = await tenantWithSchedule(db);
      await fire(db, "2030-01-01T01:00:05Z");
      await db
        .sql`update public.schedules set is_active = false, upcoming = '{}', next_at = null, fire_at = null, refill_at = null`;
      await fire(db, "2030-03-30T00:00:00Z");
      assertEquals((await history(db, schedule.id)).length, 1);
      await fire(db, "2030-04-03T00:00:00Z");
      assertEquals(await history(db, schedule.id), []);
    },
  },
  "two at once": {
    "two clocks fire a due time once": (db) =>
      interleave(db, async (stage) => {
        const { schedule } = await tenantWithSchedule(db);
        const [one, two] = [await stage.session("one"), await stage.session("two")];
        const tick = (session: typeof one) =>
          session.run<{ n: number }[]>("select private.fire_schedules('2030-01-01T01:00:05Z') as n");
        // In the middle of the first one's transaction; and with a snapshot from before its commit.
        assertEquals((await tick(one))[0]?.n, 1);
        assertEquals((await tick(two))[0]?.n, 0);
        await one.commit();
        assertEquals((await tick(two))[0]?.n, 0);
        await two.commit();
        assertEquals(await history(db, schedule.id), ["01 01:00 started"]);
        assertEquals((await runs(db, schedule.id)).length, 1);
        // Even one that forgot what it did is held by the key.
        await db.sql`update public.schedules set upcoming = '2030-01-01T01:00:00Z'::timestamptz || upcoming,
          next_at = '2030-01-01T01:00:00Z', fire_at = '2030-01-01T01:00:00Z'`;
        await fire(db, "2030-01-01T01:00:25Z");
        assertEquals((await runs(db, schedule.id)).length, 1);
      }),
    "a change waits for the clock and is not undone by it": (db) =>
      interleave(db, async (stage) => {
        const { tenant, schedule } = await tenantWithSchedule(db);
        const [clock, person] = [await stage.session("clock"), await stage.session("person")];
        await clock.run("select private.fire_schedules('2030-01-01T01:00:05Z')");
        const waiting = await stage.untilBlocked(person, () =>
          person.rpc<Schedule>(tenant.user, "update_schedule", {
            p_schedule_id: schedule.id,
            p_changes: { is_active: false },
          }));
        await clock.commit();
        assertEquals((await waiting.result).next_at, null);
        await person.commit();
        assertEquals(await fire(db, "2030-01-01T02:00:05Z"), 0);
      }),
    "the clock passes over a schedule that somebody changes, and a new list does not undo the change": (db) =>
      interleave(db, async (stage) => {
        const { tenant, schedule } = await tenantWithSchedule(db);
        const person = await stage.session("person");
        await person.rpc(tenant.user, "update_schedule", {
          p_schedule_id: schedule.id,
          p_changes: { is_active: false },
        });
        assertEquals(await fire(db, "2030-01-01T01:00:05Z"), 0);
        await person.commit();
        const lists = [{ id: schedule.id, version: 1, upcoming: ["2030-01-01T05:00:00Z"] }];
        assertEquals(await service<number>(db, "store_upcoming", { p_lists: lists }, { now: NOW }), 0);
        assertEquals((await read(db, schedule.id)).next_at, null);
      }),
  },
});
