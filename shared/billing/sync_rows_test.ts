import type { Stripe } from "stripe";
import { assertEquals } from "../../tests/helpers/assert.ts";
import { toPaymentRow, toSubscriptionRow } from "./sync_rows.ts";

function charge(fields: Partial<Stripe.Charge>): Stripe.Charge {
  return {
    id: "ch_1",
    created: 1,
    status: "succeeded",
    amount_refunded: 0,
    failure_message: null,
    outcome: null,
    payment_method_details: { type: "card", card: { brand: "visa", last4: "4242" } },
    ...fields,
  } as Stripe.Charge;
}

Deno.test("toPaymentRow() tells what paid, what was given back of all charges, and no failure once it is paid", () => {
  const failed = charge({ id: "ch_0", status: "failed", failure_message: "Your card has expired." });
  assertEquals(toPaymentRow([failed], null), {
    amount_refunded: 0,
    payment_method: "Visa ending in 4242",
    failure_reason: "Your card has expired.",
    dispute_status: null,
    dispute_due_at: null,
  });
  const paid = charge({
    created: 2,
    amount_refunded: 300,
    payment_method_details: { type: "sepa_debit" } as Stripe.Charge.PaymentMethodDetails,
  });
  const dispute = { status: "needs_response", evidence_details: { due_by: 86_400 } } as Stripe.Dispute;
  assertEquals(toPaymentRow([paid, failed, charge({ id: "ch_2", amount_refunded: 5 })], dispute), {
    amount_refunded: 305,
    payment_method: "SEPA debit",
    failure_reason: null,
    dispute_status: "needs_response",
    dispute_due_at: "1970-01-02T00:00:00.000Z",
  });
  const lost = { status: "lost", evidence_details: { due_by: 86_400 } } as Stripe.Dispute;
  assertEquals(toPaymentRow([], lost).dispute_due_at, null);
});

function subscription(fields: Record<string, unknown>): Stripe.Subscription {
  const item = { id: "si_1", price: { id: "price_1", lookup_key: "millrace_team_month" }, quantity: 1 };
  return {
    id: "sub_1",
    customer: "cus_1",
    status: "active",
    currency: "eur",
    created: 0,
    items: { data: [{ ...item, current_period_start: 0, current_period_end: 100 }] },
    schedule: null,
    latest_invoice: null,
    default_payment_method: null,
    cancel_at_period_end: false,
    ...fields,
  } as unknown as Stripe.Subscription;
}

Deno.test("toSubscriptionRow() finds the prices of the next phase, and none of the present one", () => {
  const phase = (start_date: number, price: string) => ({ start_date, items: [{ price, quantity: 1 }] });
  const schedule = (current_phase: unknown) => ({
    current_phase,
    phases: [phase(0, "price_1"), phase(100, "price_2")],
  });
  const next = (fields: Record<string, unknown>) =>
    toSubscriptionRow(subscription(fields)).scheduled_items.map(({ price_id }) => price_id);
  assertEquals(next({}), []);
  assertEquals(next({ schedule: "sub_sched_1" }), []);
  assertEquals(next({ schedule: schedule({ start_date: 0, end_date: 100 }) }), ["price_2"]);
  assertEquals(next({ schedule: schedule({ start_date: 100, end_date: 200 }) }), []);
});

Deno.test("toSubscriptionRow() knows a means of payment of its own, and of a customer that was fetched with it", () => {
  const has = (fields: Record<string, unknown>) => toSubscriptionRow(subscription(fields)).has_payment_method;
  const customer = (default_payment_method: string | null) => ({
    id: "cus_1",
    default_source: null,
    invoice_settings: { default_payment_method },
  });
  assertEquals([has({}), has({ default_payment_method: "pm_1" })], [false, true]);
  assertEquals([has({ customer: customer("pm_1") }), has({ customer: customer(null) })], [true, false]);
  assertEquals(has({ customer: { id: "cus_1", deleted: true } }), false);
});
