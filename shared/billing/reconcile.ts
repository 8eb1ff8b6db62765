/**
 * Compares Stripe with our tables and repairs what differs: events that never came, subscriptions, invoices, prices.
 *
 * What Stripe lists is written just as what an event brings, by the same function, which says what was otherwise. So there
 * is no second opinion of what a row means: a difference is whatever the write changed.
 *
 * @module
 */
import type { Stripe } from "stripe";
import { adminClient, rpc } from "../db/mod.ts";
import { isMissing } from "./client.ts";
import { isLiveKey, readStripeEvent, type StripeEventFacts } from "./events.ts";
import {
  type Found,
  putFound,
  type SyncContext,
  syncInvoice,
  syncPrices,
  type SyncReport,
  type SyncResult,
  syncSubscription,
  takeTicket,
} from "./sync.ts";
import { idOf, toCustomerRow, toInvoiceRow, toSubscriptionRow } from "./sync_rows.ts";

/** Something that was otherwise at Stripe. */
export interface Difference {
  readonly kind: "subscription" | "invoice" | "customer";
  readonly id: string;
  readonly organization_id: string | null;
  /** Column → ours and Stripe's; null = we had none. */
  readonly columns: Readonly<Record<string, readonly [unknown, unknown]>> | null;
}

/** What a comparison found. */
export interface ReconcileReport {
  readonly prices: number;
  /** Events that never came and were fetched. */
  readonly missed_events: number;
  readonly subscriptions: number;
  readonly invoices: number;
  /** How many things were otherwise; all are as at Stripe now. */
  readonly differed: number;
  /** The first 50 of them. */
  readonly differences: readonly Difference[];
  /** Subscriptions of customers that are no organization of ours. */
  readonly strangers: readonly string[];
  /** Subscriptions with a price that gives no plan: it needs its lookup key. */
  readonly unknown_prices: readonly string[];
  /** Organizations that pay for two subscriptions: one has to be cancelled, and refunded, by hand. */
  readonly doubled: readonly string[];
  /** Subscriptions that were ended because their organization is to be deleted. */
  readonly ended: readonly string[];
}

interface ReconcileState {
  readonly events_since: string | null;
  /** Ids of subscriptions that have not ended, as we have them. */
  readonly live: readonly string[];
  /** Ids of invoices that are drafts or open. */
  readonly open: readonly string[];
  /** Subscriptions of organizations that are to be deleted: at the end of the period, or at once. */
  readonly leaving: readonly { readonly id: string; readonly at_once: boolean }[];
}

const MAX_LISTED = 50;
const DAY_SECONDS = 86_400;
/** Stripe lists events of 30 days; of longer ago the comparison itself tells. */
const FIRST_EVENTS_SECONDS = 3 * DAY_SECONDS;
/** Clocks differ, and an event shows in the list a moment after it happened. */
const OVERLAP_SECONDS = 3_600;
/** Invoices that are settled are looked at for so long. */
const INVOICE_SECONDS = 35 * DAY_SECONDS;

/**
 * Compares and repairs.
 *
 * @param now The present, by Stripe's clock.
 * @throws {Stripe.errors.StripeError} When Stripe does not answer: what was repaired stays, the next one begins anew.
 */
export async function reconcileBilling(context: SyncContext, now = new Date()): Promise<ReconcileReport> {
  const db = adminClient(context.env);
  const state = await rpc<ReconcileState>(db, "billing_reconcile_state", {}, { schema: "engine" });
  const seconds = Math.floor(now.getTime() / 1000);
  const prices = await syncPrices(context);
  const ended = await endLeaving(context, state.leaving);
  const findings = new Findings();
  const invoices = await compareInvoices(context, state, seconds, findings);
  const subscriptions = await compareSubscriptions(context, state, findings);
  // Last: what an event that never came would have told is there already, so that nobody is told of it late.
  const since = state.events_since === null
    ? seconds - FIRST_EVENTS_SECONDS
    : Math.floor(Date.parse(state.events_since) / 1000) - OVERLAP_SECONDS;
  const missed = await recoverEvents(context, Math.max(since, seconds - 29 * DAY_SECONDS));
  await rpc(db, "end_billing_reconcile", { p_began_at: now.toISOString() }, { schema: "engine" });
  const report = { prices, missed_events: missed, subscriptions, invoices, ended, ...findings.report() };
  if (report.differed > 0 || missed > 0) {
    context.log.warn("billing.reconciled", { missed_events: missed, differed: report.differed });
  }
  return report;
}

/** What differs, gathered. */
class Findings {
  readonly #differences = new Map<string, Difference>();
  readonly #strangers = new Set<string>();
  readonly #unknown = new Set<string>();
  readonly #livePerOrganization = new Map<string, number>();

  note({ organizationId, results }: SyncReport): void {
    for (const { kind, id, is_new, changed, unknown_price } of results) {
      if (unknown_price) this.#unknown.add(id);
      if (kind === undefined || (!is_new && changed === undefined)) continue;
      const had = this.#differences.get(id)?.columns ?? {};
      const columns = is_new ? null : { ...had, ...changed };
      this.#differences.set(id, { kind, id, organization_id: organizationId, columns });
    }
  }

  noteLive(organizationId: string | null, subscription: string): void {
    if (organizationId === null) this.#strangers.add(subscription);
    else this.#livePerOrganization.set(organizationId, (this.#livePerOrganization.get(organizationId) ?? 0) + 1);
  }

  report() {
    const differences = [...this.#differences.values()];
    return {
      differed: differences.length,
      differences: differences.slice(0, MAX_LISTED),
      strangers: [...this.#strangers].slice(0, MAX_LISTED),
      unknown_prices: [...this.#unknown].slice(0, MAX_LISTED),
      doubled: [...this.#livePerOrganization].filter(([, count]) => count > 1).map(([id]) => id).slice(0, MAX_LISTED),
    };
  }
}

/** Every invoice that is open at Stripe or was made lately, and those that are open here and were not among them. */
async function compareInvoices(
  context: SyncContext,
  state: ReconcileState,
  now: number,
  findings: Findings,
): Promise<number> {
  const seen = new Set<string>();
  const { stripe } = context;
  const lists: Stripe.InvoiceListParams[] = [{ status: "open" }, { created: { gte: now - INVOICE_SECONDS } }];
  for (const params of lists) {
    await eachPage(context, (page) => stripe.invoices.list({ ...params, ...page }), async (ticket, rows) => {
      const fresh = rows.filter(({ id }) => !seen.has(id));
      for (const { id } of fresh) seen.add(id);
      for (const [customerId, invoices] of byCustomer(fresh)) {
        const report = await putFound(context, { customerId, found: { invoices: invoices.map(toInvoiceRow) } }, ticket);
        findings.note(report);
        // Lists say nothing of refunds and disputes: what changed is looked at whole.
        for (const { id } of report.results.filter(differs)) findings.note(await syncInvoice(context, id, customerId));
      }
    });
  }
  for (const id of state.open.filter((id) => !seen.has(id))) {
    await ifThere(async () => findings.note(await syncInvoice(context, id)));
  }
  return seen.size;
}

/** Every subscription that has not ended at Stripe, and those that have not ended here and were not among them. */
async function compareSubscriptions(
  context: SyncContext,
  state: ReconcileState,
  findings: Findings,
): Promise<number> {
  const seen = new Set<string>();
  const { stripe } = context;
  const list = (page: Page) => stripe.subscriptions.list({ ...page, expand: ["data.customer", "data.schedule"] });
  await eachPage(context, list, async (ticket, rows) => {
    for (const [customerId, subscriptions] of byCustomer(rows)) {
      const customer = subscriptions[0]?.customer;
      const found: Found = {
        ...(customer === undefined || typeof customer === "string" ? {} : { customer: toCustomerRow(customer) }),
        subscriptions: subscriptions.map(toSubscriptionRow),
      };
      const report = await putFound(context, { customerId, found }, ticket);
      findings.note(report);
      for (const { id } of subscriptions) {
        seen.add(id);
        findings.noteLive(report.organizationId, id);
      }
    }
  });
  for (const id of state.live.filter((id) => !seen.has(id))) {
    await ifThere(async () => findings.note(await syncSubscription(context, id)));
  }
  return seen.size;
}

/** Nobody pays for an organization that is to be deleted: its subscription ends with the period, or before its rows go. */
async function endLeaving(context: SyncContext, leaving: ReconcileState["leaving"]): Promise<string[]> {
  const { subscriptions, subscriptionSchedules } = context.stripe;
  const ended: string[] = [];
  for (const { id, at_once } of leaving) {
    await ifThere(async () => {
      if (at_once) await subscriptions.cancel(id);
      else {
        // What is on a schedule ends only when it is taken off.
        const schedule = idOf((await subscriptions.retrieve(id)).schedule);
        if (schedule !== null) await subscriptionSchedules.release(schedule);
        await subscriptions.update(id, { cancel_at_period_end: true });
      }
      await syncSubscription(context, id);
      ended.push(id);
    });
  }
  return ended;
}

/** Keeps the events that Stripe lists and that never came, so that jobs work them off. */
async function recoverEvents(context: SyncContext, since: number): Promise<number> {
  const { env, stripe } = context;
  const isLive = isLiveKey(env.stripeSecretKey ?? "");
  let missed = 0;
  const list = (page: Page) => stripe.events.list({ ...page, created: { gte: since } });
  await eachPage(context, list, async (_ticket, rows) => {
    const facts = rows.map((row) => readStripeEvent(row, isLive)).filter((fact): fact is StripeEventFacts =>
      fact !== null && fact.ignored === null
    );
    if (facts.length === 0) return;
    const p_events = facts.map((fact) => ({ ...fact, recovered: true }));
    const { new: ids } = await rpc<{ new: string[] }>(adminClient(env), "receive_stripe_events", { p_events }, {
      schema: "engine",
    });
    missed += ids.length;
  });
  return missed;
}

interface Page {
  limit: number;
  starting_after?: string;
}

/** Goes through a list of Stripe's, a ticket for each page, taken before it is fetched. */
async function eachPage<T extends { readonly id: string }>(
  context: SyncContext,
  list: (page: Page) => Promise<{ data: T[]; has_more: boolean }>,
  work: (ticket: number, rows: T[]) => Promise<void>,
): Promise<void> {
  let page: Page | null = { limit: 100 };
  while (page !== null) {
    context.signal?.throwIfAborted();
    const ticket = await takeTicket(context);
    const { data, has_more } = await list(page);
    await work(ticket, data);
    const last = data.at(-1);
    page = has_more && last !== undefined ? { limit: 100, starting_after: last.id } : null;
  }
}

function byCustomer<T extends { readonly customer: string | { readonly id: string } | null }>(
  rows: readonly T[],
): Map<string, T[]> {
  const groups = Map.groupBy(rows, ({ customer }) => idOf(customer) ?? "");
  groups.delete("");
  return groups;
}

function differs({ is_new, changed }: SyncResult): boolean {
  return is_new === true || changed !== undefined;
}

async function ifThere(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}
