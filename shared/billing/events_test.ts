import { assertEquals } from "../../tests/helpers/assert.ts";
import { isLiveKey, readStripeEvent } from "./mod.ts";

function event(type: string, object: Record<string, unknown>, more: Record<string, unknown> = {}) {
  return {
    id: "evt_1",
    object: "event",
    type,
    created: 1_790_000_000,
    livemode: false,
    data: { object },
    ...more,
  };
}

function targetOf(type: string, object: Record<string, unknown>, more: Record<string, unknown> = {}) {
  const read = readStripeEvent(event(type, object, more), false);
  return read === null ? null : [read.kind, read.object_id, read.customer_id, read.queue_key];
}

Deno.test("readStripeEvent() says what is to be fetched, and whose it is", () => {
  const customer = "cus_1";
  const cases: [string, Record<string, unknown>, unknown][] = [
    ["customer.subscription.deleted", { id: "sub_1", customer }, ["subscription", "sub_1", customer, customer]],
    ["customer.subscription.trial_will_end", { id: "sub_1", customer: { id: customer, object: "customer" } }, [
      "subscription",
      "sub_1",
      customer,
      customer,
    ]],
    ["customer.deleted", { id: customer }, ["customer", customer, customer, customer]],
    ["customer.tax_id.created", { id: "txi_1", customer }, ["customer", customer, customer, customer]],
    ["invoice.paid", { id: "in_1", customer }, ["invoice", "in_1", customer, customer]],
    ["invoice_payment.paid", { id: "inpay_1", invoice: "in_1" }, ["invoice", "in_1", null, "in_1"]],
    ["charge.refunded", { id: "ch_1", customer }, ["charge", "ch_1", customer, customer]],
    ["refund.created", { id: "re_1", charge: "ch_1" }, ["charge", "ch_1", null, "ch_1"]],
    ["charge.dispute.created", { id: "du_1", charge: "ch_1" }, ["dispute", "du_1", null, "du_1"]],
    ["checkout.session.completed", { id: "cs_1", subscription: "sub_1", customer }, [
      "subscription",
      "sub_1",
      customer,
      customer,
    ]],
    ["subscription_schedule.released", { id: "sub_sched_1", released_subscription: "sub_1", customer }, [
      "subscription",
      "sub_1",
      customer,
      customer,
    ]],
    ["price.updated", { id: "price_1" }, ["prices", "price_1", null, "prices"]],
    ["payment_method.detached", { id: "pm_1", customer: null }, ["customer", null, null, "evt_1"]],
    ["payment_intent.succeeded", { id: "pi_1", customer }, [null, null, null, "evt_1"]],
    ["invoice.upcoming", { customer }, [null, null, null, "evt_1"]],
  ];
  for (const [type, object, expected] of cases) assertEquals(targetOf(type, object), expected, type);
  const detached = { data: { object: { id: "pm_1", customer: null }, previous_attributes: { customer } } };
  assertEquals(targetOf("payment_method.detached", {}, detached), ["customer", customer, customer, customer]);
});

Deno.test("readStripeEvent() ignores the other mode, connected accounts and what nothing depends on", () => {
  const of = (body: unknown, isLive = false) => readStripeEvent(body, isLive)?.ignored;
  const paid = event("invoice.paid", { id: "in_1", customer: "cus_1" });
  assertEquals(of(paid), null);
  assertEquals(of(paid, true), "It is of test mode, and our key is not");
  assertEquals(of({ ...paid, livemode: true }), "It is of live mode, and our key is not");
  assertEquals(of({ ...paid, account: "acct_1" }), "It is of a connected account");
  assertEquals(of(event("payout.paid", { id: "po_1" })), "Nothing of ours depends on it");
});

Deno.test("readStripeEvent() takes nothing that is no event", () => {
  const good = event("invoice.paid", { id: "in_1" });
  const wrong: unknown[] = [
    null,
    [],
    "evt_1",
    {},
    { ...good, id: "in_1" },
    { ...good, id: `evt_${"1".repeat(300)}` },
    { ...good, object: "v2.core.event" },
    { ...good, created: 1.5 },
    { ...good, data: {} },
    { ...good, data: { object: { id: 7 } } },
  ];
  for (const body of wrong) assertEquals(readStripeEvent(body, false), null, JSON.stringify(body));
});

Deno.test("isLiveKey() knows secret and restricted keys", () => {
  const keys = ["sk_live_1", "rk_live_1", "sk_test_1", "rk_test_live_1", ""];
  assertEquals(keys.map(isLiveKey), [true, true, false, false, false]);
});
