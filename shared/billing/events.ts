/**
 * What Stripe's events are about. Of an event only its id, its type and the ids in it are used: what is true is fetched.
 *
 * @module
 */
import { z } from "zod";

/** What is fetched because of an event. */
export type SyncKind = "customer" | "subscription" | "invoice" | "charge" | "dispute" | "prices";

/** An event as it is kept. */
export interface StripeEventFacts {
  readonly id: string;
  readonly type: string;
  /** When it happened, ISO 8601. */
  readonly created_at: string;
  /** What is to be fetched; null = nothing. */
  readonly kind: SyncKind | null;
  /** Its id at Stripe. */
  readonly object_id: string | null;
  /** The customer, where the event names it. */
  readonly customer_id: string | null;
  /** Events with the same key are worked off one after the other. */
  readonly queue_key: string;
  /** Why there is nothing to do; null = there is. */
  readonly ignored: string | null;
}

const id = z.string().min(1).max(255);
/** An id, or the thing itself where it was expanded. */
const reference = z.union([id, z.looseObject({ id }).transform((thing) => thing.id)]).nullish();

const eventSchema = z.object({
  id: id.startsWith("evt_"),
  object: z.literal("event"),
  type: z.string().min(1).max(255),
  created: z.int().min(0).max(253_402_300_799),
  livemode: z.boolean(),
  account: z.string().nullish(),
  data: z.object({
    object: z.looseObject({
      id: id.nullish(),
      customer: reference,
      subscription: reference,
      released_subscription: reference,
      invoice: reference,
      charge: reference,
    }),
    previous_attributes: z.looseObject({ customer: reference }).nullish(),
  }),
});

type StripeObject = z.output<typeof eventSchema>["data"]["object"];

interface Target {
  readonly kind: SyncKind;
  readonly id: string | null | undefined;
  readonly customer?: string | null | undefined;
}

/** Type, or all that begins so (`*`) → what is to be fetched; the first that fits counts. */
const TARGETS: readonly (readonly [pattern: string, target: (object: StripeObject) => Target | null])[] = [
  ["customer.subscription.*", (object) => ({ kind: "subscription", id: object.id, customer: object.customer })],
  ["customer.created", ofCustomerItself],
  ["customer.updated", ofCustomerItself],
  ["customer.deleted", ofCustomerItself],
  ["customer.*", ofCustomer],
  ["payment_method.attached", ofCustomer],
  ["payment_method.detached", ofCustomer],
  ["subscription_schedule.*", (object) => ({
    kind: "subscription",
    id: object.subscription ?? object.released_subscription,
    customer: object.customer,
  })],
  // Of an invoice that there is not yet.
  ["invoice.upcoming", () => null],
  ["invoice.*", (object) => ({ kind: "invoice", id: object.id, customer: object.customer })],
  ["invoice_payment.*", (object) => ({ kind: "invoice", id: object.invoice })],
  ["charge.dispute.*", (object) => ({ kind: "dispute", id: object.id })],
  ["charge.refund.updated", (object) => ({ kind: "charge", id: object.charge })],
  ["charge.refunded", (object) => ({ kind: "charge", id: object.id, customer: object.customer })],
  ["charge.failed", (object) => ({ kind: "charge", id: object.id, customer: object.customer })],
  ["refund.*", (object) => ({ kind: "charge", id: object.charge })],
  [
    "checkout.session.*",
    (object) =>
      object.subscription ? { kind: "subscription", id: object.subscription, customer: object.customer } : null,
  ],
  ["price.*", (object) => ({ kind: "prices", id: object.id })],
];

function ofCustomerItself(object: StripeObject): Target {
  return { kind: "customer", id: object.id, customer: object.id };
}

function ofCustomer(object: StripeObject): Target {
  return { kind: "customer", id: object.customer, customer: object.customer };
}

/**
 * Reads an event.
 *
 * @param body The event, parsed.
 * @param isLive Whether our key is one of live mode: events of the other mode are kept and ignored.
 * @returns Null when it is none.
 */
export function readStripeEvent(body: unknown, isLive: boolean): StripeEventFacts | null {
  const parsed = eventSchema.safeParse(body);
  if (!parsed.success) return null;
  const { id, type, created, livemode, account, data } = parsed.data;
  const target = TARGETS.find(([pattern]) => matches(pattern, type))?.[1](data.object) ?? null;
  const before = data.previous_attributes?.customer;
  const customer = target?.customer ?? (target?.kind === "customer" ? before : null) ?? null;
  const objectId = target?.id ?? (target?.kind === "customer" ? before : null) ?? null;
  const ignored = livemode !== isLive
    ? `It is of ${livemode ? "live" : "test"} mode, and our key is not`
    : account
    ? "It is of a connected account"
    : target === null || objectId === null
    ? "Nothing of ours depends on it"
    : null;
  return {
    id,
    type,
    created_at: new Date(created * 1000).toISOString(),
    kind: target?.kind ?? null,
    object_id: objectId,
    customer_id: customer,
    queue_key: customer ?? (target?.kind === "prices" ? "prices" : objectId) ?? id,
    ignored,
  };
}

function matches(pattern: string, type: string): boolean {
  return pattern.endsWith("*") ? type.startsWith(pattern.slice(0, -1)) : type === pattern;
}

/** Whether a secret key of Stripe is one of live mode (`sk_live_…`, `rk_live_…`). */
export function isLiveKey(secretKey: string): boolean {
  return /^[a-z]+_live_/.test(secretKey);
}
