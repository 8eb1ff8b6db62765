/**
 * Compares Stripe with our tables and repairs what differs: events that never came, subscriptions, invoices, prices.
 *
 * What Stripe lists is written just as what an event brings, by the same function, which says what was otherwise. So there
 * is no second opinion of what a row means: a difference is whatever the write changed.
 *
 * Many customers take longer than a job may: it goes page by page and notes how far it has come, and the next job, or the
 * next attempt, goes on from there.
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
  /** False = the time was up: call it again, and it goes on. */
  readonly is_whole: boolean;
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

/** How a comparison is made. */
export interface ReconcileOptions {
  /** The present, by Stripe's clock. */
  readonly now?: Date;
  /** Milliseconds after which it notes how far it has come; a page is always worked off. */
  readonly timeMs?: number;
  /** Things that are fetched at once; at most 100. */
  readonly pageSize?: number;
  /** Goes on with one that somebody was at a moment ago: the one who calls this is the next. */
  readonly goesOn?: boolean;
}

/** What is gone through, in this order. */
const STAGES = ["open_invoices", "recent_invoices", "subscriptions", "events"] as const;
type Stage = typeof STAGES[number];

/** How far a comparison has come. */
interface Progress {
  /** When it began, ISO 8601, by Stripe's clock. */
  readonly began_at: string;
  /** What was fetched since then has this ticket or a later one. */
  readonly ticket: number;
  /** Null = all are gone through. */
  stage: Stage | null;
  /** The last thing of the page that was worked off; null = none. */
  after: string | null;
  readonly found: Mutable<Omit<ReconcileReport, "is_whole" | "doubled">>;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer Item)[] ? Item[] : T[K] };

interface ReconcileState {
  readonly events_since: string | null;
  /** The comparison that has not come to its end. */
  readonly progress: Progress | null;
  /** Somebody has noted that a moment ago. */
  readonly is_under_way: boolean;
  /** Ids of subscriptions that have not ended, as we have them, and that were not fetched since a ticket. */
  readonly live: readonly string[];
  /** Ids of invoices that are drafts or open, and were not fetched since then. */
  readonly open: readonly string[];
  /** Organizations with two subscriptions that have not ended. */
  readonly doubled: readonly string[];
  /** Subscriptions of organizations that are to be deleted: at the end of the period, or at once. */
  readonly leaving: readonly { readonly id: string; readonly at_once: boolean }[];
}

const MAX_LISTED = 50;
/** Customers whose rows are written at once. */
const AT_ONCE = 4;
const DAY_SECONDS = 86_400;
/** Stripe lists events of 30 days; of longer ago the comparison itself tells. */
const FIRST_EVENTS_SECONDS = 3 * DAY_SECONDS;
/** Clocks differ, and an event shows in the list a moment after it happened. */
const OVERLAP_SECONDS = 3_600;
/** Invoices that are settled are looked at for so long. */
const INVOICE_SECONDS = 35 * DAY_SECONDS;
/** A comparison that did not end within a day is begun anew. */
const STALE_MS = DAY_SECONDS * 1_000;

/**
 * Compares and repairs, or goes on with that.
 *
 * @returns What was found since the comparison began; null = somebody else is at it.
 * @throws {Stripe.errors.StripeError} When Stripe does not answer: what was repaired stays, the next one goes on.
 */
export async function reconcileBilling(
  context: SyncContext,
  { now = new Date(), timeMs = 60_000, pageSize = 100, goesOn = false }: ReconcileOptions = {},
): Promise<ReconcileReport | null> {
  const endsAt = performance.now() + timeMs;
  const state = await readState(context, 0);
  if (state.is_under_way && !goesOn) return null;
  const { progress: before } = state;
  const isFresh = before !== null && now.getTime() - Date.parse(before.began_at) < STALE_MS;
  const progress = isFresh ? before : await begin(context, state, now);
  const comparison = new Comparison(context, progress, state.events_since, pageSize);
  while (progress.stage !== null) {
    context.signal?.throwIfAborted();
    await comparison.workOffPage(progress.stage);
    await call(context, "keep_billing_reconcile", { p_progress: progress });
    if (progress.stage !== null && performance.now() >= endsAt) {
      return { is_whole: false, ...progress.found, doubled: [] };
    }
  }
  const { doubled } = await readState(context, 0);
  await call(context, "end_billing_reconcile", { p_began_at: progress.began_at });
  const report = { is_whole: true, ...progress.found, doubled };
  const { missed_events, differed } = report;
  if (differed > 0 || missed_events > 0) context.log.warn("billing.reconciled", { missed_events, differed });
  return report;
}

async function begin(context: SyncContext, { leaving }: ReconcileState, now: Date): Promise<Progress> {
  const prices = await syncPrices(context);
  const ended = await endLeaving(context, leaving);
  return {
    began_at: now.toISOString(),
    ticket: await takeTicket(context),
    stage: STAGES[0],
    after: null,
    found: {
      prices,
      missed_events: 0,
      subscriptions: 0,
      invoices: 0,
      differed: 0,
      differences: [],
      strangers: [],
      unknown_prices: [],
      ended,
    },
  };
}

/** A part of a list of Stripe's. */
interface Page {
  readonly limit: number;
  readonly starting_after?: string;
}

/** Goes through what Stripe lists, a page at a time. */
class Comparison {
  readonly #context: SyncContext;
  readonly #progress: Progress;
  readonly #began: number;
  readonly #eventsSince: number;
  readonly #pageSize: number;

  constructor(context: SyncContext, progress: Progress, eventsSince: string | null, pageSize: number) {
    this.#context = context;
    this.#progress = progress;
    this.#began = seconds(progress.began_at);
    const since = eventsSince === null ? this.#began - FIRST_EVENTS_SECONDS : seconds(eventsSince) - OVERLAP_SECONDS;
    this.#eventsSince = Math.max(since, this.#began - 29 * DAY_SECONDS);
    this.#pageSize = pageSize;
  }

  /** Works off the next page of a stage; after its last one what was not listed, and then the next stage's turn comes. */
  async workOffPage(stage: Stage): Promise<void> {
    const progress = this.#progress;
    const page = { limit: this.#pageSize, ...(progress.after !== null && { starting_after: progress.after }) };
    const worked = await this.#work(stage, page).catch((error: unknown) => {
      if (progress.after === null || !isMissing(error)) throw error;
      return null;
    });
    if (worked === null) {
      // What the page before ended with is listed no more: an open invoice was paid, a draft deleted. The stage begins anew,
      // and counts what it has seen twice.
      progress.after = null;
      return;
    }
    const { last, hasMore } = worked;
    progress.after = last;
    if (hasMore && last !== null) return;
    await this.#lookAtUnlisted(stage);
    progress.stage = STAGES[STAGES.indexOf(stage) + 1] ?? null;
    progress.after = null;
  }

  async #work(stage: Stage, page: Page): Promise<{ last: string | null; hasMore: boolean }> {
    const { stripe } = this.#context;
    switch (stage) {
      case "open_invoices":
        return await this.#fetch(
          () => stripe.invoices.list({ status: "open", ...page }),
          (ticket, rows) => this.#compareInvoices(ticket, rows),
        );
      case "recent_invoices":
        return await this.#fetch(
          () => stripe.invoices.list({ created: { gte: this.#began - INVOICE_SECONDS }, ...page }),
          // The open ones have had their turn.
          (ticket, rows) => this.#compareInvoices(ticket, rows.filter(({ status }) => status !== "open")),
        );
      case "subscriptions":
        return await this.#fetch(
          () => stripe.subscriptions.list({ ...page, expand: ["data.customer", "data.schedule"] }),
          (ticket, rows) => this.#compareSubscriptions(ticket, rows),
        );
      case "events":
        // Last: what an event that never came would have told is there already, so that nobody is told of it late.
        return await this.#fetch(
          () => stripe.events.list({ created: { gte: this.#eventsSince }, ...page }),
          (_ticket, rows) => this.#recoverEvents(rows),
        );
    }
  }

  /** The ticket is taken before the page is fetched. */
  async #fetch<T extends { readonly id: string }>(
    list: () => Promise<{ data: T[]; has_more: boolean }>,
    work: (ticket: number, rows: T[]) => Promise<void>,
  ): Promise<{ last: string | null; hasMore: boolean }> {
    const ticket = await takeTicket(this.#context);
    const { data, has_more } = await list();
    await work(ticket, data);
    return { last: data.at(-1)?.id ?? null, hasMore: has_more };
  }

  async #compareInvoices(ticket: number, rows: readonly Stripe.Invoice[]): Promise<void> {
    this.#progress.found.invoices += rows.length;
    await eachCustomer(rows, async (customerId, invoices) => {
      const found = { invoices: invoices.map(toInvoiceRow) };
      const report = await putFound(this.#context, { customerId, found }, ticket);
      this.#note(report);
      // Lists say nothing of refunds and disputes: what changed is looked at whole.
      for (const { id } of report.results.filter(differs)) {
        this.#note(await syncInvoice(this.#context, id, customerId));
      }
    });
  }

  async #compareSubscriptions(ticket: number, rows: readonly Stripe.Subscription[]): Promise<void> {
    const { strangers } = this.#progress.found;
    this.#progress.found.subscriptions += rows.length;
    await eachCustomer(rows, async (customerId, subscriptions) => {
      const customer = subscriptions[0]?.customer;
      const found: Found = {
        ...(customer === undefined || typeof customer === "string" ? {} : { customer: toCustomerRow(customer) }),
        subscriptions: subscriptions.map(toSubscriptionRow),
      };
      const report = await putFound(this.#context, { customerId, found }, ticket);
      this.#note(report);
      if (report.organizationId !== null) return;
      for (const { id } of subscriptions) addListed(strangers, id);
    });
  }

  /** Keeps the events that Stripe lists and that never came, so that jobs work them off. */
  async #recoverEvents(rows: readonly Stripe.Event[]): Promise<void> {
    const isLive = isLiveKey(this.#context.env.stripeSecretKey ?? "");
    const facts = rows.map((row) => readStripeEvent(row, isLive)).filter((fact): fact is StripeEventFacts =>
      fact !== null && fact.ignored === null
    );
    if (facts.length === 0) return;
    const p_events = facts.map((fact) => ({ ...fact, recovered: true }));
    const { new: ids } = await call<{ new: string[] }>(this.#context, "receive_stripe_events", { p_events });
    this.#progress.found.missed_events += ids.length;
  }

  /** What has not ended here and was not listed: it has ended there, or was deleted. */
  async #lookAtUnlisted(stage: Stage): Promise<void> {
    if (stage !== "recent_invoices" && stage !== "subscriptions") return;
    const { open, live } = await readState(this.#context, this.#progress.ticket);
    const sync = stage === "subscriptions" ? syncSubscription : syncInvoice;
    for (const id of stage === "subscriptions" ? live : open) {
      this.#context.signal?.throwIfAborted();
      await ifThere(async () => this.#note(await sync(this.#context, id)));
    }
  }

  #note({ organizationId, results }: SyncReport): void {
    const { found } = this.#progress;
    for (const { kind, id, is_new, changed, unknown_price } of results) {
      if (unknown_price) addListed(found.unknown_prices, id);
      if (kind === undefined || (!is_new && changed === undefined)) continue;
      const at = found.differences.findIndex((one) => one.id === id);
      const columns = is_new ? null : { ...found.differences[at]?.columns, ...changed };
      const difference = { kind, id, organization_id: organizationId, columns };
      if (at >= 0) found.differences[at] = difference;
      else if (++found.differed <= MAX_LISTED) found.differences.push(difference);
    }
  }
}

function addListed(list: string[], id: string): void {
  if (list.length < MAX_LISTED && !list.includes(id)) list.push(id);
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

/** Does something with the rows of each customer, a few customers at once. */
async function eachCustomer<T extends { readonly customer: string | { readonly id: string } | null }>(
  rows: readonly T[],
  work: (customerId: string, rows: readonly T[]) => Promise<void>,
): Promise<void> {
  const groups = Map.groupBy(rows, ({ customer }) => idOf(customer) ?? "");
  groups.delete("");
  const customers = [...groups];
  for (let from = 0; from < customers.length; from += AT_ONCE) {
    await Promise.all(customers.slice(from, from + AT_ONCE).map(([customerId, own]) => work(customerId, own)));
  }
}

function readState(context: SyncContext, ticket: number): Promise<ReconcileState> {
  return call<ReconcileState>(context, "billing_reconcile_state", { p_ticket: ticket });
}

function call<T>({ env, signal }: SyncContext, name: string, args: Readonly<Record<string, unknown>>): Promise<T> {
  return rpc<T>(adminClient(env), name, args, { schema: "engine", ...(signal !== undefined && { signal }) });
}

function seconds(time: string): number {
  return Math.floor(Date.parse(time) / 1_000);
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
