import { assertEquals } from "../helpers/assert.ts";
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
import { addMember, assertFails, createFlow, createTenant, parallel, rpc, unusedId } from "./_world.ts";

const NOW = "2030-01-01T00:30:00Z";

scenarios("settings of schedules", {
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
