/**
 * The account behind Stripe's stand-in: everything in it, its clock and its events.
 *
 * @module
 */
import type { Stripe } from "stripe";
import { integer, invalid, missing, type Params, text, texts } from "./form.ts";

/** The version of the API that the stand-in speaks: the one our client pins. */
export const STANDIN_API_VERSION = "2026-10-28.endive";

/** What a payment of a customer comes to. */
export type PaymentMood = "succeeds" | "fails" | "needs_action";

/** What Stripe's settings say becomes of a subscription whose last attempt has failed. */
export type AfterRetries = "cancel" | "unpaid" | "past_due";

/** Anything with an id that Stripe keeps. */
export interface Kept {
  readonly id: string;
  readonly object: string;
}

/** A charge of a plan change that waits for the next invoice. */
export interface PendingItem {
  readonly subscription: string;
  readonly line: Stripe.InvoiceLineItem;
}

/** The account. */
export class StripeWorld {
  #ahead = 0;
  #standing: number | null;
  #ids = 0;
  readonly #kept = new Map<string, Kept>();
  readonly #births = new Map<string, number>();
  /** Every event, oldest first. */
  readonly events: Stripe.Event[] = [];
  /** Called with each event as it comes to be. */
  readonly listeners = new Set<(event: Stripe.Event) => void>();
  readonly payments = new Map<string, PaymentMood>();
  readonly pendingItems: PendingItem[] = [];
  /** Checkout session → what it will make. */
  readonly plannedItems = new Map<string, readonly { readonly price: string; readonly quantity?: number }[]>();
  readonly plannedTrials = new Map<
    string,
    { readonly days: number | null; readonly metadata: Record<string, string> }
  >();
  /** Invoice → what its payment, or its end without one, does to the change that waits for it. */
  readonly pendingUpdates = new Map<string, { readonly apply: () => void; readonly expire: () => void }>();
  readonly meterEvents: Stripe.Billing.MeterEvent[] = [];
  /** Subscriptions whose trial's end was announced. */
  readonly warned = new Set<string>();
  afterRetries: AfterRetries = "cancel";
  /** The request that is being worked on: events name it. */
  request: { id: string; idempotency_key: string | null } | null = null;

  /** @param standing Where the clock stands still until it is moved; null = it runs with the machine's. */
  constructor(standing: number | null) {
    this.#standing = standing;
  }

  /** Unix time in seconds. */
  get now(): number {
    return this.#standing ?? Math.floor(Date.now() / 1000) + this.#ahead;
  }

  /** Moves the clock so that it shows `seconds` (Unix time). */
  setClock(seconds: number): void {
    if (this.#standing === null) this.#ahead = seconds - Math.floor(Date.now() / 1000);
    else this.#standing = seconds;
  }

  /** An id like Stripe's: `sub_1St00000000000001`. */
  id(prefix: string): string {
    return `${prefix}_1St${String(++this.#ids).padStart(14, "0")}`;
  }

  /** Keeps a thing. */
  keep<T extends Kept>(thing: T): T {
    if (!this.#births.has(thing.id)) this.#births.set(thing.id, this.#births.size);
    this.#kept.set(thing.id, thing);
    return thing;
  }

  /** Forgets a thing. */
  forget(id: string): void {
    this.#kept.delete(id);
  }

  /** The thing with this id; undefined = there is none. */
  find(id: string): Kept | undefined {
    return this.#kept.get(id);
  }

  /** The thing of this kind. Throws Stripe's 404. */
  get<K extends keyof KeptKinds>(kind: K, id: string, param = "id"): KeptKinds[K] {
    const found = this.#kept.get(id);
    if (found?.object !== kind) throw missing(kind.replaceAll(/[._]/g, " "), id, param);
    return found as KeptKinds[K];
  }

  /** All things of a kind, newest first. */
  all<K extends keyof KeptKinds>(kind: K): KeptKinds[K][] {
    return [...this.#kept.values()].filter((thing) => thing.object === kind)
      .sort((a, b) => (this.#births.get(b.id) ?? 0) - (this.#births.get(a.id) ?? 0)) as KeptKinds[K][];
  }

  /** Notes an event, with the thing as it is now. */
  emit(type: Stripe.Event["type"], thing: object, previous?: Record<string, unknown>): Stripe.Event {
    const event = {
      id: this.id("evt"),
      object: "event",
      api_version: STANDIN_API_VERSION,
      created: this.now,
      data: {
        object: structuredClone(thing),
        ...(previous === undefined ? {} : { previous_attributes: structuredClone(previous) }),
      },
      livemode: false,
      pending_webhooks: 1,
      request: this.request ?? { id: null, idempotency_key: null },
      type,
    } as unknown as Stripe.Event;
    this.events.push(event);
    for (const listen of this.listeners) listen(event);
    return event;
  }

  /** A page of things as a list route answers: newest first, `limit`, `starting_after`, `ending_before`, `created`. */
  page<T extends { readonly id: string; readonly created?: number }>(params: Params, url: string, all: readonly T[]) {
    const limit = integer(params, "limit") ?? 10;
    if (limit < 1 || limit > 100) throw invalid("Limit must be between 1 and 100", "limit");
    let rows = all.filter((row) => isWithin(row.created ?? 0, params.created));
    const after = text(params, "starting_after");
    const before = text(params, "ending_before");
    if (after !== undefined) rows = rows.slice(this.#indexOf(rows, after, "starting_after") + 1);
    if (before !== undefined) {
      const end = this.#indexOf(rows, before, "ending_before");
      return { object: "list", data: rows.slice(Math.max(0, end - limit), end), has_more: end > limit, url };
    }
    return { object: "list", data: rows.slice(0, limit), has_more: rows.length > limit, url };
  }

  #indexOf(rows: readonly { readonly id: string }[], id: string, param: string): number {
    const index = rows.findIndex((row) => row.id === id);
    if (index < 0) throw missing("object", id, param);
    return index;
  }

  /** A copy with what `expand` names put in. */
  expand(thing: unknown, params: Params): unknown {
    const copy = structuredClone(thing);
    for (const path of texts(params, "expand")) this.#expandAt(copy, path.split("."), path);
    return copy;
  }

  #expandAt(node: unknown, [name = "", ...rest]: string[], path: string): void {
    if (Array.isArray(node)) {
      for (const item of node) this.#expandAt(item, [name, ...rest], path);
      return;
    }
    if (typeof node !== "object" || node === null) return;
    const fields = node as Record<string, unknown>;
    // What there is not stays null, expanded or not.
    if (fields[name] === null) return;
    const value = fields[name] ?? this.#includable(fields, name);
    if (value === undefined) throw invalid(`This property cannot be expanded (${path}).`, "expand");
    if (typeof value === "string") {
      const found = this.#kept.get(value);
      if (found !== undefined) fields[name] = structuredClone(found);
    } else fields[name] = value;
    if (rest.length > 0) this.#expandAt(fields[name], rest, path);
  }

  /** Fields that are only there when one asks for them. */
  #includable({ object, id }: Record<string, unknown>, name: string): unknown {
    const list = (data: Kept[]) => ({ object: "list", data: structuredClone(data), has_more: false, url: "" });
    if (object === "invoice" && name === "payments") {
      return list(this.all("invoice_payment").filter(({ invoice }) => invoice === id));
    }
    if (object === "customer" && name === "tax_ids") {
      return list(this.all("tax_id").filter(({ customer }) => customer === id));
    }
    if (object === "customer" && name === "subscriptions") {
      return list(this.all("subscription").filter((one) => one.customer === id && one.status !== "canceled"));
    }
    if (object === "charge" && name === "refunds") {
      return list(this.all("refund").filter(({ charge }) => charge === id));
    }
    return undefined;
  }
}

/** What is kept, by the name of its kind. */
export interface KeptKinds {
  "customer": Stripe.Customer;
  "tax_id": Stripe.TaxId;
  "product": Stripe.Product;
  "price": Stripe.Price;
  "checkout.session": Stripe.Checkout.Session;
  "billing_portal.session": Stripe.BillingPortal.Session;
  "subscription": Stripe.Subscription;
  "subscription_item": Stripe.SubscriptionItem;
  "subscription_schedule": Stripe.SubscriptionSchedule;
  "invoice": Stripe.Invoice;
  "invoice_payment": Stripe.InvoicePayment;
  "payment_intent": Stripe.PaymentIntent;
  "charge": Stripe.Charge;
  "refund": Stripe.Refund;
  "dispute": Stripe.Dispute;
  "billing.meter": Stripe.Billing.Meter;
}

function isWithin(created: number, range: Params[string] | undefined): boolean {
  if (range === undefined) return true;
  if (typeof range === "string") return created === Number(range);
  if (Array.isArray(range)) throw invalid("Invalid range", "created");
  const bound = (name: string) => integer(range, name);
  const { gt = -Infinity, gte = -Infinity, lt = Infinity, lte = Infinity } = {
    gt: bound("gt"),
    gte: bound("gte"),
    lt: bound("lt"),
    lte: bound("lte"),
  };
  return created > gt && created >= gte && created < lt && created <= lte;
}

/** The id of what is an id or, when expanded, a thing. */
export function idOf(value: string | { readonly id: string } | null | undefined): string {
  return typeof value === "string" ? value : value?.id ?? "";
}
