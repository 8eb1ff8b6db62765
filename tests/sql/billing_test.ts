/**
 * What the rows of billing make of an organization, whatever wrote them.
 *
 * @module
 */
import type { Json } from "../../shared/graph/mod.ts";
import { assert, assertEquals } from "../helpers/assert.ts";
import type { TestDatabase } from "../helpers/postgres.ts";
import { scenarios } from "./_scenarios.ts";
import { assertFails, createTenant, service, unusedId } from "./_world.ts";

const DAY = 86_400_000;
const NOW = Date.parse("2026-11-20T12:00:00Z");

function at(days: number): string {
  return new Date(NOW + days * DAY).toISOString();
}

type Fields = Record<string, Json>;

function subscription(fields: Fields = {}): Fields {
  return {
    id: "sub_1",
    customer_id: "cus_1",
    status: "active",
    currency: "eur",
    items: [{ item_id: "si_1", price_id: "price_pro", lookup_key: "millrace_pro_month", quantity: 3 }],
    current_period_start: at(-1),
    current_period_end: at(29),
    cancel_at_period_end: false,
    has_payment_method: true,
    created_at: at(-1),
    ...fields,
  };
}

function invoice(fields: Fields = {}): Fields {
  return {
    id: "in_1",
    customer_id: "cus_1",
    subscription_id: "sub_1",
    number: "MR-0001",
    status: "open",
    billing_reason: "subscription_cycle",
    collection_method: "charge_automatically",
    currency: "eur",
    subtotal: 2900,
    tax: 0,
    total: 2900,
    amount_due: 2900,
    amount_paid: 0,
    attempt_count: 0,
    lines: [{ description: "Pro", quantity: 1, amount: 2900 }],
    created_at: at(-1),
    finalized_at: at(-1),
    ...fields,
  };
}

interface PutReply {
  organization_id: string | null;
  stale?: boolean;
  results?: { id: string; stale?: boolean; unknown_price?: boolean; changed?: Record<string, unknown> }[];
}

interface PutOptions {
  now?: number;
  ticket?: number;
}

let tickets = 0;

function put(db: TestDatabase, found: Fields, { now = 0, ticket = ++tickets }: PutOptions = {}): Promise<PutReply> {
  const args = { p_stripe_customer_id: "cus_1", p_ticket: ticket, p_found: found };
  return service<PutReply>(db, "put_billing", args, { now: at(now) });
}

async function forget(db: TestDatabase): Promise<void> {
  await db.sql`
    truncate public.billing_customers, public.subscriptions, public.invoices, public.plan_prices, private.stripe_events,
      private.billing_notices, public.mails cascade`;
  await db.sql`delete from private.settings where name in ('billing_grace_days', 'operator_email')`;
}

/** A tenant with the customer cus_1, and nothing of those before it. */
async function customerOf(db: TestDatabase): Promise<string> {
  await forget(db);
  const { organizationId } = await createTenant(db);
  await service(db, "put_billing_customer", { p_organization_id: organizationId, p_stripe_customer_id: "cus_1" });
  return organizationId;
}

async function planOf(db: TestDatabase, organizationId: string): Promise<string> {
  const [row] = await db.sql`select plan_id from public.organizations where id = ${organizationId}`;
  return row?.plan_id;
}

async function mailsOf(db: TestDatabase, organizationId: string): Promise<string[]> {
  const rows = await db.sql`
    select template from public.mails where organization_id = ${organizationId} order by created_at, id`;
  return rows.map(({ template }) => template);
}

/** Runs the task as pg_cron does, at another time. */
async function keep(db: TestDatabase, days: number): Promise<Record<string, number>> {
  return await db.sql.begin(async (sql) => {
    await sql`select set_config('millrace.now', ${at(days)}, true)`;
    const [row] = await sql`select private.keep_billing() as reply`;
    return row?.reply;
  });
}

async function subscribeTo(db: TestDatabase, organizationId: string, type: string): Promise<void> {
  await db.sql`
    insert into public.webhook_subscriptions (organization_id, url, event_types)
    values (${organizationId}, 'https://example.com/hooks', array[${type}])`;
}

async function messagesOf(db: TestDatabase, organizationId: string): Promise<Record<string, unknown>[]> {
  const rows = await db.sql`
    select data from public.webhook_messages where organization_id = ${organizationId} order by id`;
  return rows.map(({ data }) => data);
}

scenarios("billing", {
  "set_plan()": {
    "changes the plan, writes the log and tells webhooks, once": async (db) => {
      const { organizationId } = await createTenant(db);
      await subscribeTo(db, organizationId, "subscription.updated");
      const [first] = await db.sql`select private.set_plan(${organizationId}, 'pro', 'a test') as moved`;
      const [second] = await db.sql`select private.set_plan(${organizationId}, 'pro', 'a test') as moved`;
      assertEquals([first?.moved, second?.moved, await planOf(db, organizationId)], [true, false, "pro"]);
      assertEquals(await messagesOf(db, organizationId), [
        { plan: "pro", previous_plan: "free", status: null, reason: "a test" },
      ]);
      const log = await db.sql`
        select before, after, details ->> 'reason' as reason from public.audit_events
        where organization_id = ${organizationId} and action = 'organization.plan_changed'`;
      assertEquals<unknown>([...log], [{ before: { plan_id: "free" }, after: { plan_id: "pro" }, reason: "a test" }]);
    },

    "bumps the generation, so that no kept answer outlives the plan": async (db) => {
      const { organizationId } = await createTenant(db);
      const read = async () => [
        ...await db.sql`select * from private.generations where organization_id = ${organizationId}`,
      ];
      const before = await read();
      await db.sql`select private.set_plan(${organizationId}, 'team', 'a test')`;
      assert(JSON.stringify(await read()) !== JSON.stringify(before));
    },

    "knows no plan and no organization that there are not": async (db) => {
      const { organizationId } = await createTenant(db);
      const [row] = await db.sql`select private.set_plan(${unusedId()}, 'pro', 'a test') as moved`;
      assertEquals(row?.moved, false);
      const refused = await db.sql`select private.set_plan(${organizationId}, 'gold', 'a test')`.catch((e) => e.code);
      assertEquals(refused, "23503");
    },
  },

  "put_billing_customer()": {
    "keeps the first customer of an organization, and takes another once that is deleted": async (db) => {
      const organizationId = await customerOf(db);
      const other = { p_organization_id: organizationId, p_stripe_customer_id: "cus_2" };
      const kept = { organization_id: organizationId, stripe_customer_id: "cus_1" };
      assertEquals(await service(db, "put_billing_customer", other), kept);
      await put(db, { customer: { deleted: true } });
      assertEquals(await service(db, "put_billing_customer", other), { ...kept, stripe_customer_id: "cus_2" });
    },

    "refuses another organization's customer, and what is none": async (db) => {
      await customerOf(db);
      const { organizationId } = await createTenant(db);
      const call = (p_stripe_customer_id: string, p_organization_id = organizationId) =>
        service(db, "put_billing_customer", { p_organization_id, p_stripe_customer_id });
      await assertFails(call("cus_1"), "conflict", 409);
      await assertFails(call("someone"), "invalid_request", 400);
      await assertFails(call("cus_9", unusedId()), "not_found", 404);
    },
  },

  "put_billing()": {
    "gives the plan of a subscription, by the lookup key or by what the price was noted for": async (db) => {
      const organizationId = await customerOf(db);
      const reply = await put(db, { subscriptions: [subscription()] });
      assertEquals([reply.organization_id, reply.stale, await planOf(db, organizationId)], [
        organizationId,
        false,
        "pro",
      ]);
      const prices = [
        { id: "price_team", lookup_key: "millrace_team_year", active: true, currency: "eur", unit_amount: 99000 },
        { id: "price_seat", lookup_key: "millrace_team_seat_year", active: true, currency: "eur", unit_amount: 9000 },
        { id: "price_x", lookup_key: "something_else", active: true, currency: "eur", unit_amount: 1 },
      ];
      assertEquals(await service(db, "put_plan_prices", { p_prices: prices }), { written: 2 });
      // Stripe gave the keys to other prices: who has the old ones keeps what they were for.
      const items = [
        { item_id: "si_1", price_id: "price_team", lookup_key: null, quantity: 1 },
        { item_id: "si_2", price_id: "price_seat", lookup_key: null, quantity: 7 },
      ];
      await put(db, { subscriptions: [subscription({ items })] });
      const [row] = await db.sql`
        select plan_id, billing_interval, seats, stripe_base_item_id, stripe_seat_item_id from public.subscriptions`;
      assertEquals<unknown>({ ...row }, {
        plan_id: "team",
        billing_interval: "year",
        seats: 7,
        stripe_base_item_id: "si_1",
        stripe_seat_item_id: "si_2",
      });
      assertEquals(await planOf(db, organizationId), "team");
    },

    "says so when a price gives no plan, and gives none": async (db) => {
      const organizationId = await customerOf(db);
      const items = [{ item_id: "si_1", price_id: "price_?", lookup_key: "gold", quantity: 1 }];
      const { results } = await put(db, { subscriptions: [subscription({ items })] });
      assertEquals([results?.[0]?.unknown_price, await planOf(db, organizationId)], [true, "free"]);
    },

    "never writes what was fetched earlier over what was fetched later": async (db) => {
      const organizationId = await customerOf(db);
      const older = ++tickets;
      await put(db, {
        subscriptions: [subscription({ status: "canceled", ended_at: at(0) })],
        invoices: [invoice({ status: "paid", paid_at: at(0), amount_paid: 2900 })],
      });
      const reply = await put(db, { subscriptions: [subscription()], invoices: [invoice()], gone: ["in_1"] }, {
        ticket: older,
      });
      assertEquals([reply.stale, reply.results?.map(({ stale }) => stale)], [true, [true, true]]);
      const [row] = await db.sql`
        select s.status, i.status as invoice from public.subscriptions s, public.invoices i`;
      assertEquals<unknown>({ ...row }, { status: "canceled", invoice: "paid" });
      assertEquals(await planOf(db, organizationId), "free");
    },

    "has one current subscription, the better one, and falls back to the other": async (db) => {
      const organizationId = await customerOf(db);
      const team = [{ item_id: "si_9", price_id: "p", lookup_key: "millrace_team_month", quantity: 1 }];
      const second = (fields: Fields) => subscription({ id: "sub_2", items: team, created_at: at(0), ...fields });
      const current = async () => {
        const rows = await db.sql`select stripe_subscription_id as id from public.subscriptions where is_current`;
        return [rows.map(({ id }) => id), await planOf(db, organizationId)];
      };
      await put(db, { subscriptions: [subscription(), second({ status: "incomplete" })] });
      assertEquals(await current(), [["sub_1"], "pro"]);
      await put(db, { subscriptions: [second({ status: "active" })] });
      assertEquals(await current(), [["sub_2"], "team"]);
      await put(db, { subscriptions: [second({ status: "canceled", ended_at: at(0) })] });
      assertEquals(await current(), [["sub_1"], "pro"]);
      await put(db, { subscriptions: [subscription({ status: "canceled", ended_at: at(0) })] });
      assertEquals(await current(), [[], "free"]);
    },

    "leaves alone the plan that an operator gave without a subscription": async (db) => {
      const organizationId = await customerOf(db);
      await db.sql`select private.set_plan(${organizationId}, 'enterprise', 'by hand')`;
      await put(db, { customer: { email: "billing@example.com" } });
      await put(db, { subscriptions: [subscription({ status: "incomplete_expired" })] });
      assertEquals(await planOf(db, organizationId), "enterprise");
    },

    "notes a customer that was made at Stripe and not here, and knows no other": async (db) => {
      await forget(db);
      const { organizationId } = await createTenant(db);
      assertEquals(await put(db, { customer: { organization_id: unusedId() } }), { organization_id: null });
      const found = { customer: { organization_id: organizationId, email: "a@example.com" } };
      assertEquals((await put(db, found)).organization_id, organizationId);
    },

    "forgets a draft that was deleted at Stripe": async (db) => {
      await customerOf(db);
      await put(db, { invoices: [invoice({ status: "draft", number: null })] });
      await put(db, { gone: ["in_1"] });
      assertEquals((await db.sql`select 1 from public.invoices`).length, 0);
    },
  },

  "what is told": {
    "a receipt and an event for an invoice that was paid, once, and nothing of long ago": async (db) => {
      const organizationId = await customerOf(db);
      await subscribeTo(db, organizationId, "invoice.paid");
      const paid = { status: "paid", amount_paid: 2900, paid_at: at(0) };
      await put(db, { customer: { email: "Billing@example.com" }, invoices: [invoice(paid)] });
      await put(db, { invoices: [invoice(paid), invoice({ ...paid, id: "in_old", paid_at: at(-30) })] });
      const mails = await db.sql`
        select m.template, m.to_address, d.data ->> 'total' as total, d.data ->> 'number' as number
        from public.mails m join private.mail_data d on d.mail_id = m.id`;
      assertEquals<unknown>([...mails], [
        { template: "receipt", to_address: "Billing@example.com", total: "2900", number: "MR-0001" },
      ]);
      assertEquals((await messagesOf(db, organizationId)).map(({ id, amount }) => [id, amount]), [["in_1", 2900]]);
    },

    "no receipt where nothing was paid": async (db) => {
      const organizationId = await customerOf(db);
      const nothing = { total: 0, amount_due: 0, subtotal: 0, status: "paid", paid_at: at(0) };
      await put(db, { invoices: [invoice(nothing)] });
      assertEquals(await mailsOf(db, organizationId), []);
    },

    "each failed attempt once, to the owners and the address for bills; none while a debit is under way": async (
      db,
    ) => {
      const organizationId = await customerOf(db);
      await put(db, { customer: { email: "billing@example.com" } });
      const tried = { attempt_count: 1, next_payment_attempt: at(3) };
      await put(db, { subscriptions: [subscription()], invoices: [invoice(tried)] });
      assertEquals(await mailsOf(db, organizationId), [], "the subscription is active: the bank has not answered yet");
      const failed = { ...tried, payment: { amount_refunded: 0, failure_reason: "Your card has insufficient funds." } };
      for (let time = 0; time < 2; time++) {
        await put(db, { invoices: [invoice(failed)], subscriptions: [subscription({ status: "past_due" })] });
      }
      assertEquals(await mailsOf(db, organizationId), ["payment_failed", "payment_failed"]);
      await put(db, { invoices: [invoice({ ...failed, attempt_count: 2 })] });
      assertEquals((await mailsOf(db, organizationId)).length, 4);
      const [data] = await db.sql`
        select d.data ->> 'reason' as reason, (d.data ->> 'ends_at')::timestamptz = ${at(13)}::timestamptz as ends
        from private.mail_data d join public.mails m on m.id = d.mail_id where m.template = 'payment_failed' limit 1`;
      assertEquals<unknown>({ ...data }, { reason: "Your card has insufficient funds.", ends: true });
    },

    "the end of a trial, three days before, by the clock too, and once": async (db) => {
      const organizationId = await customerOf(db);
      const trial = { status: "trialing", trial_end: at(10), has_payment_method: false };
      await put(db, { subscriptions: [subscription(trial)] });
      assertEquals(await planOf(db, organizationId), "pro");
      assertEquals((await keep(db, 6.9)).settled, 0);
      assertEquals((await keep(db, 7.1)).settled, 1);
      assertEquals((await keep(db, 8)).settled, 0);
      assertEquals(await mailsOf(db, organizationId), ["trial_ending"]);
    },

    "a dispute, to the operators": async (db) => {
      await customerOf(db);
      await db.sql`insert into private.settings (name, value) values ('operator_email', 'ops@example.com')`;
      const paid = { status: "paid", amount_paid: 2900, paid_at: at(-30) };
      const dispute = (dispute_status: string) => ({ amount_refunded: 0, dispute_status, dispute_due_at: at(7) });
      for (const status of ["needs_response", "needs_response", "lost"]) {
        await put(db, { invoices: [invoice({ ...paid, payment: dispute(status) })] });
      }
      const mails = await db.sql`select to_address from public.mails where template = 'alert'`;
      assertEquals(mails.map(({ to_address }) => to_address), ["ops@example.com", "ops@example.com"]);
      const [log] = await db
        .sql`select count(*)::int as count from public.audit_events where action = 'invoice.disputed'`;
      assertEquals(log?.count, 2);
    },
  },

  "days of grace": {
    "keep the plan, count from the oldest unpaid invoice, and end by the clock": async (db) => {
      const organizationId = await customerOf(db);
      await put(db, { subscriptions: [subscription()], grace_days: 7 });
      const overdue = (id: string, days: number) =>
        invoice({ id, finalized_at: at(days), created_at: at(days), attempt_count: 1 });
      await put(db, {
        invoices: [overdue("in_2", 0), overdue("in_1", -5)],
        subscriptions: [subscription({ status: "past_due" })],
      });
      assertEquals(await planOf(db, organizationId), "pro");
      assertEquals([(await keep(db, 1.9)).settled, await planOf(db, organizationId)], [0, "pro"]);
      assertEquals([(await keep(db, 2.1)).settled, await planOf(db, organizationId)], [1, "free"]);
      assertEquals((await keep(db, 3)).settled, 0);
      // Paid after all: it comes back by itself.
      const paid = { status: "paid", amount_paid: 2900, paid_at: at(4) };
      await put(db, {
        invoices: [invoice({ ...paid }), invoice({ ...paid, id: "in_2" })],
        subscriptions: [subscription()],
      });
      assertEquals(await planOf(db, organizationId), "pro");
      const [row] = await db.sql`select past_due_since from public.subscriptions`;
      assertEquals(row?.past_due_since, null);
    },

    "are none where Stripe has given up": async (db) => {
      const organizationId = await customerOf(db);
      await put(db, { subscriptions: [subscription()] });
      await put(db, { subscriptions: [subscription({ status: "unpaid" })] });
      assertEquals(await planOf(db, organizationId), "free");
    },
  },

  "events of Stripe": {
    "are kept once, with one job for each customer": async (db) => {
      await forget(db);
      const event = (id: string, queue_key: string, more: Fields = {}) => ({
        id,
        type: "invoice.paid",
        created_at: at(0),
        kind: "invoice",
        object_id: "in_1",
        customer_id: queue_key,
        queue_key,
        payload: btoa("{}"),
        ...more,
      });
      const receive = (...p_events: Fields[]) => service<{ new: string[] }>(db, "receive_stripe_events", { p_events });
      assertEquals((await receive(event("evt_1", "cus_1"))).new, ["evt_1"]);
      assertEquals((await receive(event("evt_1", "cus_1"))).new, []);
      const more = [event("evt_2", "cus_1"), event("evt_3", "cus_2"), event("evt_4", "cus_3", { ignored: "not ours" })];
      assertEquals((await receive(...more)).new, ["evt_2", "evt_3", "evt_4"]);
      const jobs = await db.sql`select unique_key from public.job_queue where type = 'billing.sync' order by 1`;
      assertEquals(jobs.map(({ unique_key }) => unique_key), ["cus_1", "cus_2"]);
      // What waits for Stripe to come back waits no longer when Stripe tells something.
      await db.sql`
        update public.job_queue set scheduled_for = now() + interval '5 minutes', status = 'waiting', attempts = 7
        where unique_key = 'cus_2'`;
      await receive(event("evt_5", "cus_2"));
      const [pulled] = await db.sql`
        select status, attempts, scheduled_for <= now() as is_due from public.job_queue where unique_key = 'cus_2'`;
      assertEquals({ ...pulled }, { status: "available", attempts: 0, is_due: true });
      const waiting = await service<{ id: string }[]>(db, "take_stripe_events", { p_key: "cus_1" });
      assertEquals(waiting.map(({ id }) => id), ["evt_1", "evt_2"]);
      const ends = [{ id: "evt_1", status: "done" }, { id: "evt_2", status: "received", error: "Stripe is away" }];
      await service(db, "end_stripe_events", { p_events: ends });
      const left = await service<{ id: string }[]>(db, "take_stripe_events", { p_key: "cus_1" });
      assertEquals(left.map(({ id }) => id), ["evt_2"]);
    },

    "get another job when theirs was given up, and are forgotten after 90 days": async (db) => {
      await forget(db);
      const p_events = [{
        id: "evt_1",
        type: "invoice.paid",
        created_at: at(0),
        kind: "invoice",
        object_id: "in_1",
        queue_key: "cus_1",
      }];
      await service(db, "receive_stripe_events", { p_events }, { now: at(0) });
      await db.sql`delete from public.job_queue`;
      assertEquals(await keep(db, 0.01), { settled: 0, called: 1, forgotten: 0 });
      assertEquals((await keep(db, 0.02)).called, 0, "it has one");
      await service(db, "end_stripe_events", { p_events: [{ id: "evt_1", status: "done" }] }, { now: at(0) });
      assertEquals((await keep(db, 91)).forgotten, 1);
    },
  },
});
