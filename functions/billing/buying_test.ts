/**
 * Buying a plan, over HTTP, with a stand-in for Stripe.
 *
 * @module
 */
import { withApi } from "../../tests/helpers/api.ts";
import { assert, assertEquals } from "../../tests/helpers/assert.ts";
import { expectProblem } from "../../tests/helpers/route_suite.ts";
import { OPENING, type Shop, type ShopOptions, withShop as openShop } from "../../tests/helpers/shop.ts";
import { router } from "./router.ts";
import type { Billing, PricedPlan } from "./schemas.ts";

/** A shop, and `GET /billing` as its owner sees it. */
const withShop = (fn: (shop: Shop & { billing(): Promise<Billing> }) => Promise<void>, options?: ShopOptions) =>
  openShop(
    router,
    (shop) => fn({ ...shop, billing: async () => (await shop.ada.get<Billing>("/billing")).body }),
    options,
  );

const iso = (seconds: number) => new Date(seconds * 1000).toISOString();
const DAY = 86_400;

Deno.test("GET /billing/plans tells anybody what plans allow and cost", () =>
  withShop(async ({ api, ada }) => {
    // Nobody has told us of prices yet; the first who buys makes us ask.
    const empty = await api.anonymous.get<{ plans: PricedPlan[] }>("/billing/plans");
    assertEquals(empty.body.plans.map(({ plan, prices }) => [plan, prices.length]), [
      ["free", 0],
      ["pro", 0],
      ["team", 0],
      ["enterprise", 0],
    ]);
    await ada.post("/billing/checkout", { plan: "pro", interval: "month" });
    const { body, status } = await api.anonymous.get<{ plans: PricedPlan[]; trial_days: number }>("/billing/plans");
    assertEquals([status, body.trial_days], [200, 14]);
    const pro = body.plans.find(({ plan }) => plan === "pro");
    assertEquals([pro?.name, pro?.limits.max_flows], ["Pro", 200]);
    assertEquals(pro?.prices, [
      { interval: "month", price: { amount: 2_900, currency: "eur" }, seat: { amount: 900, currency: "eur" } },
      { interval: "year", price: { amount: 29_000, currency: "eur" }, seat: { amount: 9_000, currency: "eur" } },
    ]);
    assertEquals(body.plans.find(({ plan }) => plan === "enterprise")?.prices, []);
  }));

Deno.test("POST /billing/checkout makes the customer once and opens one page; the plan follows the payment", () =>
  withShop(async ({ stripe, ada, billing, hear, prices }) => {
    const before = await billing();
    assertEquals([before.plan, before.subscription, before.customer, before.trial_days], ["free", null, null, 14]);
    const order = { plan: "pro", interval: "month" };
    const first = await ada.post<{ id: string; url: string; trial_days: number }>("/billing/checkout", order);
    assertEquals([first.status, first.body.trial_days], [200, 14]);
    assert(first.body.url.startsWith("https://checkout.stripe.com/"));
    const second = await ada.post<{ id: string }>("/billing/checkout", { ...order, trial: false });
    const sessions = stripe.world.all("checkout.session");
    assertEquals(sessions.map(({ id, status }) => [id, status]), [[second.body.id, "open"], [
      first.body.id,
      "expired",
    ]]);
    assertEquals(sessions[0]?.success_url, "https://app.test/billing?checkout=success");
    const [customer] = stripe.world.all("customer");
    assertEquals([stripe.world.all("customer").length, customer?.email], [1, ada.email]);
    assertEquals(customer?.metadata, { organization_id: ada.organizationId });
    const [item] = stripe.world.plannedItems.get(second.body.id) ?? [];
    assertEquals(item, { price: prices.millrace_pro_month!, quantity: 1 });

    const { id } = stripe.completeCheckout(second.body.id);
    await hear(id);
    const { plan, subscription, entitlements, next_invoice, customer: paying, seats, trial_days } = await billing();
    assertEquals([plan, entitlements.max_flows, trial_days], ["pro", 200, 0]);
    assertEquals([subscription?.id, subscription?.status, subscription?.interval], [id, "active", "month"]);
    // The 31st has no like in February.
    const end = Date.UTC(2026, 1, 28, 12) / 1000;
    assertEquals(Date.parse(subscription?.current_period_end ?? ""), end * 1000);
    assertEquals(next_invoice, { due: { amount: 2_900, currency: "eur" }, at: iso(end) });
    assertEquals(paying, { email: ada.email, balance: 0, currency: "eur", delinquent: false });
    assertEquals(seats, { used: 1, limit: 25, billed: 0 });
    expectProblem(await ada.post("/billing/checkout", order), "conflict");
  }));

Deno.test("POST /billing/checkout gives a trial once, whatever becomes of the subscription", () =>
  withShop(async ({ stripe, ada, billing, buy, hear }) => {
    const order = { plan: "team", interval: "year" };
    const id = await buy("team", "year", true);
    assertEquals(Date.parse((await billing()).subscription?.trial_end ?? ""), (OPENING + 14 * DAY) * 1000);
    assertEquals([(await billing()).plan, (await billing()).trial_days], ["team", 0]);
    await ada.post("/billing/cancel", {});
    stripe.advance({ days: 15 });
    // We have not heard of the end yet, but Stripe knows of the trial and of the end.
    const again = await ada.post<{ trial_days: number }>("/billing/checkout", order);
    assertEquals([again.status, again.body.trial_days], [200, 0]);
    await hear(id);
    assertEquals([(await billing()).plan, (await billing()).subscription], ["free", null]);
    assertEquals((await billing()).trial_days, 0);
  }));

Deno.test("POST /billing/checkout: a key means one page, and who comes too late is told", () =>
  withShop(async ({ stripe, ada }) => {
    const order = { plan: "pro", interval: "month" };
    const key = { "idempotency-key": "order-1" };
    const first = await ada.post<{ id: string }>("/billing/checkout", order, key);
    const again = await ada.post<{ id: string }>("/billing/checkout", order, key);
    assertEquals([again.status, again.body.id], [200, first.body.id]);
    expectProblem(await ada.post("/billing/checkout", { ...order, plan: "team" }, key), "idempotency_mismatch");
    await ada.post("/billing/checkout", { ...order, plan: "team" });
    expectProblem(await ada.post("/billing/checkout", order, key), "conflict");
    assertEquals(stripe.world.all("checkout.session").filter(({ status }) => status === "open").length, 1);
  }));

Deno.test("POST /billing/checkout: many at once leave one customer and one open page at most", () =>
  withShop(async ({ stripe, ada, api }) => {
    const order = { plan: "pro", interval: "month" };
    const replies = await Promise.all(
      Array.from({ length: 6 }, () => ada.post<{ id: string }>("/billing/checkout", order)),
    );
    const statuses = new Set(replies.map(({ status }) => status));
    assert([...statuses].every((status) => status === 200 || status === 409), [...statuses].join());
    const open = stripe.world.all("checkout.session").filter(({ status }) => status === "open");
    assertEquals(open.length, 1);
    const answered = replies.filter(({ status }) => status === 200).map(({ body }) => body.id);
    assert(answered.includes(open[0]!.id), "nobody was told of the page that is open");
    const rows = await api.db.sql`select stripe_customer_id from public.billing_customers`;
    assertEquals(rows.length, 1);
    const kept = String(rows[0]?.stripe_customer_id);
    assertEquals(new Set(stripe.world.all("checkout.session").map(({ customer }) => customer)), new Set([kept]));
  }));

Deno.test("POST /billing/checkout refuses plans that are not sold and addresses on other sites", () =>
  withShop(async ({ ada, stripe }) => {
    const order = { plan: "pro", interval: "month" };
    for (
      const wrong of [
        { ...order, plan: "enterprise" },
        { ...order, plan: "free" },
        { ...order, interval: "week" },
        { ...order, success_url: "https://evil.test/billing" },
        { ...order, success_url: "https://app.test@evil.test/" },
        { ...order, cancel_url: "javascript:alert(1)" },
        { ...order, cancel_url: "https://user:pw@app.test/" },
        { ...order, quantity: 5 },
      ]
    ) expectProblem(await ada.post("/billing/checkout", wrong), "invalid_request");
    assertEquals(stripe.world.all("checkout.session").length, 0);
    const fine = { ...order, success_url: "https://app.test/done", cancel_url: "https://other.test/" };
    assertEquals((await ada.post("/billing/checkout", fine)).status, 200);
  }, { env: { CORS_ORIGINS: "https://other.test" } }));

Deno.test("a customer that was deleted at Stripe is made anew with the next checkout", () =>
  withShop(async ({ stripe, ada, billing, buy }) => {
    await ada.post("/billing/checkout", { plan: "pro", interval: "month" });
    const [first] = stripe.world.all("customer");
    stripe.world.keep({ id: first!.id, object: "customer", deleted: true });
    await buy("pro");
    const [second] = stripe.world.all("customer");
    assert(second?.id !== first?.id);
    assertEquals((await billing()).plan, "pro");
  }));

Deno.test("POST /billing/checkout asks for members beyond those that the plan includes", () =>
  withShop(async ({ api, ada, stripe, prices }) => {
    await api.db.sql`update public.plans set included_seats = 2 where id = 'pro'`;
    for (let n = 0; n < 3; n++) await api.createMember(ada.organizationId, "viewer");
    const { body } = await ada.post<{ id: string }>("/billing/checkout", {
      plan: "pro",
      interval: "year",
      trial: false,
    });
    assertEquals(stripe.world.plannedItems.get(body.id), [
      { price: prices.millrace_pro_year!, quantity: 1 },
      { price: prices.millrace_pro_seat_year!, quantity: 2 },
    ]);
    assertEquals(stripe.world.all("checkout.session")[0]?.amount_total, 29_000 + 18_000);
  }));

Deno.test("POST /billing/portal opens for those who have bought something", () =>
  withShop(async ({ ada, buy, stripe }) => {
    expectProblem(await ada.post("/billing/portal", {}), "conflict");
    await buy("pro");
    const { status, body } = await ada.post<{ url: string }>("/billing/portal", {});
    assertEquals([status, body.url.startsWith("https://billing.stripe.com/")], [200, true]);
    assertEquals(stripe.world.all("billing_portal.session")[0]?.return_url, "https://app.test/billing");
    expectProblem(await ada.post("/billing/portal", { return_url: "https://evil.test/" }), "invalid_request");
  }));

Deno.test("tax ids are added, listed and removed, each tenant's its own", () =>
  withShop(async ({ ada, api }) => {
    const list = async (who = ada) => (await who.get<{ tax_ids: { id: string }[] }>("/billing/tax-ids")).body.tax_ids;
    assertEquals(await list(), []);
    const vat = { type: "eu_vat", value: "DE123456789" };
    const { status, body } = await ada.post<{ id: string; country: string }>("/billing/tax-ids", vat);
    assertEquals([status, body.country], [200, "DE"]);
    assertEquals((await ada.post<{ id: string }>("/billing/tax-ids", vat)).body.id, body.id);
    expectProblem(await ada.post("/billing/tax-ids", { type: "eu_vat", value: "DE12" }), "invalid_request");
    expectProblem(await ada.post("/billing/tax-ids", { type: "xx_none", value: "1" }), "invalid_request");
    const bob = await api.createUser();
    await bob.post("/billing/tax-ids", { type: "us_ein", value: "12-3456789" });
    expectProblem(await bob.delete(`/billing/tax-ids/${body.id}`), "not_found");
    assertEquals((await list(bob)).length, 1);
    assertEquals((await ada.delete(`/billing/tax-ids/${body.id}`)).status, 204);
    expectProblem(await ada.delete(`/billing/tax-ids/${body.id}`), "not_found");
    assertEquals(await list(), []);
  }));

Deno.test("billing is for owners; admins may look", () =>
  withShop(async ({ api, ada, buy }) => {
    await buy("pro");
    const admin = await api.createMember(ada.organizationId, "admin");
    const developer = await api.createMember(ada.organizationId, "developer");
    assertEquals((await admin.get("/billing")).status, 200);
    assertEquals((await admin.post("/billing/preview", { plan: "team", interval: "month" })).status, 200);
    expectProblem(await developer.get("/billing"), "forbidden");
    const writes: [string, string, unknown?][] = [
      ["POST", "/billing/checkout", { plan: "team", interval: "month" }],
      ["POST", "/billing/portal", {}],
      ["POST", "/billing/change", { plan: "team", interval: "month" }],
      ["POST", "/billing/cancel", {}],
      ["POST", "/billing/resume"],
      ["POST", "/billing/tax-ids", { type: "eu_vat", value: "DE123456789" }],
      ["DELETE", "/billing/tax-ids/txi_1"],
    ];
    for (const [method, path, body] of writes) {
      expectProblem(await admin.send(method, path, body), "forbidden");
      expectProblem(await api.anonymous.send(method, path, body), "unauthorized");
    }
    // A second factor is asked of who has one, or whose organization demands it.
    await api.db.sql`
      insert into auth.mfa_factors (user_id, friendly_name, status) values (${ada.id}, 'Phone', 'verified')`;
    for (const [method, path, body] of writes) expectProblem(await ada.send(method, path, body), "mfa_required");
    assertEquals((await ada.get("/billing")).status, 200);
  }));

Deno.test("without a key of Stripe every route says that billing is not set up", () =>
  withApi([router], async (api) => {
    const ada = await api.createUser();
    const choice = { plan: "pro", interval: "month" };
    for (
      const [method, path, body] of [
        ["GET", "/billing"],
        ["GET", "/billing/plans"],
        ["POST", "/billing/checkout", choice],
        ["POST", "/billing/portal", {}],
        ["POST", "/billing/preview", choice],
        ["POST", "/billing/change", choice],
        ["POST", "/billing/cancel", {}],
        ["POST", "/billing/resume"],
        ["GET", "/billing/tax-ids"],
        ["POST", "/billing/tax-ids", { type: "eu_vat", value: "DE123456789" }],
        ["DELETE", "/billing/tax-ids/txi_1"],
      ] as const
    ) {
      const reply = await ada.send(method, path, body);
      assertEquals([path, reply.status, reply.body.code], [path, 501, "billing_not_configured"]);
    }
  }));
