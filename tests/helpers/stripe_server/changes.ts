/**
 * Changes of subscriptions in Stripe's stand-in: prices, quantities, prorations, previews, and changes to come.
 * https://docs.stripe.com/billing/subscriptions/prorations
 *
 * @module
 */
import type { Stripe } from "stripe";
import {
  hash,
  hashes,
  integer,
  invalid,
  metadata,
  type Params,
  required,
  StripeRefusal,
  text,
  truth,
  word,
} from "./form.ts";
import { collect, declined, draft, issue, lineOf, setStatus, voidInvoice } from "./invoices.ts";
import { route } from "./routes.ts";
import {
  checkTogether,
  fullLines,
  intervalOf,
  isMetered,
  itemOf,
  meteredLines,
  PAYMENT_BEHAVIORS,
  periodEnd,
} from "./subscriptions.ts";
import { idOf, type StripeWorld } from "./world.ts";

/** The routes of this file. */
export const CHANGE_ROUTES = [
  route(
    "POST /v1/subscriptions/:id",
    "items proration_behavior proration_date payment_behavior cancel_at_period_end cancel_at trial_end metadata " +
      "cancellation_details default_payment_method off_session description automatic_tax",
    update,
  ),
  route(
    "POST /v1/invoices/create_preview",
    "customer subscription subscription_details automatic_tax preview_mode",
    preview,
  ),
  route("GET /v1/subscription_items/:id", "", (world, _, [id = ""]) => world.get("subscription_item", id)),
  route("POST /v1/subscription_items/:id", "quantity price proration_behavior payment_behavior metadata", (
    world,
    { quantity, price, ...params },
    [id = ""],
  ) => {
    const item = world.get("subscription_item", id);
    const change = { id, ...(quantity === undefined ? {} : { quantity }), ...(price === undefined ? {} : { price }) };
    update(world, { ...params, items: [change] }, [item.subscription]);
    return world.get("subscription_item", id);
  }),
];

const PRORATIONS = ["create_prorations", "always_invoice", "none"] as const;

interface Period {
  readonly start: number;
  readonly end: number;
}

/** What a change makes of a subscription's items. */
interface Outcome {
  readonly items: Stripe.SubscriptionItem[];
  readonly lines: Stripe.InvoiceLineItem[];
  /** The new period when the interval changed; null = it stays. */
  readonly period: Period | null;
}

function update(world: StripeWorld, params: Params, [id = ""]: readonly string[]): Stripe.Subscription {
  const subscription = world.get("subscription", id);
  if (subscription.status === "canceled" || subscription.status === "incomplete_expired") {
    throw invalid("A canceled subscription can only update its cancellation_details and metadata.");
  }
  const behavior = word(params, "payment_behavior", PAYMENT_BEHAVIORS) ?? "allow_incomplete";
  if (behavior === "pending_if_incomplete") {
    const other = ["metadata", "cancel_at_period_end", "cancel_at", "description"].find((name) => name in params);
    if (other !== undefined) {
      throw invalid(`When \`payment_behavior\` is set to \`pending_if_incomplete\`, you cannot pass: ${other}.`, other);
    }
  }
  const before = snapshot(subscription);
  setCancellation(world, subscription, params);
  subscription.metadata = metadata(params, subscription.metadata);
  setTrialEnd(world, subscription, params);
  const changes = hashes(params, "items");
  if (changes !== undefined) {
    changeItems(world, subscription, params, changes, behavior);
    if (subscription.pending_update !== null) {
      world.emit("customer.subscription.updated", subscription, { pending_update: null });
      return subscription;
    }
  }
  world.emit("customer.subscription.updated", subscription, before);
  return subscription;
}

function snapshot({ items, cancel_at_period_end, cancel_at, metadata: meta, status, trial_end }: Stripe.Subscription) {
  return structuredClone({ items, cancel_at_period_end, cancel_at, metadata: meta, status, trial_end });
}

function setCancellation(world: StripeWorld, subscription: Stripe.Subscription, params: Params): void {
  const atEnd = truth(params, "cancel_at_period_end");
  const at = params.cancel_at === "" ? null : integer(params, "cancel_at");
  if (atEnd === undefined && at === undefined) return;
  if (subscription.schedule !== null) {
    throw invalid(
      `The subscription is managed by the subscription schedule \`${idOf(subscription.schedule)}\`, and updating any ` +
        "cancelation behavior directly is not allowed. Please update the schedule instead.",
    );
  }
  subscription.cancel_at_period_end = atEnd ?? false;
  subscription.cancel_at = atEnd ? periodOf(subscription).end : at ?? null;
  subscription.canceled_at = subscription.cancel_at === null ? null : world.now;
}

function setTrialEnd(world: StripeWorld, subscription: Stripe.Subscription, params: Params): void {
  if (params.trial_end === undefined) return;
  const at = params.trial_end === "now" ? world.now : integer(params, "trial_end") ?? world.now;
  if (at < world.now) throw invalid("trial_end must be in the future", "trial_end");
  subscription.trial_end = at;
  if (at > world.now) subscription.status = "trialing";
  setPeriod(world, subscription.items.data, { start: periodOf(subscription).start, end: at });
}

/** The period that a subscription is in. */
export function periodOf({ items }: Stripe.Subscription): Period {
  const [first] = items.data;
  return { start: first?.current_period_start ?? 0, end: first?.current_period_end ?? 0 };
}

/** Gives items another period; what is kept of each is the same object. */
export function setPeriod(world: StripeWorld, items: readonly Stripe.SubscriptionItem[], { start, end }: Period): void {
  for (const item of items) {
    item.current_period_start = start;
    item.current_period_end = end;
    world.keep(item);
  }
}

/** Works out what a change comes to, and changes nothing. */
function planChange(
  world: StripeWorld,
  subscription: Stripe.Subscription,
  changes: readonly Params[],
  { prorates, at }: { readonly prorates: boolean; readonly at: number },
): Outcome {
  const now = periodOf(subscription);
  if (at < now.start || at > now.end) {
    throw invalid(
      "Invalid timestamp: `proration_date` must be within the current billing period of the subscription.",
      "proration_date",
    );
  }
  const old = new Map(subscription.items.data.map((item) => [item.id, item]));
  const next = new Map(old);
  for (const change of changes) {
    const id = text(change, "id");
    if (id !== undefined && !old.has(id)) {
      throw new StripeRefusal(404, {
        message: `No such subscription item: '${id}'`,
        code: "resource_missing",
        param: "items[0][id]",
      });
    }
    if (truth(change, "deleted") === true) next.delete(id ?? "");
    else if (id === undefined) {
      const quantity = integer(change, "quantity");
      const price = required(change, "price");
      if ([...old.values()].some((item) => item.price.id === price)) {
        throw invalid(`You cannot add multiple subscription items with the same plan: \`${price}\``, "items");
      }
      const item = itemOf(world, subscription.id, { price, ...(quantity === undefined ? {} : { quantity }) }, now);
      next.set(item.id, item);
    } else next.set(id, changedItem(world, old.get(id), change));
  }
  const items = [...next.values()];
  if (items.length === 0) throw invalid("A subscription must have at least one active plan.", "items");
  checkTogether(items.map(({ price }) => price));
  const isOtherInterval = intervalOf(items) !== intervalOf(subscription.items.data);
  const period = isOtherInterval ? { start: at, end: periodEnd(at, at, intervalOf(items)) } : null;
  if (subscription.status === "trialing") return { items, lines: [], period: null };
  const lines = prorates || period !== null ? prorations(world, old, next, now, at, period) : [];
  return { items, lines, period };
}

function changedItem(world: StripeWorld, item: Stripe.SubscriptionItem | undefined, change: Params) {
  if (item === undefined) throw invalid("No such subscription item", "items");
  const copy = structuredClone(item);
  const price = text(change, "price");
  if (price !== undefined) copy.price = structuredClone(world.get("price", price, "items[0][price]"));
  const quantity = integer(change, "quantity");
  if (quantity !== undefined && quantity < 0) throw invalid("Invalid non-negative integer", "items[0][quantity]");
  if (quantity !== undefined) copy.quantity = quantity;
  return copy;
}

function prorations(
  world: StripeWorld,
  old: ReadonlyMap<string, Stripe.SubscriptionItem>,
  next: ReadonlyMap<string, Stripe.SubscriptionItem>,
  now: Period,
  at: number,
  period: Period | null,
): Stripe.InvoiceLineItem[] {
  const lines: Stripe.InvoiceLineItem[] = [];
  const part = (amount: number) => share(amount, now.end - at, now.end - now.start);
  for (const [id, item] of old) {
    const after = next.get(id);
    const isSame = after !== undefined && after.price.id === item.price.id && after.quantity === item.quantity;
    if ((isSame && period === null) || isMetered(item.price)) continue;
    const amount = -part(amountOf(item));
    lines.push(proration(world, item, amount, { start: at, end: now.end }, "Unused time on"));
  }
  for (const [id, item] of next) {
    const before = old.get(id);
    const isSame = before !== undefined && before.price.id === item.price.id && before.quantity === item.quantity;
    if ((isSame && period === null) || isMetered(item.price)) continue;
    if (period !== null) lines.push(...fullLines(world, [item], period));
    else lines.push(proration(world, item, part(amountOf(item)), { start: at, end: now.end }, "Remaining time on"));
  }
  return lines;
}

function amountOf({ price, quantity }: Stripe.SubscriptionItem): number {
  return (price.unit_amount ?? 0) * (quantity ?? 1);
}

/** `amount × part ÷ whole`, to the nearest minor unit. */
function share(amount: number, part: number, whole: number): number {
  return Math.round((amount * part) / whole);
}

function proration(world: StripeWorld, item: Stripe.SubscriptionItem, amount: number, period: Period, words: string) {
  const quantity = item.quantity ?? 1;
  const description = `${words} ${quantity} × ${item.price.lookup_key ?? item.price.id}`;
  return lineOf(world, { item, price: item.price, amount, quantity, ...period, isProration: true, description });
}

function changeItems(
  world: StripeWorld,
  subscription: Stripe.Subscription,
  params: Params,
  changes: readonly Params[],
  behavior: typeof PAYMENT_BEHAVIORS[number],
): void {
  const how = word(params, "proration_behavior", PRORATIONS) ?? "create_prorations";
  const at = integer(params, "proration_date") ?? world.now;
  const { items, lines, period } = planChange(world, subscription, changes, { prorates: how !== "none", at });
  const before = { items: subscription.items.data, anchor: subscription.billing_cycle_anchor };
  const apply = () => {
    subscription.items.data = items;
    for (const item of items) world.keep(item);
    if (period === null) return;
    subscription.billing_cycle_anchor = period.start;
    setPeriod(world, items, period);
  };
  apply();
  const billsNow = how === "always_invoice" || period !== null;
  if (!billsNow || lines.length === 0) {
    for (const line of lines) world.pendingItems.push({ subscription: subscription.id, line });
    return;
  }
  const { start, end } = periodOf(subscription);
  const reason = "subscription_update";
  const balance = world.get("customer", idOf(subscription.customer)).balance;
  const invoice = issue(world, { subscription, reason, lines, periodStart: start, periodEnd: end, prorationDate: at });
  const undo = () => {
    subscription.items.data = before.items;
    subscription.billing_cycle_anchor = before.anchor;
    for (const item of before.items) world.keep(item);
  };
  if (behavior === "pending_if_incomplete" && invoice.amount_due > 0) {
    // Until it is paid the subscription stays as it was.
    undo();
    world.pendingUpdates.set(invoice.id, {
      apply() {
        apply();
        subscription.pending_update = null;
        world.emit("customer.subscription.pending_update_applied", subscription);
      },
      expire() {
        subscription.pending_update = null;
        world.emit("customer.subscription.pending_update_expired", subscription);
      },
    });
    if (!collect(world, invoice)) subscription.pending_update = pendingUpdate(world, items);
    return;
  }
  if (collect(world, invoice) || behavior !== "error_if_incomplete") return;
  undo();
  voidInvoice(world, invoice);
  world.get("customer", idOf(subscription.customer)).balance = balance;
  if (subscription.status === "past_due") setStatus(world, subscription, "active");
  throw declined();
}

function pendingUpdate(world: StripeWorld, items: Stripe.SubscriptionItem[]): Stripe.Subscription.PendingUpdate {
  return {
    billing_cycle_anchor: null,
    cancel_at_period_end: null,
    discount: null,
    discounts: null,
    expires_at: world.now + 23 * 3_600,
    metadata: null,
    subscription_items: items,
    trial_end: null,
    trial_from_plan: null,
  };
}

function preview(world: StripeWorld, params: Params): Stripe.Invoice {
  const id = text(params, "subscription");
  if (id === undefined) throw invalid("Missing required param: subscription.", "subscription", "parameter_missing");
  const subscription = world.get("subscription", id, "subscription");
  const details = hash(params, "subscription_details");
  const changes = hashes(details, "items");
  const how = word(details, "proration_behavior", PRORATIONS) ?? "create_prorations";
  const at = integer(details, "proration_date") ?? world.now;
  const ends = truth(details, "cancel_at_period_end") ?? subscription.cancel_at_period_end;
  const current = periodOf(subscription);
  const none = () => new StripeRefusal(404, { message: "No upcoming invoices", code: "invoice_upcoming_none" });
  if (subscription.status === "canceled") throw none();
  if (changes === undefined) {
    if (ends) throw none();
    return renewalPreview(world, subscription, subscription.items.data, []);
  }
  const { items, lines, period } = planChange(world, subscription, changes, { prorates: how !== "none", at });
  if (how === "always_invoice" || period !== null) {
    const parts = { subscription, reason: "upcoming" as const, lines, prorationDate: at };
    return draft(world, `upcoming_${id}`, { ...parts, periodStart: current.start, periodEnd: current.end });
  }
  return renewalPreview(world, subscription, items, lines, at);
}

function renewalPreview(
  world: StripeWorld,
  subscription: Stripe.Subscription,
  items: readonly Stripe.SubscriptionItem[],
  lines: readonly Stripe.InvoiceLineItem[],
  at?: number,
): Stripe.Invoice {
  const { start, end } = periodOf(subscription);
  const next = { start: end, end: periodEnd(subscription.billing_cycle_anchor, end, intervalOf(items)) };
  const pending = world.pendingItems.filter((item) => item.subscription === subscription.id).map(({ line }) => line);
  return draft(world, `upcoming_${subscription.id}`, {
    subscription,
    reason: "upcoming",
    lines: [
      ...pending,
      ...lines,
      ...meteredLines(world, subscription, { start, end }),
      ...fullLines(world, items, next),
    ],
    periodStart: start,
    periodEnd: end,
    ...(at === undefined ? {} : { prorationDate: at }),
  });
}
