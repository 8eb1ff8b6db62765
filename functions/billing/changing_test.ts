/**
 * Changing, cancelling and resuming a subscription, over HTTP, with a stand-in for Stripe.
 *
 * @module
 */
import type { ProblemDetails } from "../../shared/errors/mod.ts";
import { assert, assertEquals } from "../../tests/helpers/assert.ts";
import { expectProblem } from "../../tests/helpers/route_suite.ts";
import { OPENING, type Shop, type ShopOptions, withShop as openShop } from "../../tests/helpers/shop.ts";
import { router } from "./router.ts";
import type { Billing, Subscription } from "./schemas.ts";

/** A shop, and `GET /billing` as its owner sees it. */
const withShop = (fn: (shop: Shop & { billing(): Promise<Billing> }) => Promise<void>, options?: ShopOptions) =>
  openShop(
    router,
    (shop) => fn({ ...shop, billing: async () => (await shop.ada.get<Billing>("/billing")).body }),
    options,
  );

const DAY = 86_400;
const TEAM = { plan: "team", interval: "month" };
const PRO = { plan: "pro", interval: "month" };

interface Preview {
  readonly effective: string;
  readonly effective_at: string;
  readonly due_now: { readonly amount: number; readonly currency: string };
  readonly proration_date: number | null;
  readonly period_price: { readonly amount: number } | null;
  readonly lines: readonly { readonly amount: number; readonly proration: boolean }[];
}

interface Changed {
  readonly effective: string;
  readonly effective_at: string;
  readonly payment_url: string | null;
  readonly subscription: Subscription | null;
}

const preview = async ({ ada }: Shop, choice: object) => (await ada.post<Preview>("/billing/preview", choice)).body;
const change = ({ ada }: Shop, choice: object, headers?: Record<string, string>) =>
  ada.post<Changed & ProblemDetails>("/billing/change", choice, headers);
/** Lookup keys of what is billed at Stripe. */
const billed = async ({ context }: Shop, id: string) =>
  (await context.stripe.subscriptions.retrieve(id)).items.data.map(({ price }) => price.lookup_key);
const latest = async ({ context }: Shop, id: string) =>
  (await context.stripe.invoices.list({ subscription: id, limit: 1 })).data[0];

Deno.test("upwards: the preview is what is paid, and the plan is there with the answer", () =>
  withShop(async (shop) => {
    const { stripe, buy, billing, api, ada } = shop;
    const id = await buy("pro");
    stripe.advance({ days: 7 });
    const shown = await preview(shop, TEAM);
    assertEquals([shown.effective, shown.due_now], ["now", { amount: 5_250, currency: "eur" }]);
    assertEquals(shown.lines.map(({ amount, proration }) => [amount, proration]), [[-2_175, true], [7_425, true]]);
    assertEquals([shown.proration_date, shown.period_price?.amount], [OPENING + 7 * DAY, 9_900]);
    assertEquals(await billed(shop, id), ["millrace_pro_month"]);
    // The buyer thinks it over for an hour; what was shown holds.
    stripe.advance({ hours: 1 });
    const { status, body } = await change(shop, { ...TEAM, proration_date: shown.proration_date });
    assertEquals([status, body.effective, body.payment_url, body.subscription?.plan], [200, "now", null, "team"]);
    assertEquals((await latest(shop, id))?.amount_paid, 5_250);
    assertEquals([(await billing()).plan, (await billing()).entitlements.max_flows], ["team", 1_000]);
    const [invoice] = await api.db.sql`
      select total, status from public.invoices where organization_id = ${ada.organizationId}
      order by created_at desc, stripe_invoice_id desc limit 1`;
    assertEquals([Number(invoice?.total), invoice?.status], [5_250, "paid"]);
    // Asked again, nothing is billed again.
    assertEquals((await change(shop, TEAM)).status, 200);
    assertEquals((await latest(shop, id))?.total, 5_250);
  }));

Deno.test("upwards in the last minute of a period, and with a preview of the one before", () =>
  withShop(async (shop) => {
    const { stripe, buy, context } = shop;
    const id = await buy("pro");
    const [item] = (await context.stripe.subscriptions.retrieve(id)).items.data;
    const end = item!.current_period_end;
    stripe.advanceTo(end - 30);
    const shown = await preview(shop, TEAM);
    assertEquals([shown.due_now.amount, shown.proration_date], [0, end - 30]);
    // The period turns while the buyer looks at it: what was shown is not what it would cost now.
    stripe.advanceTo(end + 5);
    expectProblem(await change(shop, { ...TEAM, proration_date: shown.proration_date }), "conflict");
    assertEquals(await billed(shop, id), ["millrace_pro_month"]);
    const again = await preview(shop, TEAM);
    assertEquals([again.due_now.amount > 6_990, again.proration_date], [true, end + 5]);
    assertEquals((await change(shop, { ...TEAM, proration_date: again.proration_date })).body.effective, "now");
    assertEquals((await latest(shop, id))?.total, again.due_now.amount);
    for (const proration_date of [-1, 1.5, "now"]) {
      expectProblem(await change(shop, { ...TEAM, proration_date }), "invalid_request");
    }
  }));

Deno.test("upwards with a card that fails: everything stays until the invoice is paid", () =>
  withShop(async (shop) => {
    const { stripe, buy, billing, hear } = shop;
    const id = await buy("pro");
    stripe.advance({ days: 7 });
    const [customer] = stripe.world.all("customer");
    stripe.setPayment(customer!.id, "fails");
    const { body } = await change(shop, TEAM);
    assertEquals([body.effective, body.subscription?.plan], ["payment", "pro"]);
    assert(body.payment_url?.startsWith("https://invoice.stripe.com/"), String(body.payment_url));
    assertEquals([(await billing()).plan, (await billing()).subscription?.status], ["pro", "active"]);
    // What waits is settled first.
    expectProblem(await change(shop, { plan: "pro", interval: "year" }), "conflict");
    stripe.payOpenInvoices(customer!.id);
    await hear(id);
    assertEquals((await billing()).plan, "team");
    stripe.setPayment(customer!.id, "needs_action");
    assertEquals((await change(shop, { plan: "team", interval: "year" })).body.effective, "payment");
    stripe.advance({ hours: 24 });
    await hear(id);
    assertEquals((await billing()).subscription?.interval, "month");
  }));

Deno.test("downwards: with the next period, whatever seats and meters there are, and taken back until then", () =>
  withShop(async (shop) => {
    const { stripe, buy, billing, hear, prices, context } = shop;
    const id = await buy("team");
    await context.stripe.subscriptions.update(id, {
      items: [{ price: prices.millrace_team_seat_month!, quantity: 3 }],
    });
    const [{ current_period_end: end } = { current_period_end: 0 }] =
      (await context.stripe.subscriptions.retrieve(id)).items.data;
    const shown = await preview(shop, PRO);
    assertEquals([shown.effective, shown.due_now.amount, shown.period_price?.amount], ["period_end", 0, 2_900 + 2_700]);
    assertEquals(Date.parse(shown.effective_at), end * 1000);
    const { body } = await change(shop, PRO);
    assertEquals([body.effective, Date.parse(body.effective_at)], ["period_end", end * 1000]);
    assertEquals([body.subscription?.plan, body.subscription?.scheduled_plan], ["team", "pro"]);
    const schedules = () => stripe.world.all("subscription_schedule").map(({ status }) => status);
    // Again: the same. Back, and down once more.
    assertEquals((await change(shop, PRO)).body.effective, "period_end");
    assertEquals(schedules(), ["active"]);
    assertEquals((await change(shop, TEAM)).body.subscription?.scheduled_plan, null);
    assertEquals(schedules(), ["released"]);
    await change(shop, PRO);
    stripe.advanceTo(end);
    await hear(id);
    assertEquals(await billed(shop, id), ["millrace_pro_month", "millrace_pro_seat_month"]);
    assertEquals(
      (await latest(shop, id))?.lines.data.filter(({ parent }) => !parent?.subscription_item_details?.proration).map((
        { amount },
      ) => amount),
      [2_900, 2_700],
    );
    const { plan, subscription } = await billing();
    assertEquals([plan, subscription?.scheduled_plan, subscription?.seats], ["pro", null, 3]);
    // In its first period the schedule is still there; it is in nobody's way.
    assertEquals((await change(shop, TEAM)).body.effective, "now");
    assertEquals(await billed(shop, id), ["millrace_team_month", "millrace_team_seat_month"]);
  }));

Deno.test("from months to years at once, back with the next period", () =>
  withShop(async (shop) => {
    const { buy, stripe, billing } = shop;
    const id = await buy("pro");
    stripe.advance({ days: 14 });
    const shown = await preview(shop, { plan: "pro", interval: "year" });
    assertEquals([shown.due_now.amount, shown.period_price?.amount], [29_000 - 1_450, 29_000]);
    await change(shop, { plan: "pro", interval: "year", proration_date: shown.proration_date });
    const { subscription } = await billing();
    assertEquals([subscription?.interval, subscription?.current_period_end?.slice(0, 10)], ["year", "2027-02-14"]);
    assertEquals((await latest(shop, id))?.amount_paid, 27_550);
    const { body } = await change(shop, PRO);
    assertEquals([body.effective, body.effective_at.slice(0, 10)], ["period_end", "2027-02-14"]);
  }));

Deno.test("within a trial everything can be chosen anew, and costs nothing", () =>
  withShop(async (shop) => {
    const { buy, billing } = shop;
    const id = await buy("team", "month", true);
    for (const [plan, interval] of [["pro", "month"], ["team", "year"], ["pro", "year"]] as const) {
      assertEquals((await preview(shop, { plan, interval })).due_now.amount, 0);
      const { body } = await change(shop, { plan, interval });
      assertEquals([body.effective, body.subscription?.status, body.subscription?.plan], ["now", "trialing", plan]);
      assertEquals((await latest(shop, id))?.amount_due, 0);
    }
    assertEquals([(await billing()).plan, (await billing()).subscription?.interval], ["pro", "year"]);
  }));

Deno.test("a subscription is cancelled with its period, resumed until then, and not after", () =>
  withShop(async (shop) => {
    const { stripe, buy, billing, ada, hear, context } = shop;
    const resumes = () => ada.post<{ subscription: Subscription } & ProblemDetails>("/billing/resume");
    expectProblem(await ada.post("/billing/cancel", {}), "conflict");
    const id = await buy("pro");
    await change(shop, { plan: "team", interval: "month" });
    await change(shop, PRO);
    const cancelled = await ada.post<{ subscription: Subscription }>("/billing/cancel", {
      feedback: "too_expensive",
      comment: "Next year again",
    });
    const { cancel_at_period_end, cancel_at, scheduled_plan } = cancelled.body.subscription;
    assertEquals([cancel_at_period_end, cancel_at?.slice(0, 10), scheduled_plan], [true, "2026-02-28", null]);
    assertEquals([(await billing()).plan, (await billing()).next_invoice], ["team", null]);
    assertEquals((await ada.post("/billing/cancel", {})).status, 200);
    expectProblem(await change(shop, PRO), "conflict");
    expectProblem(await ada.post("/billing/preview", PRO), "conflict");
    assertEquals((await resumes()).body.subscription.cancel_at, null);
    assertEquals((await resumes()).status, 200);
    await ada.post("/billing/cancel", {});
    stripe.advance({ days: 28 });
    // Nobody has told us yet: Stripe's word counts.
    expectProblem(await resumes(), "conflict");
    expectProblem(await ada.post("/billing/cancel", {}), "conflict");
    expectProblem(await change(shop, PRO), "conflict");
    await hear(id);
    assertEquals([(await billing()).plan, (await billing()).subscription], ["free", null]);
    assertEquals(
      (await context.stripe.subscriptions.retrieve(id)).cancellation_details?.reason,
      "cancellation_requested",
    );
    expectProblem(await resumes(), "conflict");
    expectProblem(await ada.post("/billing/cancel", { feedback: "none" }), "invalid_request");
  }));

Deno.test("who owes pays first", () =>
  withShop(async (shop) => {
    const { stripe, buy, hear, billing } = shop;
    const id = await buy("pro");
    const [customer] = stripe.world.all("customer");
    stripe.setPayment(customer!.id, "fails");
    stripe.advance({ days: 32 });
    await hear(id);
    const { plan, subscription, customer: owing } = await billing();
    assertEquals([plan, subscription?.status, owing?.delinquent], ["pro", "past_due", true]);
    assert(subscription?.grace_ends_at !== null);
    expectProblem(await change(shop, TEAM), "conflict");
    stripe.payOpenInvoices(customer!.id);
    assertEquals((await change(shop, TEAM)).status, 200);
    assertEquals((await billing()).customer?.delinquent, false);
    // The days of grace are counted by our clock.
  }, { now: Math.floor(Date.now() / 1000) - 32 * DAY }));

Deno.test("a change whose answer is lost is repeated under its key, and billed once", () =>
  withShop(async (shop) => {
    const { stripe, buy } = shop;
    const id = await buy("pro");
    stripe.advance({ days: 7 });
    const key = { "idempotency-key": "change-1" };
    // On Deno 2.1 the SDK takes it for no answer at all, and repeats it itself.
    const lost = ({ status }: { status: number }) => assert([200, 503].includes(status), String(status));
    stripe.mood.losesAnswers = 1;
    lost(await change(shop, TEAM, key));
    const again = await change(shop, TEAM, key);
    assertEquals([again.status, again.body.subscription?.plan], [200, "team"]);
    const invoices = stripe.world.all("invoice").filter(({ billing_reason }) =>
      billing_reason === "subscription_update"
    );
    assertEquals(invoices.map(({ amount_paid }) => amount_paid), [5_250]);
    stripe.mood.losesAnswers = 1;
    lost(await change(shop, PRO, { "idempotency-key": "change-2" }));
    assertEquals((await change(shop, PRO, { "idempotency-key": "change-2" })).body.effective, "period_end");
    assertEquals(await billed(shop, id), ["millrace_team_month"]);
  }));

Deno.test("Stripe away, busy or slow: what we know is shown, what is asked for is refused for now, and nothing is lost", () =>
  withShop(async (shop) => {
    const { stripe, buy, billing, ada } = shop;
    await buy("pro");
    for (const status of [500, 503, 429]) {
      stripe.mood.fail = { status };
      const { plan, subscription, next_invoice, next_invoice_unavailable } = await billing();
      assertEquals([plan, subscription?.status, next_invoice, next_invoice_unavailable], ["pro", "active", null, true]);
      const refused = await change(shop, TEAM);
      expectProblem(refused, "service_unavailable");
      assert(Number(refused.headers.get("retry-after")) > 0);
    }
    // A key that was withdrawn is the operator's matter.
    stripe.mood.fail = { status: 401 };
    expectProblem(await ada.post("/billing/cancel", {}), "internal");
    stripe.mood.fail = null;
    stripe.mood.slowMs = 3_500;
    assertEquals((await billing()).next_invoice_unavailable, true);
    stripe.mood.slowMs = 0;
    assertEquals((await billing()).next_invoice?.due.amount, 2_900);
    assertEquals((await change(shop, TEAM)).body.subscription?.plan, "team");
  }));
