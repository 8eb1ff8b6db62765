/**
 * What time does in Stripe's stand-in: renewals, ends of trials, attempts to collect, expiries.
 *
 * @module
 */
import type { Stripe } from "stripe";
import { periodOf, setPeriod } from "./changes.ts";
import { expireSessions } from "./checkout.ts";
import { collect, end, issue, payNow, setStatus, subscriptionOf, voidInvoice } from "./invoices.ts";
import { turnPhase } from "./schedules.ts";
import { fullLines, intervalOf, meteredLines, periodEnd } from "./subscriptions.ts";
import type { StripeWorld } from "./world.ts";

const DAY = 86_400;
const HOUR = 3_600;

interface Due {
  readonly at: number;
  readonly act: () => void;
}

/** Moves the clock and does all that falls due on the way, in its order. */
export function advanceTo(world: StripeWorld, until: number): void {
  for (;;) {
    const [next] = dues(world).filter(({ at }) => at <= until).sort((a, b) => a.at - b.at);
    if (next === undefined) break;
    world.setClock(Math.max(world.now, next.at));
    next.act();
  }
  world.setClock(Math.max(world.now, until));
  expireSessions(world);
}

function dues(world: StripeWorld): Due[] {
  return [
    ...world.all("subscription").flatMap((subscription) => subscriptionDues(world, subscription)),
    ...world.all("invoice").flatMap((invoice) => invoiceDues(world, invoice)),
  ];
}

function subscriptionDues(world: StripeWorld, subscription: Stripe.Subscription): Due[] {
  if (["canceled", "incomplete_expired", "paused"].includes(subscription.status)) return [];
  if (subscription.status === "incomplete") {
    return [{ at: subscription.created + 23 * HOUR, act: () => expire(world, subscription) }];
  }
  const dues: Due[] = [{ at: periodOf(subscription).end, act: () => renew(world, subscription) }];
  if (subscription.cancel_at !== null && !subscription.cancel_at_period_end) {
    dues.push({ at: subscription.cancel_at, act: () => end(world, subscription, "cancellation_requested") });
  }
  if (subscription.status === "trialing" && !world.warned.has(subscription.id)) {
    const at = Math.max(subscription.created, (subscription.trial_end ?? 0) - 3 * DAY);
    dues.push({ at, act: () => warnOfTrialEnd(world, subscription) });
  }
  return dues;
}

function invoiceDues(world: StripeWorld, invoice: Stripe.Invoice): Due[] {
  if (invoice.status !== "open") return [];
  if (world.pendingUpdates.has(invoice.id)) {
    return [{ at: invoice.created + 23 * HOUR, act: () => void voidInvoice(world, invoice) }];
  }
  const at = invoice.next_payment_attempt;
  return at === null ? [] : [{ at, act: () => void collect(world, invoice) }];
}

function warnOfTrialEnd(world: StripeWorld, subscription: Stripe.Subscription): void {
  world.warned.add(subscription.id);
  world.emit("customer.subscription.trial_will_end", subscription);
}

function expire(world: StripeWorld, subscription: Stripe.Subscription): void {
  for (const invoice of world.all("invoice")) {
    if (subscriptionOf(invoice) === subscription.id && invoice.status === "open") voidInvoice(world, invoice);
  }
  setStatus(world, subscription, "incomplete_expired");
}

function renew(world: StripeWorld, subscription: Stripe.Subscription): void {
  if (subscription.cancel_at_period_end) {
    end(world, subscription, "cancellation_requested");
    return;
  }
  const before = periodOf(subscription);
  const wasTrial = subscription.status === "trialing";
  turnPhase(world, subscription, before.end);
  const items = subscription.items.data;
  const interval = intervalOf(items);
  if (wasTrial) {
    subscription.status = "active";
    subscription.billing_cycle_anchor = before.end;
  }
  const period = { start: before.end, end: periodEnd(subscription.billing_cycle_anchor, before.end, interval) };
  const used = meteredLines(world, subscription, before);
  setPeriod(world, items, period);
  world.emit("customer.subscription.updated", subscription, {
    items: { data: [{ current_period_start: before.start, current_period_end: before.end }] },
    ...(wasTrial ? { status: "trialing" } : {}),
  });
  // An unpaid subscription goes on making invoices, as drafts that nobody collects.
  if (subscription.status === "unpaid") return;
  const invoice = issue(world, {
    subscription,
    reason: "subscription_cycle",
    lines: [...takePending(world, subscription.id), ...used, ...fullLines(world, items, period)],
    periodStart: before.start,
    periodEnd: before.end,
  });
  collect(world, invoice);
}

function takePending(world: StripeWorld, subscription: string): Stripe.InvoiceLineItem[] {
  const mine = world.pendingItems.filter((item) => item.subscription === subscription);
  const others = world.pendingItems.filter((item) => item.subscription !== subscription);
  world.pendingItems.splice(0, world.pendingItems.length, ...others);
  return mine.map(({ line }) => line);
}

/** The customer gives a card that works and pays what is open. */
export function payOpenInvoices(world: StripeWorld, customer: string): void {
  world.payments.set(customer, "succeeds");
  for (const invoice of world.all("invoice").reverse()) {
    if (invoice.customer === customer && invoice.status === "open") payNow(world, invoice);
  }
}
