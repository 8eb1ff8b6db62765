/**
 * Every order in which what was fetched from Stripe can be written: the end is the same.
 *
 * Six events of a subscription's life (made, paid, a renewal that fails, past due, paid after all, ended), and what a
 * fetch right after each of them brings, out of the stand-in. The fetches begin in the order of the events; then their
 * writes overtake each other in every way, each comes twice, and any one of them is lost.
 *
 * @module
 */
import { toCustomerRow, toInvoiceRow, toSubscriptionRow } from "../../shared/billing/mod.ts";
import { assert, assertEquals } from "../helpers/assert.ts";
import { type TestDatabase, withDatabase } from "../helpers/postgres.ts";
import { startStripe, type StripeServer } from "../helpers/stripe_server/mod.ts";
import { createTenant } from "./_world.ts";

interface Write {
  /** The event after which it was fetched. */
  readonly type: string;
  readonly ticket: number;
  readonly found: unknown;
}

const LIFE = [
  "customer.subscription.created",
  "invoice.paid",
  "invoice.payment_failed",
  "customer.subscription.updated",
  "invoice.paid",
  "customer.subscription.deleted",
] as const;

/** Lives a subscription and fetches after each event what we would. */
function live(stripe: StripeServer, customer: string): { writes: Write[]; all: unknown } {
  const prices = stripe.addPlans();
  const { world } = stripe;
  const writes: Write[] = [];
  const whole = (id: string) => {
    const found = world.get("subscription", id);
    const open = world.all("invoice").filter((invoice) => invoice.status === "open");
    return {
      customer: toCustomerRow(world.get("customer", customer)),
      subscriptions: [toSubscriptionRow({ ...found, customer: world.get("customer", customer) })],
      invoices: found.status === "past_due" ? open.map(toInvoiceRow) : [],
    };
  };
  const note = (type: typeof LIFE[number], found: unknown) =>
    writes.push({ type, ticket: writes.length + 1, found: structuredClone(found) });
  const latest = () => {
    const [invoice] = world.all("invoice");
    assert(invoice !== undefined);
    return { invoices: [toInvoiceRow(invoice)] };
  };
  const { id } = stripe.subscribe({ customer, items: [{ price: prices.millrace_pro_month ?? "", quantity: 2 }] });
  note(LIFE[0], whole(id));
  note(LIFE[1], latest());
  stripe.setPayment(customer, "fails");
  stripe.advance({ days: 31 });
  note(LIFE[2], latest());
  note(LIFE[3], whole(id));
  stripe.payOpenInvoices(customer);
  note(LIFE[4], latest());
  // At once: the end of the story.
  const subscription = world.get("subscription", id);
  Object.assign(subscription, { status: "canceled", canceled_at: world.now, ended_at: world.now });
  note(LIFE[5], whole(id));
  return { writes, all: { ...whole(id), invoices: world.all("invoice").map(toInvoiceRow) } };
}

function permutations(items: readonly number[]): number[][] {
  if (items.length <= 1) return [[...items]];
  return items.flatMap((item) => permutations(items.filter((other) => other !== item)).map((rest) => [item, ...rest]));
}

/** Writes in each of these orders, from the same beginning each time; answers the distinct ends with how many had each. */
const PLAY = `
create or replace function pg_temp.play(p_orders jsonb, p_writes jsonb) returns table (ends text, orders integer)
language plpgsql as $$
declare
  v_order jsonb;
  v_place integer;
  v_end text;
begin
  create temp table if not exists outcomes (ends text);
  truncate outcomes;
  for v_order in select o.value from jsonb_array_elements(p_orders) o loop
    begin
      for v_place in select p.value::integer from jsonb_array_elements_text(v_order) p loop
        perform engine.put_billing('cus_order', (p_writes -> v_place ->> 'ticket')::bigint, p_writes -> v_place -> 'found');
      end loop;
      select jsonb_build_object(
        'plan', (select o.plan_id from public.organizations o join public.billing_customers c on c.organization_id = o.id),
        'customer', (select to_jsonb(c) - '{synced_at,sync_ticket}'::text[] from public.billing_customers c),
        'subscriptions', (select jsonb_agg(to_jsonb(s) - '{synced_at,sync_ticket}'::text[]) from public.subscriptions s),
        'invoices', (
          select jsonb_agg(to_jsonb(i) - '{synced_at,sync_ticket}'::text[] order by i.stripe_invoice_id) from public.invoices i
        ),
        'receipts', (select count(*) from public.mails m where m.template = 'receipt')
      )::text into v_end;
      raise 'undo' using errcode = 'ZZ001';
    exception when sqlstate 'ZZ001' then
      insert into outcomes values (v_end);
    end;
  end loop;
  return query select o.ends, count(*)::integer from outcomes o group by o.ends;
end;
$$`;

interface End {
  readonly plan: string;
  readonly subscriptions: readonly { readonly status: string; readonly is_current: boolean }[];
  readonly invoices: readonly { readonly status: string; readonly amount_paid: number }[];
  readonly receipts: number;
}

/** Orders that are tried in one transaction: each leaves dead rows behind, which the next one steps over. */
const AT_ONCE = 40;

async function play(db: TestDatabase, orders: number[][], writes: readonly Write[]): Promise<[End, number][]> {
  const ends = new Map<string, number>();
  for (let from = 0; from < orders.length; from += AT_ONCE) {
    const some = JSON.stringify(orders.slice(from, from + AT_ONCE));
    const rows = await db.sql.begin(async (sql) => {
      await sql.unsafe(PLAY);
      return await sql`select * from pg_temp.play(${some}::text::jsonb, ${JSON.stringify(writes)}::text::jsonb)`;
    });
    for (const { ends: end, orders: count } of rows) ends.set(end, (ends.get(end) ?? 0) + count);
    await db.sql.unsafe("vacuum");
  }
  return [...ends].map(([end, count]) => [JSON.parse(end), count]);
}

Deno.test("six events of a subscription in every order, each twice, any one lost: the same end", async () => {
  await using stripe = startStripe();
  await withDatabase(async (db) => {
    const { organizationId } = await createTenant(db);
    await db.sql`select engine.put_billing_customer(${organizationId}, 'cus_order')`;
    stripe.world.keep({
      id: "cus_order",
      object: "customer",
      balance: 0,
      created: stripe.now,
      currency: null,
      default_source: null,
      delinquent: false,
      description: null,
      email: "ada@example.com",
      invoice_prefix: "MR",
      invoice_settings: { custom_fields: null, default_payment_method: null, footer: null, rendering_options: null },
      livemode: false,
      metadata: {},
      next_invoice_sequence: 1,
      shipping: null,
      tax_exempt: "none",
    } as never);
    const { writes, all } = live(stripe, "cus_order");
    // What the comparison brings: everything, as it is at the end.
    const compared = [...writes, { type: "comparison", ticket: 100, found: all }];
    const orders = permutations(writes.map((_, index) => index));
    assertEquals(orders.length, 720);

    // Each twice: the second time at once, or after all the others.
    const twice = orders.map((order, index) =>
      index % 2 === 0 ? order.flatMap((place) => [place, place]) : [...order, ...order]
    );
    const ends = await play(db, twice, compared);
    assertEquals(ends.map(([, count]) => count), [720], JSON.stringify(ends.map(([end]) => end)));
    const [[end]] = ends as [[End, number]];
    assertEquals([end.plan, end.subscriptions.map(({ status, is_current }) => [status, is_current])], [
      "free",
      [["canceled", false]],
    ]);
    assertEquals([end.invoices.map(({ status }) => status), end.receipts], [["paid", "paid"], 2]);

    // One is lost; the comparison comes at the end.
    for (const lost of writes.keys()) {
      const rest = orders.filter((order) => order[0] === lost).map((order) => [...order.slice(1), writes.length]);
      assertEquals(await play(db, rest, compared), [[end, 120]], `without ${writes[lost]?.type}`);
    }
    // The comparison is overtaken by what was fetched before it.
    const early = orders.slice(0, 120).map((order) => [writes.length, ...order]);
    assertEquals(await play(db, early, compared), [[end, 120]]);
  });
});
