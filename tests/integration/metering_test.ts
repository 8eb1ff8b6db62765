/**
 * Seats and meters against the stand-in of Stripe: what happens at once, what is lost, what comes late.
 *
 * @module
 */
import { createStripe, syncSubscription } from "../../shared/billing/mod.ts";
import { createLog } from "../../shared/log/mod.ts";
import { reportMeters, syncSeats } from "../../shared/metering/mod.ts";
import type { ApiUser, TestApi } from "../helpers/api.ts";
import { assert, assertEquals } from "../helpers/assert.ts";
import { withServedApi } from "../helpers/served_api.ts";
import { startStripe, type StripeServer } from "../helpers/stripe_server/mod.ts";

const LOG = createLog("test", { level: "error", write: () => {} });
const HOUR = 3_600;
const DAY = 86_400;
/** The stand-in's clock and the database's: usage is counted by the machine's. */
const NOW = Math.floor(Date.now() / 1_000);
/** The begin of an hour that is over, Unix time. */
const LAST_HOUR = Math.floor(NOW / HOUR) * HOUR - HOUR;

interface Scene {
  api: TestApi;
  server: StripeServer;
  prices: Readonly<Record<string, string>>;
  ada: ApiUser;
  customer: string;
  subscription: string;
  /** Fetches the subscription from Stripe. */
  sync(): Promise<unknown>;
  /** Does what the job metering.seats does. */
  seats(): Promise<{ seats: number | null; changes: number }>;
  /** Does what the job metering.report does. */
  report(): ReturnType<typeof reportMeters>;
}

/** An organization with a subscription to pro, begun three days ago. */
async function withSubscription(
  fn: (scene: Scene) => Promise<void>,
  lookupKeys = ["millrace_pro_month"],
): Promise<void> {
  await using server = startStripe({ now: NOW - 3 * DAY });
  const prices = server.addPlans();
  server.addMeter("runs");
  server.addMeter("ai_tokens");
  await withServedApi([], async (api) => {
    const stripe = createStripe(api.env);
    const ada = await api.createUser();
    const { id: customer } = await stripe.customers.create({ metadata: { organization_id: ada.organizationId } });
    await api.db.sql`select engine.put_billing_customer(${ada.organizationId}, ${customer})`;
    await api.db.sql`
      insert into public.plan_prices (stripe_price_id, lookup_key, plan_id, kind, billing_interval, currency, is_active)
      values (${prices.millrace_pro_month!}, 'millrace_pro_month', 'pro', 'base', 'month', 'eur', true),
        (${prices.millrace_pro_seat_month!}, 'millrace_pro_seat_month', 'pro', 'seat', 'month', 'eur', true),
        ('price_runs', 'millrace_runs', null, 'meter', null, 'eur', true),
        ('price_tokens', 'millrace_ai_tokens', null, 'meter', null, 'eur', true)
      on conflict do nothing`;
    await api.db.sql`update public.plans set included_seats = 1`;
    const { id: subscription } = server.subscribe({
      customer,
      items: lookupKeys.map((key) => ({ price: prices[key]!, quantity: 1 })),
    });
    server.advanceTo(NOW);
    const context = { env: api.env, stripe, log: LOG };
    const sync = () => syncSubscription(context, subscription);
    await sync();
    await fn({
      api,
      server,
      prices,
      ada,
      customer,
      subscription,
      sync,
      seats: () =>
        syncSeats(ada.organizationId, {
          env: api.env,
          stripe,
          key: crypto.randomUUID(),
          signal: new AbortController().signal,
          sync,
        }),
      report: () => reportMeters({ ...context, signal: new AbortController().signal }),
    });
    assertEquals(server.faults, []);
  }, { env: { ...server.env } });
}

async function join({ api, ada }: Scene): Promise<string> {
  const user = await api.db.createUser();
  await api.db.sql`insert into public.profiles (id, email) values (${user.id}, ${user.email})`;
  await api.db.sql`
    insert into public.organization_members (organization_id, user_id, role)
    values (${ada.organizationId}, ${user.id}, 'member')`;
  return user.id;
}

const leave = ({ api }: Scene, id: string) => api.db.sql`delete from public.organization_members where user_id = ${id}`;

/** Jobs metering.seats that wait; they are taken. */
async function calledJobs({ api }: Scene): Promise<number> {
  const rows = await api.db.sql`delete from public.job_queue where type = 'metering.seats' returning id`;
  return rows.length;
}

function quantityAt({ server, prices }: Scene): number | undefined {
  const [subscription] = server.world.all("subscription");
  return subscription?.items.data.find(({ price }) => price.id === prices.millrace_pro_seat_month)?.quantity;
}

Deno.test("seats follow the members: an item is made for the first, and the quantity goes up and down", () =>
  withSubscription(async (scene) => {
    assertEquals([await calledJobs(scene), await scene.seats()], [0, { seats: 0, changes: 0 }]);
    const [grace, joan] = [await join(scene), await join(scene)];
    // One job, however many changes.
    assertEquals(await calledJobs(scene), 1);
    assertEquals([await scene.seats(), quantityAt(scene)], [{ seats: 2, changes: 1 }, 2]);
    // What was written is what is wanted: nobody is called.
    assertEquals(await calledJobs(scene), 0);
    await leave(scene, grace);
    assertEquals([await calledJobs(scene), await scene.seats(), quantityAt(scene)], [1, { seats: 1, changes: 1 }, 1]);
    await leave(scene, joan);
    assertEquals([await scene.seats(), quantityAt(scene)], [{ seats: 0, changes: 1 }, 0]);
  }));

Deno.test("members who come and go while seats are changed are seen in the end, whoever is faster", () =>
  withSubscription(async (scene) => {
    scene.server.mood.slowMs = 20;
    const first = await Promise.all(Array.from({ length: 6 }, () => join(scene)));
    // Three jobs at once, which the queue would not do, amid further changes.
    await Promise.all([
      scene.seats(),
      ...first.slice(0, 3).map((id) => leave(scene, id)),
      scene.seats().catch(() => null),
      ...Array.from({ length: 4 }, () => join(scene)),
      scene.seats().catch(() => null),
    ]);
    for (let round = 0; await calledJobs(scene) > 0 && round < 5; round++) await scene.seats();
    assertEquals(quantityAt(scene), 7);
    const [row] = await scene.api.db.sql`select seats from public.subscriptions`;
    assertEquals(row?.seats, 7);
  }));

Deno.test("a quantity that was changed in the portal is set right when the subscription is written", () =>
  withSubscription(async (scene) => {
    await join(scene);
    await scene.seats();
    await calledJobs(scene);
    const stripe = createStripe(scene.api.env);
    const { items } = await stripe.subscriptions.retrieve(scene.subscription);
    const item = items.data.find(({ price }) => price.id === scene.prices.millrace_pro_seat_month)!;
    await stripe.subscriptions.update(scene.subscription, { items: [{ id: item.id, quantity: 40 }] });
    await scene.sync();
    assertEquals(await calledJobs(scene), 1);
    await scene.seats();
    assertEquals([quantityAt(scene), await calledJobs(scene)], [1, 0]);
  }));

/** Writes what was used in an hour, as usage-hourly does. */
async function use({ api, ada }: Scene, at: number, runs: number, tokens = 0): Promise<void> {
  await api.db.sql`
    insert into public.usage_hourly as u (organization_id, hour, runs_started, ai_tokens)
    values (${ada.organizationId}, ${new Date(at * 1000)}, ${runs}, ${tokens})
    on conflict (organization_id, hour) do update set runs_started = excluded.runs_started, ai_tokens = excluded.ai_tokens,
      counted_at = now()`;
}

/** What Stripe has counted, by meter. */
function counted({ server }: Scene): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const { event_name, payload } of server.world.meterEvents) {
    sums[event_name] = (sums[event_name] ?? 0) + Number(payload.value);
  }
  return sums;
}

/** Lets reports be due at once. */
const hurry = ({ api }: Scene) =>
  api.db.sql`update private.meter_reports set next_attempt_at = now() where status = 'pending'`;

Deno.test("each hour that is over is told once, and what was counted later is added", () =>
  withSubscription(async (scene) => {
    await use(scene, LAST_HOUR, 10, 500);
    await use(scene, LAST_HOUR + HOUR, 99);
    // Before the subscription began.
    await use(scene, LAST_HOUR - 4 * DAY, 1_000);
    assertEquals(await scene.report(), { made: 2, expired: 0, sent: 2, refused: 0, later: 0 });
    assertEquals(await scene.report(), { made: 0, expired: 0, sent: 0, refused: 0, later: 0 });
    assertEquals(counted(scene), { millrace_runs: 10, millrace_ai_tokens: 500 });
    await use(scene, LAST_HOUR, 13, 500);
    assertEquals((await scene.report()).sent, 1);
    assertEquals(counted(scene), { millrace_runs: 13, millrace_ai_tokens: 500 });
    assert(scene.server.world.meterEvents.every(({ timestamp }) => timestamp === LAST_HOUR));
  }));

/** Stripe takes what waits, and nobody hears of it: the answer is lost, or the worker is killed before it can note it. */
async function takeUnheard(scene: Scene): Promise<void> {
  scene.server.mood.fail = { status: 503 };
  assertEquals((await scene.report()).later, 1);
  scene.server.mood.fail = null;
  const [row] = await scene.api.db.sql`
    update private.meter_reports set next_attempt_at = now() where status = 'pending'
    returning 'millrace_' || id as identifier, 'millrace_' || meter as event_name, quantity::text as value`;
  await createStripe(scene.api.env).billing.meterEvents.create({
    event_name: row?.event_name,
    identifier: row?.identifier,
    payload: { stripe_customer_id: scene.customer, value: row?.value },
    timestamp: LAST_HOUR,
  });
}

Deno.test("a report whose answer was lost is told again within a day, and asked for after it", () =>
  withSubscription(async (scene) => {
    await use(scene, LAST_HOUR, 10);
    await takeUnheard(scene);
    assertEquals((await scene.report()).sent, 1);
    assertEquals(counted(scene), { millrace_runs: 10 });

    // What was counted later, and Stripe has forgotten the identifier before anybody asks.
    await use(scene, LAST_HOUR, 15);
    await takeUnheard(scene);
    assertEquals(counted(scene), { millrace_runs: 15 });
    scene.server.advance({ days: 2 });
    await scene.api.db.sql`
      update private.meter_reports set doubtful_since = now() - interval '2 days' where status = 'pending'`;
    assertEquals((await scene.report()).sent, 1);
    assertEquals(counted(scene), { millrace_runs: 15 });
  }));

Deno.test("while Stripe is down nothing is lost, a day or a month: then it is told, or it is said that it is not billed", () =>
  withSubscription(async (scene) => {
    await use(scene, LAST_HOUR, 10);
    scene.server.mood.fail = { status: 503 };
    assertEquals((await scene.report()).later, 1);
    // A worker that was killed between call and note.
    await scene.api.db
      .sql`update private.meter_reports set attempt_at = now() - interval '2 days', next_attempt_at = now()`;
    assertEquals((await scene.report()).later, 1);
    scene.server.mood.fail = null;
    await scene.api.db.sql`update private.meter_reports set doubtful_since = now() - interval '2 days'`;
    await hurry(scene);
    assertEquals((await scene.report()).sent, 1);
    assertEquals(counted(scene), { millrace_runs: 10 });

    await use(scene, LAST_HOUR, 11);
    scene.server.mood.fail = { status: 503 };
    await scene.report();
    await scene.api.db.sql`update private.meter_reports set hour = hour - interval '36 days' where status = 'pending'`;
    assertEquals((await scene.report()).expired, 1);
    const [row] = await scene.api.db
      .sql`select status, error ->> 'code' as code from private.meter_reports where status <> 'sent'`;
    assertEquals([row?.status, row?.code], ["expired", "StripeAPIError"]);
  }));

Deno.test("two reporters at once tell each hour once", () =>
  withSubscription(async (scene) => {
    for (let hour = 0; hour < 24; hour++) await use(scene, LAST_HOUR - hour * HOUR, 1 + hour, 10);
    const passes = await Promise.all([scene.report(), scene.report(), scene.report()]);
    assertEquals(passes.reduce((sum, { sent }) => sum + sent, 0), 48);
    assertEquals(counted(scene), { millrace_runs: 300, millrace_ai_tokens: 240 });
  }));
