/**
 * Stripe's objects as our tables have them: the arguments of `engine.put_billing`. Times are ISO 8601, amounts integers
 * in the currency's smallest unit.
 *
 * @module
 */
import type { Stripe } from "stripe";

/** A customer as it is written. */
export interface CustomerRow {
  /** Which organization it says to be, for those that were made at Stripe and not noted here. */
  organization_id: string | null;
  email: string | null;
  currency: string | null;
  tax_exempt: string;
  balance: number;
  delinquent: boolean;
  deleted: boolean;
  has_payment_method: boolean;
}

/** A subscription as it is written. */
export interface SubscriptionRow {
  id: string;
  customer_id: string;
  status: string;
  currency: string;
  items: ItemRow[];
  /** What the next phase of its schedule has; empty = no other. */
  scheduled_items: ItemRow[];
  current_period_start: string | null;
  current_period_end: string | null;
  trial_end: string | null;
  cancel_at: string | null;
  cancel_at_period_end: boolean;
  canceled_at: string | null;
  ended_at: string | null;
  has_payment_method: boolean;
  latest_invoice_id: string | null;
  created_at: string;
}

/** One price of a subscription. */
export interface ItemRow {
  item_id: string | null;
  price_id: string;
  lookup_key: string | null;
  quantity: number | null;
}

/** An invoice as it is written. */
export interface InvoiceRow {
  id: string;
  customer_id: string;
  subscription_id: string | null;
  number: string | null;
  status: string;
  billing_reason: string | null;
  collection_method: string;
  currency: string;
  subtotal: number;
  tax: number;
  total: number;
  amount_due: number;
  amount_paid: number;
  attempt_count: number;
  next_payment_attempt: string | null;
  period_start: string | null;
  period_end: string | null;
  hosted_invoice_url: string | null;
  invoice_pdf: string | null;
  lines: LineRow[];
  created_at: string;
  finalized_at: string | null;
  due_at: string | null;
  paid_at: string | null;
  /** What its charges say; absent = nobody looked. */
  payment?: PaymentRow;
}

/** One line of an invoice. */
export interface LineRow {
  description: string;
  quantity: number | null;
  amount: number;
  period_start: string | null;
  period_end: string | null;
}

/** What the charges of an invoice say. */
export interface PaymentRow {
  amount_refunded: number;
  payment_method: string | null;
  failure_reason: string | null;
  dispute_status: string | null;
  dispute_due_at: string | null;
}

/** Lines that are kept of an invoice. */
export const MAX_LINES = 100;

/** The id of what is an id, or the thing itself where it was expanded. */
export function idOf(value: string | { readonly id: string } | null | undefined): string | null {
  return typeof value === "string" ? value : value?.id ?? null;
}

function time(seconds: number | null | undefined): string | null {
  return seconds === null || seconds === undefined ? null : new Date(seconds * 1000).toISOString();
}

/** A customer, or what is left of one. */
export function toCustomerRow(customer: Stripe.Customer | Stripe.DeletedCustomer): CustomerRow {
  if (customer.deleted) {
    return {
      organization_id: null,
      email: null,
      currency: null,
      tax_exempt: "none",
      balance: 0,
      delinquent: false,
      deleted: true,
      has_payment_method: false,
    };
  }
  return {
    organization_id: customer.metadata?.organization_id ?? null,
    email: customer.email,
    currency: customer.currency ?? null,
    tax_exempt: customer.tax_exempt ?? "none",
    balance: customer.balance,
    delinquent: customer.delinquent ?? false,
    deleted: false,
    has_payment_method: hasPaymentMethod(customer),
  };
}

function hasPaymentMethod(customer: Stripe.Customer): boolean {
  return (customer.invoice_settings.default_payment_method ?? customer.default_source ?? null) !== null;
}

/** A subscription that was fetched with its customer and its schedule. */
export function toSubscriptionRow(subscription: Stripe.Subscription): SubscriptionRow {
  const { customer, items } = subscription;
  const owned = typeof customer === "string" || customer.deleted ? null : customer;
  // Stripe has periods on items. Those of one subscription of ours are the same.
  const [first] = items.data;
  return {
    id: subscription.id,
    customer_id: idOf(customer) ?? "",
    status: subscription.status,
    currency: subscription.currency,
    items: items.data.map(({ id, price, quantity }) => ({
      item_id: id,
      price_id: price.id,
      lookup_key: price.lookup_key,
      quantity: quantity ?? null,
    })),
    scheduled_items: scheduledItems(subscription),
    current_period_start: time(first?.current_period_start),
    current_period_end: time(first?.current_period_end),
    trial_end: time(subscription.trial_end),
    cancel_at: time(subscription.cancel_at),
    cancel_at_period_end: subscription.cancel_at_period_end,
    canceled_at: time(subscription.canceled_at),
    ended_at: time(subscription.ended_at),
    has_payment_method: (subscription.default_payment_method ?? subscription.default_source ?? null) !== null ||
      (owned !== null && hasPaymentMethod(owned)),
    latest_invoice_id: idOf(subscription.latest_invoice),
    created_at: new Date(subscription.created * 1000).toISOString(),
  };
}

/** The prices of the phase that comes next. */
function scheduledItems({ schedule, items }: Stripe.Subscription): ItemRow[] {
  if (schedule === null || typeof schedule === "string") return [];
  const now = schedule.current_phase?.end_date ?? items.data[0]?.current_period_end ?? 0;
  const next = schedule.phases.find((phase) => phase.start_date >= now);
  return next?.items.map(({ price, quantity }) => ({
    item_id: null,
    price_id: idOf(price) ?? "",
    lookup_key: typeof price === "string" || price.deleted ? null : price.lookup_key,
    quantity: quantity ?? null,
  })) ?? [];
}

/** The subscription that an invoice is for; null = none. */
export function subscriptionOf({ parent }: Stripe.Invoice): string | null {
  return idOf(parent?.subscription_details?.subscription);
}

/** An invoice, without what its charges say. */
export function toInvoiceRow(invoice: Stripe.Invoice): InvoiceRow {
  return {
    id: invoice.id,
    customer_id: idOf(invoice.customer) ?? "",
    subscription_id: subscriptionOf(invoice),
    number: invoice.number,
    status: invoice.status ?? "draft",
    billing_reason: invoice.billing_reason,
    collection_method: invoice.collection_method,
    currency: invoice.currency,
    subtotal: invoice.subtotal,
    tax: (invoice.total_taxes ?? []).reduce((sum, { amount }) => sum + amount, 0),
    total: invoice.total,
    amount_due: invoice.amount_due,
    amount_paid: invoice.amount_paid,
    attempt_count: invoice.attempt_count,
    next_payment_attempt: time(invoice.next_payment_attempt),
    period_start: time(invoice.period_start),
    period_end: time(invoice.period_end),
    hosted_invoice_url: invoice.hosted_invoice_url ?? null,
    invoice_pdf: invoice.invoice_pdf ?? null,
    lines: invoice.lines.data.slice(0, MAX_LINES).map(toLineRow),
    created_at: new Date(invoice.created * 1000).toISOString(),
    finalized_at: time(invoice.status_transitions.finalized_at),
    due_at: time(invoice.due_date),
    paid_at: time(invoice.status_transitions.paid_at),
  };
}

/** A line of an invoice. */
export function toLineRow({ description, quantity, amount, period }: Stripe.InvoiceLineItem): LineRow {
  return {
    description: (description ?? "").slice(0, 300),
    quantity,
    amount,
    period_start: time(period.start),
    period_end: time(period.end),
  };
}

/**
 * What the charges of an invoice, and a dispute of one of them, say.
 *
 * @param charges In any order.
 * @param dispute The latest one; null = none.
 */
export function toPaymentRow(charges: readonly Stripe.Charge[], dispute: Stripe.Dispute | null): PaymentRow {
  const ordered = charges.toSorted((a, b) => b.created - a.created || (a.id < b.id ? 1 : -1));
  const latest = ordered[0];
  const paid = ordered.find(({ status }) => status === "succeeded");
  const failed = paid === undefined && latest?.status === "failed" ? latest : undefined;
  return {
    amount_refunded: charges.reduce((sum, { amount_refunded }) => sum + amount_refunded, 0),
    payment_method: describeMeans(paid ?? latest),
    failure_reason: (failed?.failure_message ?? failed?.outcome?.seller_message ?? null)?.slice(0, 1000) ?? null,
    dispute_status: dispute?.status ?? null,
    dispute_due_at: dispute !== null && /needs_response$/.test(dispute.status)
      ? time(dispute.evidence_details.due_by)
      : null,
  };
}

/** `Visa ending in 4242`, `SEPA debit`; null = not known. */
function describeMeans(charge: Stripe.Charge | undefined): string | null {
  const details = charge?.payment_method_details;
  if (!details) return null;
  if (details.card?.last4) return `${capital(details.card.brand ?? "card")} ending in ${details.card.last4}`;
  return capital(details.type.replaceAll("_", " ").replace("sepa", "SEPA"));
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
