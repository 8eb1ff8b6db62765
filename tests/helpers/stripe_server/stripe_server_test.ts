/**
 * The stand-in of Stripe, asked by Stripe's own SDK.
 *
 * @module
 */
import { Stripe } from "stripe";
import { createStripe } from "../../../shared/billing/mod.ts";
import { type Env, readEnv } from "../../../shared/env/mod.ts";
import { assert, assertEquals, assertRejects } from "../assert.ts";
import { STANDIN_PRICES, startStripe, STRIPE_WEBHOOK_SECRET, type StripeServer } from "./mod.ts";

const START = Date.UTC(2026, 0, 31, 12) / 1000;
const DAY = 86_400;

/** An environment whose Stripe is the stand-in. */
function envOf(server: StripeServer, overrides: Record<string, string> = {}): Env {
  const variables: Record<string, string> = {
    SUPABASE_URL: "http://project.test",
    SUPABASE_PUBLISHABLE_KEYS: '{"default":"sb_publishable_a"}',
    SUPABASE_SECRET_KEYS: '{"default":"sb_secret_a"}',
    SUPABASE_JWKS: '{"keys":[]}',
    ...server.env,
    ...overrides,
  };
  return readEnv((name) => variables[name]);
}

interface Account {
  readonly server: StripeServer;
  readonly stripe: Stripe;
  readonly prices: Record<string, string>;
  readonly customer: string;
  /** Types of events since the last call. */
  events(): string[];
}

async function withAccount(fn: (account: Account) => Promise<void>): Promise<void> {
  await using server = startStripe({ now: START });
  const stripe = createStripe(envOf(server));
  const prices = server.addPlans();
  const { id: customer } = await stripe.customers.create({
    email: "ada@example.com",
    metadata: { organization_id: "1" },
  });
  let seen = server.events.length;
  const events = () => {
    const types = server.events.slice(seen).map(({ type }) => type);
    seen = server.events.length;
    return types;
  };
  await fn({ server, stripe, prices, customer, events });
  assertEquals(server.faults, []);
}

Deno.test("a subscription is made on Stripe's page, renewed on the last day of shorter months, and ends", () =>
  withAccount(async ({ server, stripe, prices, customer, events }) => {
    const session = await stripe.checkout.sessions.create({
      mode: "subscription",
      customer,
      line_items: [{ price: prices.millrace_pro_month!, quantity: 1 }],
      success_url: "https://app.test/ok",
    });
    assertEquals([session.status, session.amount_total], ["open", 2_900]);
    const { id } = server.completeCheckout(session.id);
    const types = events();
    assertEquals(types.filter((type) => type.startsWith("customer.sub") || type.startsWith("checkout")), [
      "customer.subscription.created",
      "customer.subscription.updated",
      "checkout.session.completed",
    ]);
    assert(types.includes("invoice.paid") && types.includes("charge.succeeded"), types.join());
    const ends: string[] = [];
    for (let month = 0; month < 3; month++) {
      const [item] = (await stripe.subscriptions.retrieve(id)).items.data;
      ends.push(new Date(item!.current_period_end * 1000).toISOString().slice(0, 10));
      server.advanceTo(item!.current_period_end);
    }
    assertEquals(ends, ["2026-02-28", "2026-03-31", "2026-04-30"]);
    await stripe.subscriptions.update(id, { cancel_at_period_end: true });
    server.advance({ days: 31 });
    const ended = await stripe.subscriptions.retrieve(id);
    assertEquals([ended.status, ended.ended_at], ["canceled", Date.UTC(2026, 4, 31, 12) / 1000]);
    assertEquals((await stripe.invoices.list({ customer, limit: 100 })).data.length, 4);
  }));

Deno.test("a change is prorated to the second, and the preview of a moment is what is billed for it", () =>
  withAccount(async ({ server, stripe, prices, customer }) => {
    const { id } = server.subscribe({ customer, items: [{ price: prices.millrace_pro_month!, quantity: 1 }] });
    const [item] = (await stripe.subscriptions.retrieve(id)).items.data;
    // A quarter of the 28 days is over.
    server.advance({ days: 7 });
    const items = [{ id: item!.id, price: prices.millrace_team_month! }];
    const preview = await stripe.invoices.createPreview({
      subscription: id,
      subscription_details: { items, proration_behavior: "always_invoice" },
    });
    assertEquals(preview.lines.data.map(({ amount }) => amount), [-2_175, 7_425]);
    assertEquals(preview.amount_due, 5_250);
    const at = preview.parent!.subscription_details!.subscription_proration_date!;
    assertEquals(at, START + 7 * DAY);
    server.advance({ hours: 5 });
    const changed = await stripe.subscriptions.update(id, {
      items,
      proration_behavior: "always_invoice",
      proration_date: at,
      expand: ["latest_invoice"],
    });
    assertEquals((changed.latest_invoice as Stripe.Invoice).amount_paid, 5_250);
    await assertRejects(
      () => stripe.subscriptions.update(id, { items, proration_date: START - 1 }),
      Stripe.errors.StripeInvalidRequestError,
      "proration_date",
    );
  }));

Deno.test("a change whose payment fails waits, and comes with the payment or goes with its time", () =>
  withAccount(async ({ server, stripe, prices, customer, events }) => {
    const { id } = server.subscribe({ customer, items: [{ price: prices.millrace_pro_month!, quantity: 1 }] });
    const [item] = (await stripe.subscriptions.retrieve(id)).items.data;
    const change: Stripe.SubscriptionUpdateParams = {
      items: [{ id: item!.id, price: prices.millrace_team_month! }],
      proration_behavior: "always_invoice",
      payment_behavior: "pending_if_incomplete",
    };
    const plan = async () => (await stripe.subscriptions.retrieve(id)).items.data[0]!.price.lookup_key;
    server.setPayment(customer, "fails");
    assert((await stripe.subscriptions.update(id, change)).pending_update !== null);
    assertEquals([await plan(), (await stripe.subscriptions.retrieve(id)).status], ["millrace_pro_month", "active"]);
    server.advance({ hours: 24 });
    assert(events().includes("customer.subscription.pending_update_expired"));
    assertEquals((await stripe.subscriptions.retrieve(id)).pending_update, null);
    await stripe.subscriptions.update(id, change);
    server.payOpenInvoices(customer);
    assertEquals([await plan(), events().includes("customer.subscription.pending_update_applied")], [
      "millrace_team_month",
      true,
    ]);
    server.setPayment(customer, "fails");
    const back = { items: [{ id: item!.id, price: prices.millrace_team_year! }] };
    await assertRejects(
      () => stripe.subscriptions.update(id, { ...back, payment_behavior: "error_if_incomplete" }),
      Stripe.errors.StripeCardError,
    );
    assertEquals(await plan(), "millrace_team_month");
  }));

Deno.test("a smaller plan begins with the next period by a schedule", () =>
  withAccount(async ({ server, stripe, prices, customer }) => {
    const { id } = server.subscribe({ customer, items: [{ price: prices.millrace_team_month!, quantity: 1 }] });
    const made = await stripe.subscriptionSchedules.create({ from_subscription: id });
    const [phase] = made.phases;
    await stripe.subscriptionSchedules.update(made.id, {
      end_behavior: "release",
      phases: [
        { start_date: phase!.start_date, end_date: phase!.end_date, items: [{ price: prices.millrace_team_month! }] },
        { items: [{ price: prices.millrace_pro_month!, quantity: 1 }], duration: { interval: "month" } },
      ],
    });
    await assertRejects(() => stripe.subscriptions.update(id, { cancel_at_period_end: true }), Error, "schedule");
    server.advanceTo(phase!.end_date);
    const turned = await stripe.subscriptions.retrieve(id, { expand: ["schedule", "latest_invoice"] });
    assertEquals(turned.items.data.map(({ price }) => price.lookup_key), ["millrace_pro_month"]);
    assertEquals((turned.latest_invoice as Stripe.Invoice).amount_paid, 2_900);
    server.advance({ days: 32 });
    assertEquals((await stripe.subscriptions.retrieve(id)).schedule, null);
  }));

Deno.test("a trial is announced, becomes a paid period, and a card that fails is tried four times", () =>
  withAccount(async ({ server, stripe, prices, customer, events }) => {
    const items = [{ price: prices.millrace_pro_month!, quantity: 1 }];
    const { id } = server.subscribe({ customer, items, trialEnd: START + 14 * DAY });
    const state = async () => (await stripe.subscriptions.retrieve(id)).status;
    assertEquals(await state(), "trialing");
    events();
    server.advance({ days: 11 });
    assertEquals(events(), ["customer.subscription.trial_will_end"]);
    server.advance({ days: 3 });
    assertEquals(await state(), "active");
    server.setPayment(customer, "fails");
    server.advance({ days: 28 });
    assertEquals(await state(), "past_due");
    const [open] = (await stripe.invoices.list({ subscription: id, status: "open" })).data;
    assertEquals([open?.attempt_count, open?.next_payment_attempt], [1, START + 45 * DAY]);
    server.advance({ days: 15 });
    assertEquals(await state(), "canceled");
    assertEquals((await stripe.invoices.retrieve(open!.id)).attempt_count, 4);
  }));

Deno.test("money goes back no further than it came, and a dispute is the bank's", () =>
  withAccount(async ({ server, stripe, prices, customer, events }) => {
    server.subscribe({ customer, items: [{ price: prices.millrace_pro_month!, quantity: 1 }] });
    const [charge] = (await stripe.charges.list({ customer })).data;
    events();
    await stripe.refunds.create({ charge: charge!.id, amount: 1_000 });
    await assertRejects(() => stripe.refunds.create({ charge: charge!.id, amount: 1_901 }), Error, "greater than");
    await stripe.refunds.create({ charge: charge!.id });
    await assertRejects(() => stripe.refunds.create({ charge: charge!.id }), Error, "already been refunded");
    assertEquals((await stripe.charges.retrieve(charge!.id)).refunded, true);
    const dispute = server.dispute(charge!.id);
    server.closeDispute(dispute.id, "lost");
    assertEquals((await stripe.disputes.retrieve(dispute.id)).status, "lost");
    assertEquals(events().filter((type) => type.startsWith("charge.dispute")), [
      "charge.dispute.created",
      "charge.dispute.funds_withdrawn",
      "charge.dispute.closed",
    ]);
    const [payment] = (await stripe.invoicePayments.list({
      payment: { type: "payment_intent", payment_intent: charge!.payment_intent as string },
    })).data;
    assert(payment?.invoice);
  }));

Deno.test("usage is billed with the period, each identifier once, and none that is 35 days old", () =>
  withAccount(async ({ server, stripe, prices, customer }) => {
    const price = server.addMeter("runs", 2);
    server.subscribe({ customer, items: [{ price: prices.millrace_pro_month!, quantity: 1 }, { price }] });
    const report = (value: string, identifier: string, timestamp = server.now) =>
      stripe.billing.meterEvents.create({
        event_name: "millrace_runs",
        payload: { stripe_customer_id: customer, value },
        identifier,
        timestamp,
      });
    await report("40", "a");
    await report("2", "b");
    await assertRejects(() => report("40", "a"), Error, "already exists");
    await assertRejects(() => report("1", "c", server.now - 36 * DAY), Error, "past");
    await assertRejects(() => report("-1", "d"), Error, "Invalid value");
    server.advance({ days: 28 });
    const [latest] = (await stripe.invoices.list({ customer, limit: 1 })).data;
    assertEquals(latest?.total, 2_900 + 84);
  }));

Deno.test("a key means one request, and an answer that is lost is had by asking again", () =>
  withAccount(async ({ server, stripe }) => {
    const create = (name: string) => stripe.customers.create({ name }, { idempotencyKey: "k" });
    const { id } = await create("Ada");
    assertEquals((await create("Ada")).id, id);
    await assertRejects(() => create("Grace"), Stripe.errors.StripeIdempotencyError);
    // The SDK repeats what found no answer. What it lost half way (Deno 2.1 tells no difference) its caller repeats.
    server.mood.losesAnswers = 1;
    const lost = () => stripe.customers.create({ name: "Lost" }, { idempotencyKey: "l" });
    await lost().catch((error) => assert(error instanceof Stripe.errors.StripeConnectionError, error));
    const { data } = await stripe.customers.list();
    assertEquals(data.filter(({ name }) => name === "Lost").map((one) => one.id), [(await lost()).id]);
  }));

Deno.test("it refuses what Stripe refuses, and notes faults of ours", async () => {
  await using server = startStripe({ now: START });
  const stripe = createStripe(envOf(server));
  await assertRejects(
    () => stripe.customers.create({ emial: "ada@example.com" } as Stripe.CustomerCreateParams),
    Stripe.errors.StripeInvalidRequestError,
    "unknown parameter",
  );
  const wrongKey = createStripe(envOf(server, { STRIPE_SECRET_KEY: "sk_test_wrong0123" }));
  await assertRejects(() => wrongKey.customers.list(), Stripe.errors.StripeAuthenticationError);
  const old = new Stripe(server.env.STRIPE_SECRET_KEY, {
    apiVersion: "2020-08-27" as "2026-10-28.endive",
    host: "127.0.0.1",
    port: new URL(server.url).port,
    protocol: "http",
  });
  await assertRejects(() => old.customers.list(), Stripe.errors.StripeInvalidRequestError, "version");
  server.mood.fail = { status: 500, times: 1 };
  assertEquals((await stripe.customers.list()).data, []);
  await assertRejects(() => stripe.customers.retrieve("cus_none"), Error, "No such customer");
  assertEquals(server.faults.length, 2, server.faults.join("\n"));
});

Deno.test("lists are paged as Stripe pages them", () =>
  withAccount(async ({ server, stripe }) => {
    const keys = Object.keys(STANDIN_PRICES);
    const found: string[] = [];
    for await (const price of stripe.prices.list({ limit: 3, active: true })) found.push(price.lookup_key ?? "");
    assertEquals(found.toReversed(), keys);
    const { data } = await stripe.prices.list({ lookup_keys: keys.slice(0, 2) });
    assertEquals(data.map(({ unit_amount }) => unit_amount), [29_000, 2_900]);
    assert(data[0]?.unit_amount_decimal?.toString() === "29000");
    const since = await stripe.events.list({ types: ["price.created"], created: { gte: START }, limit: 100 });
    assertEquals(since.data.length, server.events.filter(({ type }) => type === "price.created").length);
  }));

Deno.test("its events are signed as Stripe's, and the SDK takes them", () =>
  withAccount(async ({ server, stripe }) => {
    const event = server.events[0]!;
    const { body, headers } = await server.delivery(event);
    const signature = headers.get("stripe-signature") ?? "";
    const taken = await stripe.webhooks.constructEventAsync(body, signature, STRIPE_WEBHOOK_SECRET);
    assertEquals([taken.id, taken.api_version], [event.id, "2026-10-28.endive"]);
    const answer = await server.send(event, async (request) => new Response(await request.text()));
    assertEquals(JSON.parse(await answer.text()).id, event.id);
    const late = await server.delivery(event, { at: new Date(Date.now() - 600_000) });
    await assertRejects(() =>
      stripe.webhooks.constructEventAsync(late.body, late.headers.get("stripe-signature") ?? "", STRIPE_WEBHOOK_SECRET)
    );
  }));
