/**
 * Works off events of Stripe: fetches once whatever several of them are about.
 *
 * @module
 */
import { adminClient, rpc } from "../db/mod.ts";
import { isAppError } from "../errors/mod.ts";
import { fromStripe, isMissing } from "./client.ts";
import type { SyncKind } from "./events.ts";
import {
  syncCharge,
  type SyncContext,
  syncCustomer,
  syncDispute,
  syncInvoice,
  syncPrices,
  type SyncReport,
  syncSubscription,
} from "./sync.ts";

interface WaitingEvent {
  readonly id: string;
  readonly type: string;
  readonly kind: SyncKind;
  readonly object_id: string;
  readonly customer_id: string | null;
}

interface EventEnd {
  readonly id: string;
  readonly status: "done" | "failed" | "ignored" | "received";
  readonly error?: string;
  readonly organization_id?: string;
}

/** What became of the events with one key. */
export interface WorkedOff {
  readonly done: number;
  readonly failed: number;
  /** They wait for another attempt. */
  readonly waiting: number;
  /** Why the first of those that wait does; undefined = the time was up. */
  readonly cause: unknown;
  /** Stripe, or the database, was not to be had: more attempts cure it, and nothing else does. */
  readonly isOutage: boolean;
}

/**
 * Money first, so that what is told of a subscription knows why a payment failed; a customer last, since a subscription
 * brings its own.
 */
const ORDER: readonly SyncKind[] = ["prices", "charge", "dispute", "invoice", "subscription", "customer"];

/**
 * Milliseconds after which nothing further is begun. A job has a minute, and one call of Stripe that is not answered takes
 * half of it: what was done by then is written down, so that a Stripe that is slow delays everything and stops nothing.
 */
const WORK_MILLISECONDS = 20_000;

/**
 * Works off the events with this key that wait.
 *
 * @param workMs Milliseconds after which nothing further is begun; something always is.
 * @throws {AppError} When the database is away.
 */
export async function workOffEvents(
  context: SyncContext,
  key: string,
  workMs: number = WORK_MILLISECONDS,
): Promise<WorkedOff> {
  const until = performance.now() + workMs;
  const db = adminClient(context.env);
  const events = await rpc<WaitingEvent[]>(db, "take_stripe_events", { p_key: key }, { schema: "engine" });
  const groups = Map.groupBy(events, ({ kind, object_id }) => kind === "prices" ? kind : `${kind} ${object_id}`);
  const ordered = [...groups.values()].toSorted((a, b) => placeOf(a) - placeOf(b));
  const ends: EventEnd[] = [];
  let cause: unknown;
  for (const group of ordered) {
    const [first] = group;
    if (first === undefined) continue;
    const { end, error } = await settle(context, first);
    cause ??= error;
    ends.push(...group.map(({ id }) => ({ id, ...end })));
    // Stripe is away: the others would only wait, too. Or it is slow.
    if (end.status === "received" || performance.now() >= until) break;
  }
  // Not cut short: what was done is written down.
  if (ends.length > 0) await rpc(db, "end_stripe_events", { p_events: ends }, { schema: "engine" });
  const count = (status: EventEnd["status"]) => ends.filter((end) => end.status === status).length;
  return {
    done: count("done") + count("ignored"),
    failed: count("failed"),
    waiting: events.length - ends.length + count("received"),
    cause,
    isOutage: isOutage(cause),
  };
}

function isOutage(cause: unknown): boolean {
  const error = fromStripe(cause);
  return isAppError(error) && error.code === "service_unavailable";
}

function placeOf([first]: readonly WaitingEvent[]): number {
  return first === undefined ? 0 : ORDER.indexOf(first.kind);
}

async function settle(
  context: SyncContext,
  event: WaitingEvent,
): Promise<{ end: Omit<EventEnd, "id">; error?: unknown }> {
  try {
    const { organizationId } = await sync(context, event);
    if (organizationId === null && event.kind !== "prices") {
      return { end: { status: "ignored", error: "Its customer is no organization of ours" } };
    }
    return { end: { status: "done", ...(organizationId === null ? {} : { organization_id: organizationId }) } };
  } catch (error) {
    if (isMissing(error)) return { end: { status: "ignored", error: "It is not at Stripe any more" } };
    const message = error instanceof Error ? error.message : "It failed";
    if (isWorthAnotherAttempt(error)) return { end: { status: "received", error: message }, error };
    context.log.error("billing.event_failed", { event: event.id, type: event.type, error });
    return { end: { status: "failed", error: message } };
  }
}

function sync(context: SyncContext, { kind, object_id, customer_id }: WaitingEvent): Promise<SyncReport> {
  switch (kind) {
    case "subscription":
      return syncSubscription(context, object_id);
    case "invoice":
      return syncInvoice(context, object_id, customer_id);
    case "customer":
      return syncCustomer(context, object_id);
    case "charge":
      return syncCharge(context, object_id);
    case "dispute":
      return syncDispute(context, object_id);
    case "prices":
      return syncPrices(context).then(() => ({ organizationId: null, results: [] }));
  }
}

/**
 * Whether the same call may succeed later: all but what Stripe, or our own database, refuses for what it says. A key that
 * is wrong is put right by an operator, so that waits too.
 */
function isWorthAnotherAttempt(error: unknown): boolean {
  const { statusCode, status, type } = error as { statusCode?: unknown; status?: unknown; type?: unknown };
  if (typeof type === "string" && type.startsWith("Stripe")) {
    return type !== "StripeInvalidRequestError" || statusCode === 409 || statusCode === 429;
  }
  // An AppError of the database.
  if (typeof status === "number") return status >= 500 || status === 429;
  return true;
}
