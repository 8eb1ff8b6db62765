/**
 * Budgets: what is reserved before a call, settled after it, stopped, told and given back.
 */
import { assert, assertEquals } from "../helpers/assert.ts";
import { withDatabase } from "../helpers/postgres.ts";
import { budget, caller, listen, MODEL, reserve, setPrices, settle, standOf, told } from "./_budgets.ts";
import { addMember, assertFails, createFlow, createTenant, rpc, service } from "./_world.ts";

const NOW = "2026-11-20T12:30:00Z";
/** 1,000 tokens read and 100 written: 2,000 millionths of a dollar. */
const CALL = { input_token: 1_000, output_token: 100 };

Deno.test("a call is reserved before, settled after, and one that does not fit is refused", () =>
  withDatabase(async (db) => {
    await setPrices(db);
    const tenant = await createTenant(db);
    const { id } = await budget(db, tenant, { amount: 5_000 });
    const who = await caller(db, tenant);
    const first = await reserve(db, who, CALL);
    assertEquals([first.cost_micros, first.is_priced, await standOf(db, tenant, id)], [2_000, true, [0, 2_000]]);
    const second = await reserve(db, who, CALL, { number: 2 });
    const refused = await reserve(db, who, CALL, { number: 3 });
    assertEquals([refused.refused?.because, refused.refused?.reserved, refused.refused?.needed], [
      "spent",
      4_000,
      2_000,
    ]);
    assertEquals(await standOf(db, tenant, id), [0, 4_000]);
    // Cheaper than thought: there is room again.
    await settle(db, first.id, { input_token: 500 });
    await settle(db, second.id, { input_token: 500 });
    assertEquals(await standOf(db, tenant, id), [1_000, 0]);
    const third = await reserve(db, who, CALL, { number: 3 });
    // Dearer than thought: it is counted all the same, and then nothing fits any more.
    await settle(db, third.id, { input_token: 9_000 });
    assertEquals(await standOf(db, tenant, id), [10_000, 0]);
    assertEquals((await reserve(db, who, { input_token: 0 }, { number: 4 })).refused?.because, "spent");
  }));

Deno.test("a call is counted once however often it is settled, and a released one when it is told later", () =>
  withDatabase(async (db) => {
    await setPrices(db);
    const tenant = await createTenant(db);
    const { id } = await budget(db, tenant, { amount: 100_000 });
    const who = await caller(db, tenant);
    const { id: call } = await reserve(db, who, CALL);
    assertEquals(await settle(db, call, CALL), { settled: true, cost_micros: 2_000, is_priced: true });
    assertEquals(await settle(db, call, CALL), { settled: false });
    assertEquals(await standOf(db, tenant, id), [2_000, 0]);
    const { id: lost } = await reserve(db, who, CALL);
    assertEquals(await service(db, "release_spend", { p_reservation_id: lost }), true);
    assertEquals(await service(db, "release_spend", { p_reservation_id: lost }), false);
    assertEquals(await standOf(db, tenant, id), [2_000, 0]);
    await settle(db, lost, CALL);
    await settle(db, lost, CALL);
    assertEquals(await standOf(db, tenant, id), [4_000, 0]);
    const [row] = await db.sql`
      select calls, input_tokens::int, output_tokens::int, cost_micros::int, unpriced_calls from public.usage_details
      where organization_id = ${tenant.organizationId} and model = ${MODEL}`;
    assertEquals({ ...row }, {
      calls: 2,
      input_tokens: 2_000,
      output_tokens: 200,
      cost_micros: 4_000,
      unpriced_calls: 0,
    });
  }));

Deno.test("what a lost worker had reserved is given back by the clock, and by the next attempt", () =>
  withDatabase(async (db) => {
    await setPrices(db);
    const tenant = await createTenant(db);
    const { id } = await budget(db, tenant, { amount: 5_000 });
    const who = await caller(db, tenant);
    const first = await reserve(db, who, { ...CALL, input_token: 3_000 });
    // The same step again: its first attempt was lost.
    const again = await reserve(db, who, { ...CALL, input_token: 3_000 });
    assert(again.id !== first.id && again.refused === undefined);
    assertEquals(await standOf(db, tenant, id), [0, 4_000]);
    await db.sql`update private.spend_reservations set created_at = created_at - interval '1 minute'`;
    const sweep = async () => (await db.sql`select private.keep_budgets() as reply`)[0]?.reply.released;
    assertEquals([await sweep(), await standOf(db, tenant, id)], [0, [0, 4_000]]);
    await db
      .sql`update public.job_queue set status = 'available', worker_id = null, started_at = null where id = ${who.jobId}`;
    assertEquals([await sweep(), await standOf(db, tenant, id)], [1, [0, 0]]);
    assertEquals(await sweep(), 0);
  }));

Deno.test("32 calls at once never use more than the budget", () =>
  withDatabase(async (db) => {
    await setPrices(db);
    const tenant = await createTenant(db);
    // Of the organization, and a tighter one of the flow; made in the other order than they are tight.
    const flow = await createFlow(db, tenant);
    const all = await budget(db, tenant, { amount: 40_000 });
    const own = await budget(db, tenant, { amount: 20_000, flow_id: flow, name: "Flow" });
    const who = await caller(db, tenant, flow);
    let done = 0;
    await Promise.all(Array.from({ length: 32 }, async (_, number) => {
      const reply = await reserve(db, who, CALL, { number: number + 1 });
      if (reply.refused !== undefined) return assertEquals(reply.refused.id, own.id);
      await settle(db, reply.id, CALL);
      done++;
    }));
    // Nothing was dearer than reserved: all that fits was done, to the last millionth.
    assertEquals([done, await standOf(db, tenant, all.id), await standOf(db, tenant, own.id)], [10, [20_000, 0], [
      20_000,
      0,
    ]]);
  }));

Deno.test("people are told of 50, 80 and 100 percent once a period, and of a call that was stopped", () =>
  withDatabase(async (db) => {
    await setPrices(db);
    const tenant = await createTenant(db);
    await addMember(db, tenant.organizationId, "admin");
    await addMember(db, tenant.organizationId, "developer");
    await listen(db, tenant);
    const { id } = await budget(db, tenant, { amount: 10_000, period: "day" }, NOW);
    const who = await caller(db, tenant);
    const spend = async (tokens: number, number: number, now = NOW) => {
      const { id: call } = await reserve(db, who, { input_token: tokens }, { number }, now);
      await settle(db, call, { input_token: tokens }, now);
    };
    const shares = async () =>
      (await told(db, tenant)).events.filter((data) => (data as { id?: string }).id === id)
        .map((data) => (data as { percent: number }).percent);
    await spend(4_000, 1);
    assertEquals(await shares(), []);
    await spend(2_000, 2);
    await spend(1_000, 3);
    assertEquals(await shares(), [50]);
    await spend(1_500, 4);
    assertEquals(await shares(), [50, 80]);
    assert((await reserve(db, who, CALL, { number: 5 }, NOW)).refused !== undefined);
    assert((await reserve(db, who, CALL, { number: 6 }, NOW)).refused !== undefined);
    assertEquals(await shares(), [50, 80, 100]);
    // Owner and admin, three times each.
    assertEquals((await told(db, tenant)).mails, 6);
    const [event] = (await told(db, tenant)).events;
    assertEquals(event, {
      id,
      name: "Models",
      flow_id: null,
      meter: "cost",
      period: "day",
      spent: 6_000,
      limit: 10_000,
      currency: "usd",
      percent: 50,
      resets_at: "2026-11-21T00:00:00+00:00",
    });
    // The next day begins anew.
    await spend(5_000, 7, "2026-11-21T00:00:00Z");
    assertEquals(await shares(), [50, 80, 100, 50]);
    assertEquals(await standOf(db, tenant, id, "2026-11-21T00:00:00Z"), [5_000, 0]);
  }));

Deno.test("a call belongs to the period in which it began", () =>
  withDatabase(async (db) => {
    await setPrices(db);
    const tenant = await createTenant(db);
    const { id } = await budget(db, tenant, { amount: 10_000 }, NOW);
    const who = await caller(db, tenant);
    const { id: call } = await reserve(db, who, CALL, {}, "2026-11-30T23:59:59Z");
    await settle(db, call, CALL, "2026-12-01T00:00:05Z");
    assertEquals(await standOf(db, tenant, id, "2026-11-30T23:59:59Z"), [2_000, 0]);
    assertEquals(await standOf(db, tenant, id, "2026-12-01T00:00:05Z"), [0, 0]);
  }));

Deno.test("a model without a price is stopped by budgets in money, and counted as unpriced otherwise", () =>
  withDatabase(async (db) => {
    const tenant = await createTenant(db);
    const who = await caller(db, tenant);
    const free = await reserve(db, who, CALL);
    assertEquals([free.cost_micros, free.is_priced], [0, false]);
    await settle(db, free.id, CALL);
    const tokens = await budget(db, tenant, { meter: "ai_tokens", amount: 2_500 });
    assertEquals(await standOf(db, tenant, tokens.id), [1_100, 0]);
    const next = await reserve(db, who, CALL);
    assertEquals(next.refused, undefined);
    await service(db, "release_spend", { p_reservation_id: next.id });
    assertEquals((await reserve(db, who, { output_token: 1_401 })).refused?.because, "spent");
    await budget(db, tenant, { amount: 1, on_limit: "warn" });
    assertEquals((await reserve(db, who, CALL)).refused, undefined);
    await budget(db, tenant, { amount: 1_000_000 });
    assertEquals((await reserve(db, who, CALL)).refused?.because, "no_price");
    const [row] = await db
      .sql`select unpriced_calls, cost_micros::int from public.usage_details where model = ${MODEL}`;
    assertEquals({ ...row }, { unpriced_calls: 1, cost_micros: 0 });
  }));

Deno.test("prices have their times, and costs are rounded up once", () =>
  withDatabase(async (db) => {
    const set = (micros: number | null, from: string) =>
      service(db, "set_model_price", {
        p_model: "a/b",
        p_unit: "input_token",
        p_micros_per_million: micros,
        p_valid_from: from,
      });
    await set(75_000, "2026-01-01T00:00:00Z");
    await set(150_000, "2026-06-01T00:00:00Z");
    await set(null, "2026-09-01T00:00:00Z");
    const cost = async (units: string, at: string) => {
      const [row] = await db.sql`select * from private.cost_of('a/b', ${units}::text::jsonb, ${at})`;
      return [Number(row?.micros), row?.is_priced];
    };
    assertEquals(await cost('{"input_token": 1000000}', "2026-05-31T23:59:59Z"), [75_000, true]);
    assertEquals(await cost('{"input_token": 1000000}', "2026-06-01T00:00:00Z"), [150_000, true]);
    assertEquals(await cost('{"input_token": 1}', "2026-06-01T00:00:00Z"), [1, true]);
    assertEquals(await cost('{"input_token": 7, "call": 1}', "2026-06-01T00:00:00Z"), [2, true]);
    assertEquals(await cost('{"input_token": 1, "output_token": 1}', "2026-06-01T00:00:00Z"), [1, false]);
    assertEquals(await cost('{"input_token": 5}', "2026-09-01T00:00:00Z"), [0, false]);
    assertEquals(await cost('{"input_token": -5, "wizardry": 3, "output_token": "7"}', "2026-06-01T00:00:00Z"), [
      0,
      true,
    ]);
    await assertFails(set(-1, "2026-01-01T00:00:00Z"), "invalid_request", 400);
  }));

Deno.test("budgets are made, changed and deleted by who may, and never seen by strangers", () =>
  withDatabase(async (db) => {
    const [ada, eve] = [await createTenant(db), await createTenant(db)];
    const admin = await addMember(db, ada.organizationId, "admin");
    const flow = await createFlow(db, ada);
    const made = await budget(db, ada, { amount: 100, flow_id: flow });
    const change = (p_changes: Record<string, string | number | boolean | null>, p_if_version?: number) =>
      rpc<{ version: number }>(db, ada.user, "update_budget", {
        p_budget_id: made.id,
        p_changes,
        ...(p_if_version !== undefined && { p_if_version }),
      });
    assertEquals((await change({ amount: 200 }, 1)).version, 2);
    await assertFails(change({ amount: 300 }, 1), "version_mismatch", 412);
    for (const bad of [{ amount: 0 }, { amount: "x" }, { name: "" }, { on_limit: "burn" }, { amount: null }]) {
      await assertFails(change(bad as Record<string, string>), "invalid_request", 400);
    }
    for (const bad of [{ meter: "runs" }, { flow_id: null }, { period: "day" }]) {
      await assertFails(change(bad), "invalid_request", 400);
    }
    await assertFails(budget(db, ada, { meter: "runs", amount: 5, on_limit: "stop" }), "invalid_request", 400);
    await assertFails(budget(db, ada, { amount: 5, flow_id: await createFlow(db, eve) }), "not_found", 404);
    await assertFails(rpc(db, eve.user, "get_budget", { p_budget_id: made.id }), "not_found", 404);
    await assertFails(rpc(db, eve.user, "delete_budget", { p_budget_id: made.id }), "not_found", 404);
    await assertFails(rpc(db, admin, "delete_budget", { p_budget_id: made.id }), "forbidden", 403);
    await rpc(db, admin, "get_budget", { p_budget_id: made.id });
    await rpc(db, ada.user, "delete_budget", { p_budget_id: made.id, p_if_version: 2 });
    await assertFails(rpc(db, ada.user, "get_budget", { p_budget_id: made.id }), "not_found", 404);
  }));

Deno.test("a budget that is made while calls are under way begins with exactly what was used", () =>
  withDatabase(async (db) => {
    await setPrices(db);
    const tenant = await createTenant(db);
    const who = await caller(db, tenant);
    const calls = await Promise.all(
      Array.from({ length: 12 }, (_, number) => reserve(db, who, CALL, { number: number + 1 })),
    );
    const [made] = await Promise.all([
      budget(db, tenant, { amount: 1_000_000 }),
      ...calls.map(({ id }) => settle(db, id, CALL)),
    ]);
    assertEquals(await standOf(db, tenant, made.id), [24_000, 0]);
  }));
