/**
 * What Stripe says now, written into our tables. One function for each kind of thing; each fetches it anew, so that it does
 * not matter in which order events come, whether they come twice, or whether one is lost.
 *
 * Two fetches of the same thing may overtake each other. Each takes a ticket before it begins, and what was fetched with
 * an older one is not written over what was fetched with a newer one: then it is fetched once more.
 *
 * @module
 */
import type { Stripe } from "stripe";
import { adminClient, rpc } from "../db/mod.ts";
import type { Env } from "../env/mod.ts";
import type { Log } from "../log/mod.ts";
import { isMissing } from "./client.ts";
import {
  type CustomerRow,
  idOf,
  type InvoiceRow,
  MAX_LINES,
  type PaymentRow,
  type SubscriptionRow,
  toCustomerRow,
  toInvoiceRow,
  toLineRow,
  toPaymentRow,
  toSubscriptionRow,
} from "./sync_rows.ts";

/** What every sync needs. */
export interface SyncContext {
  readonly env: Env;
  readonly stripe: Stripe;
  readonly log: Log;
  /** Ends calls early. */
  readonly signal?: AbortSignal;
}

/** What of a thing was otherwise than we had it. */
export interface SyncResult {
  readonly kind?: "customer" | "subscription" | "invoice";
  readonly id: string;
  /** We had none. */
  readonly is_new?: boolean;
  /** Column → before and after. */
  readonly changed?: Readonly<Record<string, readonly [unknown, unknown]>>;
  /** It has no price that we know: it gives no plan. */
  readonly unknown_price?: boolean;
  /** What is there was fetched later. */
  readonly stale?: boolean;
}

/** What became of a sync. */
export interface SyncReport {
  /** Null = the customer is no organization of ours, or the thing is nobody's. */
  readonly organizationId: string | null;
  readonly results: readonly SyncResult[];
}

/** What was fetched of one customer. */
export interface Found {
  readonly customer?: CustomerRow;
  readonly subscriptions?: readonly SubscriptionRow[];
  readonly invoices?: readonly InvoiceRow[];
  /** Ids of invoices that there are no longer. */
  readonly gone?: readonly string[];
}

interface FoundOf {
  readonly customerId: string;
  readonly found: Found;
}

/** How often something is fetched again because another fetch was faster; each of them has written something newer. */
const MAX_FETCHES = 4;
const NOTHING: SyncReport = { organizationId: null, results: [] };

/**
 * Fetches a subscription, with its customer, its schedule and what is overdue of it.
 *
 * @throws {Stripe.errors.StripeError} What Stripe says, `resource_missing` among it.
 * @throws {AppError} When the database is away.
 */
export function syncSubscription(context: SyncContext, id: string): Promise<SyncReport> {
  return putFresh(context, async () => {
    const subscription = await context.stripe.subscriptions.retrieve(id, { expand: ["customer", "schedule"] });
    const row = toSubscriptionRow(subscription);
    const { customer } = subscription;
    const isOverdue = row.status === "past_due" || row.status === "unpaid";
    return {
      customerId: row.customer_id,
      found: {
        ...(typeof customer === "string" ? {} : { customer: toCustomerRow(customer) }),
        subscriptions: [row],
        invoices: isOverdue ? await findOverdue(context, id) : [],
      },
    };
  });
}

/**
 * Fetches an invoice with its payments, refunds and disputes.
 *
 * @param customerId Whose it is, for one that may have been deleted.
 * @throws {Stripe.errors.StripeError} What Stripe says; `resource_missing` only without `customerId`.
 */
export function syncInvoice(context: SyncContext, id: string, customerId: string | null = null): Promise<SyncReport> {
  return putFresh(context, async () => {
    let invoice: Stripe.Invoice;
    try {
      invoice = await context.stripe.invoices.retrieve(id, { expand: ["payments"] });
    } catch (error) {
      if (customerId === null || !isMissing(error)) throw error;
      return { customerId, found: { gone: [id] } };
    }
    const row = await toFullRow(context, invoice);
    return { customerId: row.customer_id, found: { invoices: [row] } };
  });
}

/**
 * Fetches a customer.
 *
 * @throws {Stripe.errors.StripeError} What Stripe says.
 */
export function syncCustomer(context: SyncContext, id: string): Promise<SyncReport> {
  return putFresh(context, async () => ({
    customerId: id,
    found: { customer: toCustomerRow(await context.stripe.customers.retrieve(id)) },
  }));
}

/**
 * Fetches the invoices that a charge paid, or was to pay: its refunds and disputes show there.
 *
 * @throws {Stripe.errors.StripeError} What Stripe says.
 */
export async function syncCharge(context: SyncContext, id: string): Promise<SyncReport> {
  const charge = await context.stripe.charges.retrieve(id);
  const intent = idOf(charge.payment_intent);
  if (intent === null) return NOTHING;
  const { data } = await context.stripe.invoicePayments.list({
    payment: { type: "payment_intent", payment_intent: intent },
    limit: 100,
  });
  const invoices = new Set(data.map(({ invoice }) => idOf(invoice)).filter((invoice) => invoice !== null));
  let report = NOTHING;
  for (const invoice of invoices) {
    const { organizationId, results } = await syncInvoice(context, invoice, idOf(charge.customer));
    report = { organizationId: organizationId ?? report.organizationId, results: [...report.results, ...results] };
  }
  return report;
}

/**
 * Fetches the invoice whose payment is disputed.
 *
 * @throws {Stripe.errors.StripeError} What Stripe says.
 */
export async function syncDispute(context: SyncContext, id: string): Promise<SyncReport> {
  const { charge } = await context.stripe.disputes.retrieve(id);
  return await syncCharge(context, idOf(charge) ?? "");
}

/** The plans that are sold; the free one has no price. */
const SOLD_PLANS = ["pro", "team", "enterprise"] as const;
/** Stripe takes so many lookup keys at once. */
const KEYS_AT_ONCE = 10;

/** The lookup keys of all prices that mean something to us. */
export function priceLookupKeys(meters: readonly string[] = ["runs", "steps", "ai_tokens", "compute_ms"]): string[] {
  return [
    ...SOLD_PLANS.flatMap((plan) =>
      ["month", "year"].flatMap((interval) => [`millrace_${plan}_${interval}`, `millrace_${plan}_seat_${interval}`])
    ),
    ...meters.map((meter) => `millrace_${meter}`),
  ];
}

/**
 * Fetches the prices of plans, seats and meters.
 *
 * @returns How many were written.
 * @throws {Stripe.errors.StripeError} What Stripe says.
 */
export async function syncPrices(context: SyncContext): Promise<number> {
  const ticket = await takeTicket(context);
  const keys = priceLookupKeys();
  const prices: Stripe.Price[] = [];
  for (let start = 0; start < keys.length; start += KEYS_AT_ONCE) {
    const lookup_keys = keys.slice(start, start + KEYS_AT_ONCE);
    prices.push(...(await context.stripe.prices.list({ lookup_keys, limit: 100 })).data);
  }
  const p_prices = prices.map(({ id, lookup_key, active, currency, unit_amount }) => ({
    id,
    lookup_key,
    active,
    currency,
    unit_amount,
  }));
  const { written } = await call<{ written: number }>(context, "put_plan_prices", { p_prices, p_ticket: ticket });
  return written;
}

/** A number to take before something is fetched. */
export function takeTicket(context: SyncContext): Promise<number> {
  return call<number>(context, "billing_ticket", {});
}

interface PutReply {
  readonly organization_id: string | null;
  readonly stale?: boolean;
  readonly results?: readonly SyncResult[];
}

/** Writes what was fetched of a customer with a ticket that was taken before. */
export async function putFound(
  context: SyncContext,
  { customerId, found }: FoundOf,
  p_ticket: number,
): Promise<SyncReport & { readonly isStale: boolean }> {
  const p_found = { ...found, grace_days: context.env.billingGraceDays };
  const reply = await call<PutReply>(context, "put_billing", { p_stripe_customer_id: customerId, p_ticket, p_found });
  const results = reply.results ?? [];
  for (const { id, unknown_price } of results) {
    // An operator has to give the price its lookup key: until then who pays gets nothing for it.
    if (unknown_price) context.log.error("billing.unknown_price", { subscription: id, customer: customerId });
  }
  return { organizationId: reply.organization_id, results, isStale: reply.stale ?? false };
}

async function putFresh(context: SyncContext, fetch: () => Promise<FoundOf>): Promise<SyncReport> {
  for (let fetches = 1;; fetches++) {
    const ticket = await takeTicket(context);
    const { isStale, ...report } = await putFound(context, await fetch(), ticket);
    if (!isStale || fetches === MAX_FETCHES) return report;
  }
}

async function findOverdue(context: SyncContext, subscription: string): Promise<InvoiceRow[]> {
  const { data } = await context.stripe.invoices.list({
    subscription,
    status: "open",
    limit: 100,
    expand: ["data.payments"],
  });
  return await Promise.all(data.map((invoice) => toFullRow(context, invoice)));
}

async function toFullRow(context: SyncContext, invoice: Stripe.Invoice): Promise<InvoiceRow> {
  const row = { ...toInvoiceRow(invoice), payment: await findPayment(context, invoice) };
  if (!invoice.lines.has_more) return row;
  const { data } = await context.stripe.invoices.listLineItems(invoice.id, { limit: MAX_LINES });
  return { ...row, lines: data.map(toLineRow) };
}

async function findPayment({ stripe }: SyncContext, { payments }: Stripe.Invoice): Promise<PaymentRow> {
  const charges: Stripe.Charge[] = [];
  for (const { payment } of payments?.data ?? []) {
    const intent = idOf(payment.payment_intent);
    const charge = idOf(payment.charge);
    if (intent !== null) charges.push(...(await stripe.charges.list({ payment_intent: intent, limit: 100 })).data);
    else if (charge !== null) charges.push(await stripe.charges.retrieve(charge));
  }
  const disputed = charges.find(({ disputed }) => disputed);
  const disputes = disputed === undefined ? [] : (await stripe.disputes.list({ charge: disputed.id, limit: 10 })).data;
  return toPaymentRow(charges, disputes.toSorted((a, b) => b.created - a.created)[0] ?? null);
}

function call<T>({ env, signal }: SyncContext, name: string, args: Record<string, unknown>): Promise<T> {
  return rpc<T>(adminClient(env), name, args, { schema: "engine", ...(signal === undefined ? {} : { signal }) });
}
