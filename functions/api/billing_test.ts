/**
 * Stripe tells, we fetch: plans, receipts and failures by events that come late, twice, in any order, or never.
 *
 * @module
 */
import { reconcileBilling, type ReconcileOptions, syncSubscription } from "../../shared/billing/mod.ts";
import { backgroundSettled } from "../../shared/http/mod.ts";
import { assert, assertEquals, assertRejects } from "../../tests/helpers/assert.ts";
import { until } from "../../tests/helpers/until.ts";
import { expectProblem } from "../../tests/helpers/route_suite.ts";
import { type BillingScene, type StandInEvent, withBilling as withScene } from "../../tests/helpers/billing_scene.ts";
import { loadRouters } from "./open_api.ts";

type Kind = StandInEvent["type"];

const ROUTERS = (await loadRouters()).filter(({ name }) => name === "billing" || name === "worker");

function withBilling(fn: (scene: BillingScene) => Promise<void>, options: { now?: number } = {}): Promise<void> {
  return withScene(ROUTERS, fn, options);
}

async function mailsOf({ api }: BillingScene, organizationId: string): Promise<Record<string, unknown>[]> {
  const rows = await api.db.sql`
    select m.template, m.status, d.data from public.mails m left join private.mail_data d on d.mail_id = m.id
    where m.organization_id = ${organizationId} order by m.created_at, m.id`;
  return rows.map(({ template, data }) => ({ template, ...data }));
}

async function planOf({ api }: BillingScene, organizationId: string): Promise<string> {
  const [row] = await api.db.sql`select plan_id from public.organizations where id = ${organizationId}`;
  return row?.plan_id;
}

async function tell(scene: BillingScene, from = 0, type?: Kind): Promise<void> {
  const events = scene.stripe.events.slice(from).filter((event) => type === undefined || event.type === type);
  for (const event of events) await scene.deliver(event);
  assertEquals((await scene.workOff()).waiting, 0);
}

Deno.test("a subscription gives its plan, its end takes it, and receipts follow", () =>
  withBilling(async (scene) => {
    const { stripe, prices } = scene;
    const { ada, customer } = await scene.addCustomer();
    const price = prices.millrace_pro_month ?? "";
    const seat = prices.millrace_pro_seat_month ?? "";
    const subscription = stripe.subscribe({ customer, items: [{ price, quantity: 1 }, { price: seat, quantity: 4 }] });
    await tell(scene);
    assertEquals(await planOf(scene, ada.organizationId), "pro");
    const [row] = await scene.api.db.sql`
      select status, seats, billing_interval, is_current from public.subscriptions
      where organization_id = ${ada.organizationId}`;
    assertEquals<unknown>({ ...row }, { status: "active", seats: 4, billing_interval: "month", is_current: true });
    const mails = await mailsOf(scene, ada.organizationId);
    assertEquals(mails.map(({ template, total, payment_method }) => [template, total, payment_method]), [
      ["receipt", 6_500, "Visa ending in 4242"],
    ]);

    const before = stripe.events.length;
    await scene.context.stripe.subscriptions.cancel(subscription.id);
    await tell(scene, before);
    assertEquals(await planOf(scene, ada.organizationId), "free");
  }));

Deno.test("a payment that fails keeps the plan, is told with its reason, and recovers by itself", () =>
  withBilling(async (scene) => {
    const { stripe, prices } = scene;
    const { ada, customer } = await scene.addCustomer();
    stripe.subscribe({ customer, items: [{ price: prices.millrace_team_month ?? "", quantity: 1 }] });
    await tell(scene);
    stripe.setPayment(customer, "fails");
    let from = stripe.events.length;
    stripe.advance({ days: 31 });
    await tell(scene, from);
    assertEquals(await planOf(scene, ada.organizationId), "team");
    const failed = (await mailsOf(scene, ada.organizationId)).filter(({ template }) => template === "payment_failed");
    assertEquals(
      failed.map(({ amount, reason, attempt, next_attempt_at, ends_at }) => [
        amount,
        reason,
        attempt,
        typeof next_attempt_at,
        typeof ends_at,
      ]),
      [[9_900, "Your card has insufficient funds.", 1, "string", "string"]],
    );

    from = stripe.events.length;
    stripe.payOpenInvoices(customer);
    await tell(scene, from);
    const [row] = await scene.api.db.sql`
      select status, past_due_since from public.subscriptions where organization_id = ${ada.organizationId}`;
    assertEquals<unknown>({ ...row }, { status: "active", past_due_since: null });
    const receipts = (await mailsOf(scene, ada.organizationId)).filter(({ template }) => template === "receipt");
    assertEquals(receipts.length, 2);
  }));

Deno.test("when the days of grace are over the plan falls back, and what is paid brings it back", () =>
  // The past, so that the days of grace are over by the database's clock.
  withBilling(async (scene) => {
    const { stripe, prices } = scene;
    stripe.world.afterRetries = "past_due";
    const { ada, customer } = await scene.addCustomer();
    stripe.subscribe({ customer, items: [{ price: prices.millrace_pro_month ?? "", quantity: 1 }] });
    await tell(scene);
    stripe.setPayment(customer, "fails");
    let from = stripe.events.length;
    stripe.advance({ days: 40 });
    await tell(scene, from);
    assertEquals(await planOf(scene, ada.organizationId), "free");
    from = stripe.events.length;
    stripe.payOpenInvoices(customer);
    await tell(scene, from);
    assertEquals(await planOf(scene, ada.organizationId), "pro");
  }, { now: Math.floor(Date.now() / 1000) - 60 * 86_400 }));

Deno.test("refunds and disputes show on the invoice, however they were made", () =>
  withBilling(async (scene) => {
    const { api, stripe, prices } = scene;
    const { ada, customer } = await scene.addCustomer();
    stripe.subscribe({ customer, items: [{ price: prices.millrace_pro_month ?? "", quantity: 1 }] });
    await tell(scene);
    const charge = stripe.world.all("charge")[0]?.id ?? "";
    const invoice = stripe.world.all("invoice")[0]?.id ?? "";
    const path = `/billing/invoices/${invoice}`;
    const from = stripe.events.length;
    stripe.refund(charge, 900);
    stripe.dispute(charge);
    await tell(scene, from);
    const shown = await ada.get(path);
    assertEquals([shown.body.amount_refunded, shown.body.dispute_status], [900, "needs_response"]);

    // By an operator: not beyond what is left, and once for each key.
    const refund = (amount: number, key: string) =>
      api.operator.post(`${path}/refund`, { amount }, { "idempotency-key": key });
    assertEquals((await refund(2_001, "a")).status, 409);
    assertEquals([(await refund(2_000, "b")).body.amount_refunded, (await refund(2_000, "b")).status], [2_900, 200]);
    assertEquals((await refund(1, "c")).status, 409);
    assertEquals((await ada.post(`${path}/refund`, { amount: 1 })).status, 403);
    await api.db.sql`update public.invoices set currency = 'isk' where stripe_invoice_id = ${invoice}`;
    const broken = await refund(150, "d");
    expectProblem(broken, "invalid_request");
    assert(JSON.stringify(broken.body).includes("not_multiple_of"));
    await api.db.sql`update public.invoices set currency = 'eur' where stripe_invoice_id = ${invoice}`;
    const list = await ada.get<{ data: { stripe_invoice_id: string; amount_refunded: number }[] }>("/billing/invoices");
    assertEquals(list.body.data.map((row) => [row.stripe_invoice_id, row.amount_refunded]), [[invoice, 2_900]]);
    const stranger = await api.createUser();
    assertEquals((await stranger.get(path)).status, 404);
    // Text in an address, and nothing else, whatever it looks like.
    for (const id of ["true", "null", "1e3"]) assertEquals((await ada.get(`/billing/invoices/${id}`)).status, 404, id);
  }));

Deno.test("events that come twice, of nobody, of live mode and of no use change nothing", () =>
  withBilling(async (scene) => {
    const { stripe, prices } = scene;
    const { ada, customer } = await scene.addCustomer();
    stripe.subscribe({ customer, items: [{ price: prices.millrace_pro_month ?? "", quantity: 1 }] });
    const created = stripe.events.find(({ type }) => type === "customer.subscription.created");
    assert(created !== undefined);
    assertEquals([await scene.deliver(created), await scene.deliver(created)], ["received", "duplicate"]);
    assertEquals(await scene.deliver({ ...created, id: "evt_live", livemode: true }), "ignored");
    const other = await scene.context.stripe.customers.create({ email: "someone@example.com" });
    const from = stripe.events.length;
    stripe.subscribe({ customer: other.id, items: [{ price: prices.millrace_team_month ?? "", quantity: 1 }] });
    await tell(scene, from);
    await scene.workOff();
    assertEquals(await planOf(scene, ada.organizationId), "pro");
    const rows = await scene.api.db.sql`
      select distinct error from private.stripe_events where stripe_customer_id = ${other.id} and kind is not null`;
    assertEquals(rows.map(({ error }) => error), ["Its customer is no organization of ours"]);
  }));

Deno.test("calls that are not signed by Stripe are refused, and rotated secrets are both taken", () =>
  withBilling(async (scene) => {
    const { api, stripe } = scene;
    await scene.addCustomer();
    const [event] = stripe.events;
    assert(event !== undefined);
    const post = async (body: string, headers: Headers) => {
      const response = await api.fetch(`${api.env.supabaseUrl}/functions/v1/billing/webhooks`, {
        method: "POST",
        body,
        headers,
      });
      await response.body?.cancel();
      return response.status;
    };
    const good = await stripe.delivery(event);
    assertEquals(await post(`${good.body} `, good.headers), 401);
    assertEquals(await post(good.body, new Headers({ "content-type": "application/json" })), 401);
    const stale = await stripe.delivery(event, { at: new Date(Date.now() - 600_000) });
    assertEquals(await post(stale.body, stale.headers), 401);
    const wrong = await stripe.delivery(event, { secret: "whsec_of_somebody_else" });
    assertEquals(await post(wrong.body, wrong.headers), 401);
    const [kept] = await api.db.sql`select count(*)::int as count from private.stripe_events`;
    assertEquals(kept?.count, 0);
    assertEquals(await post(good.body, good.headers), 200);
  }));

Deno.test("while Stripe is away or busy events wait, and nothing is lost", () =>
  withBilling(async (scene) => {
    const { stripe, prices } = scene;
    const { ada, customer } = await scene.addCustomer();
    stripe.subscribe({ customer, items: [{ price: prices.millrace_pro_month ?? "", quantity: 1 }] });
    for (const event of stripe.events) await scene.deliver(event);
    for (const status of [500, 503, 429]) {
      stripe.mood.fail = { status };
      const { done, waiting } = await scene.workOff();
      assert(waiting > 0 && done === 0, `${status}: ${done} done, ${waiting} waiting`);
      assertEquals(await planOf(scene, ada.organizationId), "free");
    }
    stripe.mood.fail = null;
    assertEquals((await scene.workOff()).waiting, 0);
    assertEquals(await planOf(scene, ada.organizationId), "pro");
  }));

Deno.test("a worker does it: the plan follows the event, and waits for Stripe to come back", () =>
  withBilling(async (scene) => {
    const { api, stripe, prices } = scene;
    const { ada, customer } = await scene.addCustomer();
    const drain = async () => {
      assertEquals((await api.operator.post("/worker/wake")).status, 202);
      await backgroundSettled();
    };
    stripe.mood.fail = { status: 500 };
    stripe.subscribe({ customer, items: [{ price: prices.millrace_pro_month ?? "", quantity: 1 }] });
    for (const event of stripe.events.filter(({ type }) => type.startsWith("customer.subscription."))) {
      await scene.deliver(event);
    }
    await drain();
    const [job] = await api.db.sql`
      select attempts, status, error_message from public.job_queue where type = 'billing.sync' and concurrency_key like '%cus_%'`;
    assert(job?.attempts >= 1, "it was tried, and is tried again");
    assertEquals(job?.error_message, "Stripe does not answer, or not well: what it told waits");
    stripe.mood.fail = null;
    await api.db
      .sql`update public.job_queue set scheduled_for = now(), status = 'available' where type = 'billing.sync'`;
    await drain();
    assertEquals(await planOf(scene, ada.organizationId), "pro");

    await api.db.sql`delete from public.job_queue`;
    const { id } = stripe.world.all("subscription")[0] ?? { id: "" };
    await scene.context.stripe.subscriptions.cancel(id);
    const event = stripe.events.findLast(({ type }) => type === "customer.subscription.deleted");
    assert(event !== undefined);
    assertEquals((await api.operator.post("/worker/wake")).status, 202);
    const begin = performance.now();
    await scene.deliver(event);
    await until(async () => await planOf(scene, ada.organizationId) === "free");
    console.log(`the plan followed ${Math.round(performance.now() - begin)} ms after the event was posted`);
    await backgroundSettled();
  }));

Deno.test("a slow fetch that is overtaken writes nothing old", () =>
  withBilling(async (scene) => {
    const { context, stripe, prices } = scene;
    const { ada, customer } = await scene.addCustomer();
    const { id } = stripe.subscribe({ customer, items: [{ price: prices.millrace_pro_month ?? "", quantity: 1 }] });
    // The slow one reads the subscription, and before it writes, it is cancelled and fetched by another.
    const retrieve = context.stripe.subscriptions.retrieve.bind(context.stripe.subscriptions);
    let reads = 0;
    const slow = new Proxy(context.stripe, {
      get: (target, name) =>
        name !== "subscriptions" ? Reflect.get(target, name) : {
          retrieve: async (...args: Parameters<typeof retrieve>) => {
            const found = await retrieve(...args);
            if (++reads === 1) {
              await context.stripe.subscriptions.cancel(id);
              await syncSubscription(context, id);
            }
            return found;
          },
        },
    });
    await syncSubscription({ ...context, stripe: slow }, id);
    assertEquals([reads, await planOf(scene, ada.organizationId)], [2, "free"]);
  }));

Deno.test("the comparison finds what no event told, repairs it, says what it was, and then finds nothing", () =>
  withBilling(async (scene) => {
    const { api, context, stripe, prices } = scene;
    const { ada, customer } = await scene.addCustomer();
    const { ada: bob, customer: second } = await scene.addCustomer();
    const price = prices.millrace_pro_month ?? "";
    const kept = stripe.subscribe({ customer, items: [{ price, quantity: 1 }] });
    const ended = stripe.subscribe({ customer: second, items: [{ price, quantity: 1 }] });
    await syncSubscription(context, ended.id);
    assertEquals(await planOf(scene, bob.organizationId), "pro");
    await context.stripe.subscriptions.cancel(ended.id);
    stripe.refund(stripe.world.all("charge").at(-1)?.id ?? "", 100);

    const report = await scene.reconcile();
    assertEquals([await planOf(scene, ada.organizationId), await planOf(scene, bob.organizationId)], ["pro", "free"]);
    const named = report.differences.map(({ id, columns }) => [id, columns?.status ?? null]);
    assert(named.some(([id]) => id === kept.id));
    assert(named.some(([id, status]) => id === ended.id && JSON.stringify(status) === '["active","canceled"]'));
    assert(report.missed_events > 0);
    assertEquals((await scene.workOff()).waiting, 0);
    const again = await scene.reconcile();
    assertEquals([again.differed, again.missed_events], [0, 0]);
    assert(again.subscriptions === 1 && again.invoices === 2 && again.prices >= 0);
    const refunded = await api.db.sql`select sum(amount_refunded)::int as sum from public.invoices`;
    assertEquals(refunded[0]?.sum, 100);
  }));

Deno.test("a comparison that takes longer than a job goes on where it was, whatever stopped it, and finds as much", () =>
  withBilling(async (scene) => {
    const { api, context, stripe, prices } = scene;
    const customers = [];
    for (let n = 0; n < 5; n++) customers.push(await scene.addCustomer());
    for (const { customer } of customers) {
      stripe.subscribe({ customer, items: [{ price: prices.millrace_pro_month ?? "", quantity: 1 }] });
    }
    const now = new Date(stripe.now * 1000);
    const part = (options: ReconcileOptions = {}) =>
      reconcileBilling(context, { now, timeMs: 0, pageSize: 2, goesOn: true, ...options });
    const progress = async () =>
      (await api.db.sql`select private.setting('billing_reconcile_progress')::jsonb as it`)[0]?.it;

    const first = await part();
    assertEquals([first?.is_whole, (await progress()).stage], [false, "recent_invoices"]);
    // Who is called by the clock meanwhile leaves it to the one who is at it.
    assertEquals(await part({ goesOn: false }), null);
    await part();
    const before = await progress();
    assertEquals([before.found.invoices, before.stage, before.after !== null], [2, "recent_invoices", true]);
    // Stripe goes away in the middle of a page: that page is looked at once more.
    const { stripe: client } = context;
    const gone = new Proxy(client, {
      get: (target, name) =>
        name === "invoices" ? { list: () => Promise.reject(new Error("gone")) } : Reflect.get(target, name),
    });
    await assertRejects(
      () => reconcileBilling({ ...context, stripe: gone }, { now, timeMs: 0, pageSize: 2, goesOn: true }),
      Error,
      "gone",
    );
    assertEquals(await progress(), before);

    let parts = 2;
    let report = await part();
    for (; report?.is_whole === false; report = await part()) parts++;
    assert(parts >= 7, String(parts));
    const [kept] = await api.db.sql`select count(*)::int as events from private.stripe_events where is_recovered`;
    assertEquals([report?.subscriptions, report?.invoices, report?.missed_events], [5, 5, kept?.events]);
    assert(kept?.events > 10, String(kept?.events));
    for (const { ada } of customers) assertEquals(await planOf(scene, ada.organizationId), "pro");
    assertEquals(await progress(), null);
    const again = await scene.reconcile();
    assertEquals([again.differed, again.missed_events, again.subscriptions], [0, 0, 5]);
  }));

Deno.test("a comparison whose place in a list is gone begins that list anew", () =>
  withBilling(async (scene) => {
    const { api, context, stripe, prices } = scene;
    for (let n = 0; n < 3; n++) {
      const { customer } = await scene.addCustomer();
      stripe.subscribe({ customer, items: [{ price: prices.millrace_pro_month ?? "", quantity: 1 }] });
    }
    const options = { now: new Date(stripe.now * 1000), timeMs: 0, pageSize: 2, goesOn: true };
    await reconcileBilling(context, options);
    await reconcileBilling(context, options);
    const moved = await api.db.sql`
      update private.settings set value = jsonb_set(value::jsonb, '{after}', '"in_gone"')
      where name = 'billing_reconcile_progress' and value::jsonb ->> 'stage' = 'recent_invoices'`;
    assertEquals(moved.count, 1);
    const report = await scene.reconcile();
    assertEquals([report.subscriptions, report.invoices], [3, 5]);
    const [row] = await api.db.sql`select count(*)::int as invoices from public.invoices`;
    assertEquals(row?.invoices, 3);
  }));

Deno.test("a job that does a part of the comparison calls the next, until all is compared", () =>
  withBilling(async (scene) => {
    const { api, stripe, prices } = scene;
    const { ada, customer } = await scene.addCustomer();
    stripe.subscribe({ customer, items: [{ price: prices.millrace_pro_month ?? "", quantity: 1 }] });
    await api.db.sql`select private.enqueue_job(null, 'billing.reconcile', '{"seconds": 0}')`;
    await until(async () => {
      await api.operator.post("/worker/wake");
      await backgroundSettled();
      const [row] = await api.db.sql`select private.setting('billing_reconciled_at') is not null as is_whole`;
      return row?.is_whole;
    });
    const parts = await api.db.sql`
      select status, (result ->> 'is_whole')::boolean as is_whole from public.job_history
      where type = 'billing.reconcile' order by completed_at`;
    assertEquals(parts.map(({ status, is_whole }) => [status, is_whole]), [
      ["completed", false],
      ["completed", false],
      ["completed", false],
      ["completed", true],
    ]);
    assertEquals(await planOf(scene, ada.organizationId), "pro");
  }));

Deno.test("two subscriptions, strangers and prices without a plan are reported", () =>
  withBilling(async (scene) => {
    const { context, stripe, prices } = scene;
    const { ada, customer } = await scene.addCustomer();
    const price = prices.millrace_pro_month ?? "";
    stripe.subscribe({ customer, items: [{ price, quantity: 1 }] });
    stripe.advance({ seconds: 60 });
    stripe.subscribe({ customer, items: [{ price: prices.millrace_team_month ?? "", quantity: 1 }] });
    const other = await context.stripe.customers.create({ email: "someone@example.com" });
    const strange = stripe.subscribe({ customer: other.id, items: [{ price, quantity: 1 }] });
    const odd = await context.stripe.prices.create({
      product: stripe.world.all("product")[0]?.id ?? "",
      currency: "eur",
      unit_amount: 100,
      recurring: { interval: "month" },
    });
    const { customer: third } = await scene.addCustomer();
    const unknown = stripe.subscribe({ customer: third, items: [{ price: odd.id, quantity: 1 }] });
    const report = await scene.reconcile();
    assertEquals([report.doubled, report.strangers, report.unknown_prices], [
      [ada.organizationId],
      [strange.id],
      [unknown.id],
    ]);
    assertEquals(await planOf(scene, ada.organizationId), "team", "the newer of two that are paid for");
  }));

Deno.test("nobody pays for an organization that is to be deleted", () =>
  withBilling(async (scene) => {
    const { api, stripe, prices } = scene;
    const { ada, customer } = await scene.addCustomer();
    const { id } = stripe.subscribe({ customer, items: [{ price: prices.millrace_pro_month ?? "", quantity: 1 }] });
    await tell(scene);
    const found = async () => {
      const { ended } = await scene.reconcile();
      const [row] = await api.db.sql`select status, cancel_at_period_end as ends from public.subscriptions`;
      return [ended, row?.status, row?.ends];
    };
    assertEquals(await found(), [[], "active", false]);
    const deletes = (days: number) =>
      api.db
        .sql`update public.organizations set deletes_at = now() + make_interval(days => ${days}) where id = ${ada.organizationId}`;
    await deletes(30);
    assertEquals(await found(), [[id], "active", true]);
    assertEquals(await found(), [[], "active", true]);
    await deletes(0);
    assertEquals(await found(), [[id], "canceled", true]);
    assertEquals(await found(), [[], "canceled", true]);
  }));
