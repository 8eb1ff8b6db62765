/**
 * Invoices of Stripe's stand-in: what is billed, how it is paid, and what becomes of a subscription then.
 * https://docs.stripe.com/billing/invoices/subscription
 *
 * @module
 */
import type { Stripe } from "stripe";
import { invalid, type Params, StripeRefusal, text, truth } from "./form.ts";
import { charge } from "./payments.ts";
import { PAGED, route } from "./routes.ts";
import { idOf, type StripeWorld } from "./world.ts";

const DAY = 86_400;
/** Days after which a failed payment is tried again: four attempts in all. */
const RETRY_DAYS = [3, 5, 7];

/** The routes of this file. Previews are among those of subscriptions. */
export const INVOICE_ROUTES = [
  route("GET /v1/invoices/:id", "", (world, _, [id = ""]) => world.get("invoice", id)),
  route("GET /v1/invoices/:id/lines", PAGED, (world, params, [id = ""]) => {
    const lines = world.get("invoice", id).lines.data;
    return world.page(params, `/v1/invoices/${id}/lines`, lines);
  }),
  route("GET /v1/invoices", `${PAGED} customer subscription status due_date collection_method`, listInvoices),
  route(
    "POST /v1/invoices/:id/pay",
    "paid_out_of_band forgive off_session payment_method",
    (world, params, [id]) => payNow(world, world.get("invoice", id ?? ""), truth(params, "paid_out_of_band") ?? false),
  ),
  route("POST /v1/invoices/:id/void", "", (world, _, [id = ""]) => voidInvoice(world, world.get("invoice", id))),
  route("POST /v1/invoices/:id/mark_uncollectible", "", (world, _, [id = ""]) => {
    const invoice = world.get("invoice", id);
    if (invoice.status !== "open") throw invalid("You can only mark open invoices as uncollectible.");
    invoice.status = "uncollectible";
    invoice.status_transitions.marked_uncollectible_at = world.now;
    world.emit("invoice.marked_uncollectible", invoice);
    return invoice;
  }),
];

function listInvoices(world: StripeWorld, params: Params) {
  const [customer, subscription, status] = ["customer", "subscription", "status"].map((name) => text(params, name));
  const found = world.all("invoice").filter((one) =>
    (customer === undefined || one.customer === customer) &&
    (subscription === undefined || subscriptionOf(one) === subscription) &&
    (status === undefined || one.status === status)
  );
  return world.page(params, "/v1/invoices", found);
}

/** The subscription that an invoice is about; empty = none. */
export function subscriptionOf(invoice: Stripe.Invoice): string {
  return idOf(invoice.parent?.subscription_details?.subscription);
}

/** What a line of an invoice is about. */
export interface LineParts {
  readonly item: Stripe.SubscriptionItem;
  readonly price: Stripe.Price;
  readonly amount: number;
  readonly quantity: number;
  readonly start: number;
  readonly end: number;
  readonly isProration: boolean;
  readonly description: string;
}

/** A line of an invoice. */
export function lineOf(world: StripeWorld, parts: LineParts): Stripe.InvoiceLineItem {
  const { item, price, amount, quantity, start, end, isProration, description } = parts;
  return {
    id: world.id("il"),
    object: "line_item",
    amount,
    currency: price.currency,
    description,
    discount_amounts: [],
    discountable: !isProration,
    discounts: [],
    invoice: null,
    livemode: false,
    metadata: {},
    parent: {
      invoice_item_details: null,
      subscription_item_details: {
        invoice_item: isProration ? world.id("ii") : null,
        proration: isProration,
        proration_details: { credited_items: null },
        subscription: item.subscription,
        subscription_item: item.id,
      },
      type: "subscription_item_details",
    },
    period: { start, end },
    pretax_credit_amounts: [],
    pricing: {
      type: "price_details",
      price_details: { price: price.id, product: idOf(price.product) },
      unit_amount_decimal: price.unit_amount_decimal,
    },
    quantity,
    quantity_decimal: String(quantity) as unknown as Stripe.InvoiceLineItem["quantity_decimal"],
    subscription: item.subscription,
    subtotal: amount,
    taxes: [],
  };
}

/** What an invoice is made of. */
export interface InvoiceParts {
  readonly subscription: Stripe.Subscription;
  readonly reason: NonNullable<Stripe.Invoice["billing_reason"]>;
  readonly lines: readonly Stripe.InvoiceLineItem[];
  readonly periodStart: number;
  readonly periodEnd: number;
  /** When the prorations on it were reckoned, for previews. */
  readonly prorationDate?: number;
}

/** An invoice that nobody has seen: a draft, or a preview. The customer's credit is in its `starting_balance`. */
export function draft(world: StripeWorld, id: string, parts: InvoiceParts): Stripe.Invoice {
  const { subscription, reason, lines, periodStart, periodEnd, prorationDate } = parts;
  const customer = world.get("customer", idOf(subscription.customer));
  const total = lines.reduce((sum, line) => sum + line.amount, 0);
  const due = Math.max(0, total + customer.balance);
  return {
    id,
    object: "invoice",
    account_country: "DE",
    account_name: "Millrace",
    account_tax_ids: null,
    amount_due: due,
    amount_overpaid: 0,
    amount_paid: 0,
    amount_remaining: due,
    amount_shipping: 0,
    application: null,
    attempt_count: 0,
    attempted: false,
    auto_advance: true,
    automatic_tax: { disabled_reason: null, enabled: false, liability: null, provider: null, status: null },
    automatically_finalizes_at: null,
    billing_reason: reason,
    collection_method: "charge_automatically",
    created: world.now,
    currency: subscription.currency,
    custom_fields: null,
    customer: customer.id,
    customer_account: null,
    customer_address: null,
    customer_email: customer.email,
    customer_name: customer.name ?? null,
    customer_phone: null,
    customer_shipping: null,
    customer_tax_exempt: "none",
    customer_tax_ids: [],
    default_payment_method: null,
    default_source: null,
    default_tax_rates: [],
    description: null,
    discounts: [],
    due_date: null,
    effective_at: null,
    ending_balance: null,
    footer: null,
    from_invoice: null,
    hosted_invoice_url: null,
    invoice_pdf: null,
    issuer: { type: "self" },
    last_finalization_error: null,
    latest_revision: null,
    lines: { object: "list", data: [...lines], has_more: false, url: `/v1/invoices/${id}/lines` },
    livemode: false,
    metadata: {},
    next_payment_attempt: null,
    number: null,
    on_behalf_of: null,
    parent: {
      quote_details: null,
      subscription_details: {
        metadata: { ...subscription.metadata },
        subscription: subscription.id,
        ...(prorationDate === undefined ? {} : { subscription_proration_date: prorationDate }),
      },
      type: "subscription_details",
    },
    payment_settings: { default_mandate: null, payment_method_options: null, payment_method_types: null },
    period_end: periodEnd,
    period_start: periodStart,
    post_payment_credit_notes_amount: 0,
    pre_payment_credit_notes_amount: 0,
    receipt_number: null,
    rendering: null,
    shipping_cost: null,
    shipping_details: null,
    starting_balance: customer.balance,
    statement_descriptor: null,
    status: "draft",
    status_transitions: { finalized_at: null, marked_uncollectible_at: null, paid_at: null, voided_at: null },
    subtotal: total,
    subtotal_excluding_tax: total,
    test_clock: null,
    total,
    total_discount_amounts: [],
    total_excluding_tax: total,
    total_pretax_credit_amounts: [],
    total_taxes: [],
    webhooks_delivered_at: null,
  };
}

/** Makes an invoice and finalizes it; nothing is paid yet. */
export function issue(world: StripeWorld, parts: InvoiceParts): Stripe.Invoice {
  const invoice = world.keep(draft(world, world.id("in"), parts));
  const customer = world.get("customer", idOf(parts.subscription.customer));
  for (const line of invoice.lines.data) line.invoice = invoice.id;
  world.emit("invoice.created", invoice);
  // What is above the customer's credit is due; what the total is below zero is credit from now on.
  customer.balance += invoice.amount_due - invoice.total;
  invoice.status = "open";
  invoice.number = `${customer.invoice_prefix}-${String(customer.next_invoice_sequence).padStart(4, "0")}`;
  customer.next_invoice_sequence = (customer.next_invoice_sequence ?? 1) + 1;
  customer.currency = invoice.currency;
  invoice.effective_at = world.now;
  invoice.ending_balance = customer.balance;
  invoice.hosted_invoice_url = `https://invoice.stripe.com/i/acct_1/test_${invoice.id}`;
  invoice.invoice_pdf = `https://pay.stripe.com/invoice/acct_1/test_${invoice.id}/pdf`;
  invoice.status_transitions.finalized_at = world.now;
  world.emit("invoice.finalized", invoice);
  parts.subscription.latest_invoice = invoice.id;
  return invoice;
}

/** Tries to collect an open invoice; false = the payment failed. The subscription follows. */
export function collect(world: StripeWorld, invoice: Stripe.Invoice): boolean {
  invoice.attempted = true;
  if (invoice.amount_remaining === 0) {
    markPaid(world, invoice, 0);
    return true;
  }
  invoice.attempt_count += 1;
  const payment = charge(world, invoice);
  if (payment.ok) {
    markPaid(world, invoice, invoice.amount_remaining);
    return true;
  }
  const days = RETRY_DAYS[invoice.attempt_count - 1];
  const isFirst = invoice.billing_reason === "subscription_create";
  invoice.next_payment_attempt = days === undefined || isFirst ? null : world.now + days * DAY;
  invoice.auto_advance = invoice.next_payment_attempt !== null;
  followFailure(world, invoice);
  world.emit(payment.needsAction ? "invoice.payment_action_required" : "invoice.payment_failed", invoice);
  if (payment.needsAction) world.emit("invoice.payment_failed", invoice);
  return false;
}

function markPaid(world: StripeWorld, invoice: Stripe.Invoice, amount: number): void {
  invoice.status = "paid";
  invoice.amount_paid += amount;
  invoice.amount_remaining = 0;
  invoice.next_payment_attempt = null;
  invoice.auto_advance = false;
  invoice.status_transitions.paid_at = world.now;
  world.emit("invoice.paid", invoice);
  world.emit("invoice.payment_succeeded", invoice);
  setDelinquent(world, idOf(invoice.customer), false);
  const subscription = world.find(subscriptionOf(invoice)) as Stripe.Subscription | undefined;
  if (subscription === undefined) return;
  world.pendingUpdates.get(invoice.id)?.apply();
  world.pendingUpdates.delete(invoice.id);
  const isWaiting = ["incomplete", "past_due", "unpaid"].includes(subscription.status);
  if (isWaiting && openInvoices(world, subscription.id).length === 0) setStatus(world, subscription, "active");
}

/** What a failed payment does to the subscription. */
function followFailure(world: StripeWorld, invoice: Stripe.Invoice): void {
  const subscription = world.find(subscriptionOf(invoice)) as Stripe.Subscription | undefined;
  if (subscription === undefined || subscription.status === "incomplete") return;
  // A change that waits for its payment leaves the subscription as it was.
  if (world.pendingUpdates.has(invoice.id)) return;
  setDelinquent(world, idOf(invoice.customer), true);
  if (invoice.next_payment_attempt !== null || world.afterRetries === "past_due") {
    if (subscription.status !== "past_due") setStatus(world, subscription, "past_due");
  } else if (world.afterRetries === "unpaid") setStatus(world, subscription, "unpaid");
  else end(world, subscription, "payment_failed");
}

function setDelinquent(world: StripeWorld, id: string, delinquent: boolean): void {
  const customer = world.get("customer", id);
  if (customer.delinquent === delinquent) return;
  customer.delinquent = delinquent;
  world.emit("customer.updated", customer, { delinquent: !delinquent });
}

/** Changes a subscription's status, and says so. */
export function setStatus(
  world: StripeWorld,
  subscription: Stripe.Subscription,
  status: Stripe.Subscription["status"],
): void {
  const before = subscription.status;
  subscription.status = status;
  world.emit("customer.subscription.updated", subscription, { status: before });
}

/** Ends a subscription at once. */
export function end(
  world: StripeWorld,
  subscription: Stripe.Subscription,
  reason: NonNullable<Stripe.Subscription.CancellationDetails["reason"]>,
): void {
  subscription.status = "canceled";
  subscription.canceled_at ??= world.now;
  subscription.ended_at = world.now;
  subscription.cancellation_details = { comment: null, feedback: null, feedback_option: null, reason };
  releaseSchedule(world, subscription, "canceled");
  world.emit("customer.subscription.deleted", subscription);
}

/** Takes the schedule off a subscription, if it has one. */
export function releaseSchedule(
  world: StripeWorld,
  subscription: Stripe.Subscription,
  status: "released" | "completed" | "canceled",
): void {
  if (subscription.schedule === null) return;
  const schedule = world.get("subscription_schedule", idOf(subscription.schedule));
  schedule.status = status;
  schedule.subscription = null;
  schedule.current_phase = null;
  if (status === "canceled") schedule.canceled_at = world.now;
  else {
    schedule.released_at = world.now;
    schedule.released_subscription = subscription.id;
  }
  subscription.schedule = null;
  world.emit(`subscription_schedule.${status}`, schedule);
}

function openInvoices(world: StripeWorld, subscription: string): Stripe.Invoice[] {
  return world.all("invoice").filter((one) => subscriptionOf(one) === subscription && one.status === "open");
}

/** What `POST /v1/invoices/:id/pay` does. */
export function payNow(world: StripeWorld, invoice: Stripe.Invoice, outOfBand = false): Stripe.Invoice {
  if (invoice.status === "paid") throw invalid("Invoice is already paid", undefined, "invoice_already_paid");
  if (invoice.status !== "open" && invoice.status !== "uncollectible") {
    throw invalid(`This invoice is ${invoice.status} and can not be paid.`);
  }
  if (outOfBand) markPaid(world, invoice, invoice.amount_remaining);
  else if (!collect(world, invoice)) throw declined();
  return invoice;
}

/** 402, as a card that has no money answers. */
export function declined(): StripeRefusal {
  return new StripeRefusal(402, {
    type: "card_error",
    code: "card_declined",
    decline_code: "insufficient_funds",
    message: "Your card has insufficient funds.",
  });
}

/** Voids an invoice. */
export function voidInvoice(world: StripeWorld, invoice: Stripe.Invoice): Stripe.Invoice {
  if (invoice.status !== "open" && invoice.status !== "uncollectible") {
    throw invalid(`You can only void open or uncollectible invoices; this one is ${invoice.status}.`);
  }
  invoice.status = "void";
  invoice.next_payment_attempt = null;
  invoice.status_transitions.voided_at = world.now;
  world.emit("invoice.voided", invoice);
  world.pendingUpdates.get(invoice.id)?.expire();
  world.pendingUpdates.delete(invoice.id);
  return invoice;
}
