/**
 * Subscriptions of Stripe's stand-in: made, read, ended. What changes them is in `stripe_server_changes.ts`.
 * https://docs.stripe.com/api/subscriptions
 *
 * @module
 */
import type { Stripe } from "stripe";
import { live } from "./catalogue.ts";
import { hash, hashes, integer, invalid, metadata, type Params, required, text, truth, word } from "./form.ts";
import { collect, declined, end, issue, lineOf } from "./invoices.ts";
import { PAGED, route } from "./routes.ts";
import { idOf, type StripeWorld } from "./world.ts";

/** The routes of this file. */
export const SUBSCRIPTION_ROUTES = [
  route(
    "POST /v1/subscriptions",
    "customer items trial_period_days trial_end trial_settings metadata payment_behavior payment_settings " +
      "proration_behavior cancel_at_period_end default_payment_method automatic_tax collection_method description " +
      "off_session currency billing_mode",
    create,
  ),
  route("GET /v1/subscriptions/:id", "", (world, _, [id = ""]) => world.get("subscription", id)),
  route("GET /v1/subscriptions", `${PAGED} customer status price current_period_end collection_method`, list),
  route(
    "DELETE /v1/subscriptions/:id",
    "invoice_now prorate cancellation_details",
    (world, _, [id = ""]) => {
      const subscription = world.get("subscription", id);
      if (subscription.status === "canceled") {
        throw invalid(`No such subscription: '${id}'`, "id", "resource_missing");
      }
      end(world, subscription, "cancellation_requested");
      return subscription;
    },
  ),
];

/** A line of a subscription to be. */
export interface NewItem {
  readonly price: string;
  /** Absent for metered prices. */
  readonly quantity?: number;
}

/** How a subscription begins. */
export interface SubscriptionStart {
  readonly customer: string;
  readonly items: readonly NewItem[];
  /** Unix time in seconds; null = no trial. */
  readonly trialEnd?: number | null;
  readonly metadata?: Record<string, string>;
  readonly behavior?: PaymentBehavior;
  readonly cancelAtPeriodEnd?: boolean;
  /** False = a trial that began without a card. */
  readonly hasCard?: boolean;
}

/** The card of every customer. */
const CARD = "pm_1St00000000000000";

/** What a payment that fails does to what it was for. */
export type PaymentBehavior =
  | "allow_incomplete"
  | "default_incomplete"
  | "error_if_incomplete"
  | "pending_if_incomplete";

/** The same moment of day, `months` later; the last day of a month that is shorter. */
export function addMonths(seconds: number, months: number): number {
  const from = new Date(seconds * 1000);
  const to = new Date(from);
  to.setUTCDate(1);
  to.setUTCMonth(from.getUTCMonth() + months);
  const days = new Date(Date.UTC(to.getUTCFullYear(), to.getUTCMonth() + 1, 0)).getUTCDate();
  to.setUTCDate(Math.min(from.getUTCDate(), days));
  return Math.floor(to.getTime() / 1000);
}

/** The first end of a period after `start`, counted from the anchor, so that the 31st comes back. */
export function periodEnd(anchor: number, start: number, interval: string): number {
  const step = interval === "year" ? 12 : 1;
  let count = 1;
  while (addMonths(anchor, count * step) <= start) count += 1;
  return addMonths(anchor, count * step);
}

/** The interval at which a subscription is billed. */
export function intervalOf(items: readonly Stripe.SubscriptionItem[]): string {
  return items[0]?.price.recurring?.interval ?? "month";
}

/** Whether what an item costs is counted by a meter. */
export function isMetered(price: Stripe.Price): boolean {
  return price.recurring?.usage_type === "metered";
}

/** An item of a subscription. */
export function itemOf(
  world: StripeWorld,
  subscription: string,
  { price, quantity }: NewItem,
  period: { readonly start: number; readonly end: number },
): Stripe.SubscriptionItem {
  const found = world.get("price", price, "items[0][price]");
  return world.keep({
    id: world.id("si"),
    object: "subscription_item",
    billing_thresholds: null,
    created: world.now,
    current_period_end: period.end,
    current_period_start: period.start,
    current_trial: null,
    discounts: [],
    metadata: {},
    // The old shape of a price, which nobody should read any more.
    plan: { id: found.id, object: "plan", active: true, product: found.product } as Stripe.Plan,
    price: structuredClone(found),
    ...(isMetered(found) ? {} : { quantity: quantity ?? 1 }),
    subscription,
    tax_rates: [],
  });
}

/** Makes a subscription and its first invoice, and collects that. */
export function startSubscription(world: StripeWorld, start: SubscriptionStart): Stripe.Subscription {
  const { customer, items, trialEnd = null, metadata: meta = {}, behavior = "allow_incomplete" } = start;
  const id = world.id("sub");
  const prices = items.map(({ price }) => world.get("price", price, "items[0][price]"));
  checkTogether(prices);
  const pays = (world.payments.get(customer) ?? "succeeds") === "succeeds";
  if (behavior === "error_if_incomplete" && trialEnd === null && !pays) throw declined();
  const anchor = trialEnd ?? world.now;
  const interval = prices[0]?.recurring?.interval ?? "month";
  const period = { start: world.now, end: trialEnd ?? periodEnd(anchor, world.now, interval) };
  const made = items.map((item) => itemOf(world, id, item, period));
  const subscription = world.keep<Stripe.Subscription>({
    id,
    object: "subscription",
    application: null,
    application_fee_percent: null,
    automatic_tax: { disabled_reason: null, enabled: false, liability: null },
    billing_cycle_anchor: anchor,
    billing_cycle_anchor_config: null,
    billing_mode: { flexible: { proration_discounts: "included" }, type: "flexible" },
    billing_schedules: [],
    billing_thresholds: null,
    cancel_at: null,
    cancel_at_period_end: start.cancelAtPeriodEnd ?? false,
    canceled_at: null,
    cancellation_details: { comment: null, feedback: null, feedback_option: null, reason: null },
    collection_method: "charge_automatically",
    created: world.now,
    currency: prices[0]?.currency ?? "eur",
    customer,
    customer_account: null,
    days_until_due: null,
    default_payment_method: start.hasCard === false ? null : CARD,
    default_source: null,
    default_tax_rates: [],
    description: null,
    discounts: [],
    ended_at: null,
    invoice_settings: {
      account_tax_ids: null,
      custom_fields: null,
      description: null,
      footer: null,
      issuer: { type: "self" },
    },
    items: { object: "list", data: made, has_more: false, url: `/v1/subscription_items?subscription=${id}` },
    latest_invoice: null,
    livemode: false,
    managed_payments: null,
    metadata: meta,
    next_pending_invoice_item_invoice: null,
    on_behalf_of: null,
    pause_collection: null,
    payment_settings: {
      payment_method_options: null,
      payment_method_types: null,
      save_default_payment_method: "on_subscription",
    },
    pending_invoice_item_interval: null,
    pending_setup_intent: null,
    pending_update: null,
    schedule: null,
    start_date: world.now,
    status: trialEnd === null ? "incomplete" : "trialing",
    test_clock: null,
    transfer_data: null,
    trial_end: trialEnd,
    trial_settings: { end_behavior: { billing_cycle_anchor: null, missing_payment_method: "create_invoice" } },
    trial_start: trialEnd === null ? null : world.now,
  });
  const invoice = issue(world, {
    subscription,
    reason: "subscription_create",
    lines: fullLines(world, made, period, trialEnd !== null),
    periodStart: world.now,
    periodEnd: world.now,
  });
  // Stripe speaks of it before the first payment, and again when that has come through.
  world.emit("customer.subscription.created", subscription);
  if (behavior !== "default_incomplete" || invoice.amount_due === 0) collect(world, invoice);
  return subscription;
}

/** Prices of one subscription have one currency and one interval. */
export function checkTogether(prices: readonly Stripe.Price[]): void {
  if (new Set(prices.map(({ currency }) => currency)).size > 1) {
    throw invalid("All prices of a subscription must have the same currency.", "items");
  }
  if (new Set(prices.map(({ recurring }) => recurring?.interval)).size > 1) {
    throw invalid("All prices of a subscription must have the same `recurring.interval`.", "items");
  }
}

/** The lines of a whole period. A trial costs nothing. */
export function fullLines(
  world: StripeWorld,
  items: readonly Stripe.SubscriptionItem[],
  period: { readonly start: number; readonly end: number },
  isTrial = false,
): Stripe.InvoiceLineItem[] {
  return items.filter(({ price }) => !isMetered(price)).map((item) => {
    const quantity = item.quantity ?? 1;
    const unit = isTrial ? 0 : item.price.unit_amount ?? 0;
    return lineOf(world, {
      item,
      price: item.price,
      amount: unit * quantity,
      quantity,
      ...period,
      isProration: false,
      description: isTrial ? "Trial period" : `${quantity} × ${item.price.lookup_key ?? item.price.id}`,
    });
  });
}

/** What the meters have counted for a subscription within a period. */
export function meteredLines(
  world: StripeWorld,
  subscription: Stripe.Subscription,
  period: { readonly start: number; readonly end: number },
): Stripe.InvoiceLineItem[] {
  return subscription.items.data.filter(({ price }) => isMetered(price)).map((item) => {
    const meter = world.get("billing.meter", item.price.recurring?.meter ?? "");
    const quantity = world.meterEvents
      .filter((event) => event.event_name === meter.event_name)
      .filter((event) => event.payload[meter.customer_mapping.event_payload_key] === idOf(subscription.customer))
      .filter(({ timestamp }) => timestamp >= period.start && timestamp < period.end)
      .reduce((sum, event) => sum + Number(event.payload[meter.value_settings.event_payload_key]), 0);
    const amount = quantity * (item.price.unit_amount ?? 0);
    return lineOf(world, {
      item,
      price: item.price,
      amount,
      quantity,
      ...period,
      isProration: false,
      description: `${quantity} × ${meter.display_name}`,
    });
  });
}

function create(world: StripeWorld, params: Params): Stripe.Subscription {
  const customer = live(world, required(params, "customer"));
  const items = (hashes(params, "items") ?? []).map((item) => {
    const quantity = integer(item, "quantity");
    return { price: required(item, "price"), ...(quantity === undefined ? {} : { quantity }) };
  });
  if (items.length === 0) throw invalid("Missing required param: items.", "items", "parameter_missing");
  const days = integer(params, "trial_period_days");
  const trialEnd = integer(params, "trial_end") ?? (days === undefined ? null : world.now + days * 86_400);
  hash(params, "payment_settings");
  return startSubscription(world, {
    customer: customer.id,
    items,
    trialEnd,
    metadata: metadata(params),
    behavior: word(params, "payment_behavior", PAYMENT_BEHAVIORS) ?? "allow_incomplete",
    cancelAtPeriodEnd: truth(params, "cancel_at_period_end") ?? false,
  });
}

/** The words of `payment_behavior`. */
export const PAYMENT_BEHAVIORS = [
  "allow_incomplete",
  "default_incomplete",
  "error_if_incomplete",
  "pending_if_incomplete",
] as const;

function list(world: StripeWorld, params: Params) {
  const [customer, status, price] = ["customer", "status", "price"].map((name) => text(params, name));
  const found = world.all("subscription").filter((one) =>
    (customer === undefined || one.customer === customer) &&
    (price === undefined || one.items.data.some((item) => item.price.id === price)) &&
    isOfStatus(one, status)
  );
  return world.page(params, "/v1/subscriptions", found);
}

/** Without a status, what is not canceled; `ended` is canceled or expired. */
function isOfStatus({ status }: Stripe.Subscription, wanted: string | undefined): boolean {
  if (wanted === undefined) return status !== "canceled";
  if (wanted === "all") return true;
  if (wanted === "ended") return status === "canceled" || status === "incomplete_expired";
  return status === wanted;
}
