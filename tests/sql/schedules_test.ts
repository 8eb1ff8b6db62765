import { jitterSeconds } from "../../shared/schedules/mod.ts";
import { assert, assertEquals } from "../helpers/assert.ts";
import { interleave } from "./_interleave.ts";
import { scenarios } from "./_scenarios.ts";
import {
  create,
  fire,
  history,
  read,
  refill,
  runs,
  type Schedule,
  tenantWithSchedule,
  upcoming,
} from "./_schedules.ts";
import { addMember, assertFails, createFlow, createTenant, parallel, rpc, service, unusedId } from "./_world.ts";

const NOW = "2030-01-01T00:30:00Z";

scenarios("schedules", {
  "settings": {
    "a schedule is made with its due times and shown without them": async (db) => {
      const { schedule, flow } = await tenantWithSchedule(db, { input: { n: 1 }, trigger_node: "start" });
      assertEquals(Date.parse(schedule.next_at!), Date.parse("2030-01-01T01:00:00Z"));
      assertEquals([schedule.flow_id, schedule.input, schedule.version], [flow, { n: 1 }, 1]);
      assertEquals([schedule.missed_policy, schedule.overlap_policy, schedule.missed_limit], ["skip", "skip", 10]);
      for (const hidden of ["upcoming", "open_runs", "refill_at"]) assertEquals(schedule[hidden], undefined);
      assertEquals((await read(db, schedule.id)).upcoming instanceof Array, true);
    },
    "what is out of range is refused, null included": async (db) => {
      const { tenant, flow } = await tenantWithSchedule(db);
      const refuse = (settings: Record<string, unknown>, code = "invalid_request", status = 400) =>
        assertFails(
          rpc(db, tenant.user, "create_schedule", {
            p_flow_id: flow,
            p_settings: { name: "x", cron: "0 * * * *", ...settings } as Record<string, string>,
            p_upcoming: upcoming({ cron: "0 * * * *", timezone: "UTC" }, NOW),
          }, { now: NOW }),
          code,
          status,
        );
      for (
        const settings of [
          { name: "" },
          { name: null },
          { name: "x".repeat(201) },
          { cron: null },
          { cron: "" },
          { timezone: "Europe/Berlin; drop" },
          { timezone: null },
          { jitter_seconds: -1 },
          { jitter_seconds: 3601 },
          { jitter_seconds: null },
          { jitter_seconds: "many" },
          { missed_policy: "never" },
          { missed_limit: 0 },
          { missed_limit: 101 },
          { overlap_policy: null },
          { starts_at: "2030-02-01T00:00:00Z", ends_at: "2030-01-01T00:00:00Z" },
          { ends_at: "infinity" },
          { starts_at: "yesterdayish" },
          { is_active: null },
          { trigger_node: "" },
          { trigger_node: "nowhere" },
          { organization_id: unusedId() },
          { upcoming: [] },
        ]
      ) await refuse(settings);
      await refuse({ input: { big: "x".repeat(70_000) } }, "payload_too_large", 413);
      for (const settings of [null, [], "x"]) {
        await assertFails(
          rpc(db, tenant.user, "create_schedule", { p_flow_id: flow, p_settings: settings }),
          "invalid_request",
          400,
        );
      }
    },
    "a false list of due times is bounded, and the service replaces it": async (db) => {
      const { tenant, flow } = await tenantWithSchedule(db);
      const make = (list: string[]) =>
        create(db, tenant, flow, { name: "False", ends_at: "2031-01-01T00:00:00Z" }, NOW, { p_upcoming: list });
      await assertFails(make([]), "invalid_request", 400);
      await assertFails(make(["2029-12-31T23:00:00Z"]), "invalid_request", 400);
      await assertFails(make(["2030-01-01T02:00:00Z", "2030-01-01T01:00:00Z"]), "invalid_request", 400);
      await assertFails(make(["2030-01-01T01:00:00Z", "2030-01-01T01:00:30Z"]), "invalid_request", 400);
      await assertFails(make(["2031-01-01T01:00:00Z"]), "invalid_request", 400);
      await assertFails(make(["infinity"]), "invalid_request", 400);
      const many = Array.from({ length: 151 }, (_, n) => new Date(Date.parse(NOW) + (n + 1) * 60_000).toISOString());
      await assertFails(make(many), "invalid_request", 400);
      const liar = await make(many.slice(0, 150));
      await db.sql`update public.schedules set refill_at = ${NOW} where id = ${liar.id}`;
      assertEquals(await refill(db, NOW), 1);
      assertEquals((await read(db, liar.id)).next_at, "2030-01-01T01:00:00+00:00");
    },
    "the plan limits their number, however many are made at once": async (db) => {
      const { tenant, flow } = await tenantWithSchedule(db);
      await db.sql`update public.plans set max_schedules = 3 where id = 'free'`;
      const made = await parallel(6, () => create(db, tenant, flow).then(() => "made", () => "refused"));
      assertEquals(made.filter((outcome) => outcome === "made").length, 2);
      await assertFails(create(db, tenant, flow), "plan_limit_reached", 402);
      await db.sql`update public.plans set max_schedules = 20 where id = 'free'`;
    },
    "the same idempotency key makes one schedule, also when other due times lie ahead": async (db) => {
      const { tenant, flow } = await tenantWithSchedule(db);
      const first = await create(db, tenant, flow, {}, NOW, { p_idempotency_key: "k" });
      const again = await create(db, tenant, flow, {}, "2030-01-01T05:30:00Z", { p_idempotency_key: "k" });
      assertEquals(again.id, first.id);
      await assertFails(
        create(db, tenant, flow, { name: "Other" }, NOW, { p_idempotency_key: "k" }),
        "idempotency_mismatch",
        422,
      );
    },
    "changes: only another timing needs due times, switching off takes them away, null clears": async (db) => {
      const { tenant, schedule } = await tenantWithSchedule(db, { ends_at: "2031-01-01T00:00:00Z" });
      const update = (changes: Record<string, string | boolean | null>, rest = {}) =>
        rpc<Schedule>(db, tenant.user, "update_schedule", {
          p_schedule_id: schedule.id,
          p_changes: changes,
          ...rest,
        }, { now: NOW });
      const renamed = await update({ name: "Other" });
      assertEquals([renamed.name, renamed.version, renamed.next_at], ["Other", 2, schedule.next_at]);
      await assertFails(update({ cron: "30 * * * *" }), "invalid_request", 400);
      await assertFails(update({ name: "x" }, { p_if_version: 1 }), "version_mismatch", 412);
      const list = upcoming({ cron: "45 * * * *", timezone: "UTC" }, NOW);
      const moved = await update({ cron: "45 * * * *", ends_at: null }, { p_upcoming: list });
      assertEquals([Date.parse(moved.next_at!), moved.ends_at], [Date.parse("2030-01-01T00:45:00Z"), null]);
      const off = await update({ is_active: false });
      assertEquals([off.next_at, off.fire_at, off.is_active], [null, null, false]);
      assertEquals(await fire(db, "2030-01-01T09:00:00Z"), 0);
      await assertFails(update({ is_active: true }), "invalid_request", 400);
      assertEquals((await update({ is_active: true }, { p_upcoming: list })).next_at, moved.next_at);
    },
    "deleting it takes the history along and leaves the runs": async (db) => {
      const { tenant, schedule } = await tenantWithSchedule(db);
      await fire(db, "2030-01-01T01:00:05Z");
      await rpc(db, tenant.user, "delete_schedule", { p_schedule_id: schedule.id });
      assertEquals(await history(db, schedule.id), []);
      assertEquals((await runs(db, schedule.id)).length, 1);
    },
  },
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
  "who may": {
    "strangers find nothing, viewers read, members trigger, developers write": async (db) => {
      const { tenant, flow, schedule } = await tenantWithSchedule(db);
      const stranger = await createTenant(db);
      const id = { p_schedule_id: schedule.id };
      for (const call of ["delete_schedule", "trigger_schedule"]) {
        await assertFails(rpc(db, stranger.user, call, id), "not_found", 404);
        await assertFails(rpc(db, stranger.user, call, { p_schedule_id: unusedId() }), "not_found", 404);
      }
      const seen = await db.as("authenticated", stranger.user.claims, (sql) => sql`select 1 from public.schedules`);
      assertEquals(seen.length, 0);
      const member = await addMember(db, tenant.organizationId, "member");
      await assertFails(rpc(db, member, "delete_schedule", id), "forbidden", 403);
      await assertFails(rpc(db, member, "update_schedule", { ...id, p_changes: {} }), "forbidden", 403);
      await assertFails(rpc(db, member, "create_schedule", { p_flow_id: flow, p_settings: {} }), "forbidden", 403);
      await rpc(db, member, "trigger_schedule", id);
      const viewer = await addMember(db, tenant.organizationId, "viewer");
      await assertFails(rpc(db, viewer, "trigger_schedule", id), "forbidden", 403);
      const rows = await db.as("authenticated", viewer.claims, (sql) => sql`select 1 from public.schedule_firings`);
      assertEquals(rows.length, 1);
      const foreign = await createFlow(db, stranger);
      await assertFails(
        rpc(db, tenant.user, "update_schedule", { ...id, p_changes: {}, p_flow_id: foreign }),
        "not_found",
        404,
      );
    },
  },
});
