/**
 * Changing a subscription: up at once, down with the next period; its end, and taking that back.
 *
 * @module
 */
import type { Stripe } from "stripe";
import { AppError, conflict } from "../errors/mod.ts";
import { askStripe, isRefused, stripeKey } from "./client.ts";
import type { Money } from "../money/mod.ts";
import {
  type BillingInterval,
  type ChosenPrices,
  type Direction,
  directionOf,
  isInterval,
  isPaidPlan,
  periodPrice,
  type PlanChoice,
  type PlanPrice,
  requirePrices,
} from "./plans.ts";
import { type SyncContext, syncInvoice, syncSubscription } from "./sync.ts";

/** A change as it is asked for. */
export interface ChangeOrder extends PlanChoice {
  /** Unix seconds: the moment of the preview that is to be billed; null = now. */
  readonly prorationDate: number | null;
  /** Names the request, so that repeating it changes nothing twice. */
  readonly requestKey: string;
}

/** What a change comes to. */
export interface ChangePreview {
  /** now = it is in force at once; period_end = with the next period. */
  readonly effective: "now" | "period_end";
  /** Unix seconds. */
  readonly effectiveAt: number;
  /** What is to be paid at once, taxes and credit reckoned in. */
  readonly dueNow: Money;
  /** Give it to the change, and this is what is billed. Null = nothing depends on the moment. */
  readonly prorationDate: number | null;
  /** What a period costs then, before taxes, discounts and usage; null = it is priced in tiers. */
  readonly periodPrice: Money | null;
  readonly lines: readonly { readonly description: string; readonly amount: number; readonly isProration: boolean }[];
}

/** What became of a change. */
export interface ChangeResult {
  /** payment = it waits until the invoice at `paymentUrl` is paid, 23 hours at most. */
  readonly effective: "now" | "period_end" | "payment";
  /** Unix seconds. */
  readonly effectiveAt: number;
  readonly paymentUrl: string | null;
}

/** A subscription as Stripe has it, and what of it is being changed. */
interface Planned {
  readonly subscription: Stripe.Subscription;
  readonly direction: Direction;
  readonly chosen: ChosenPrices;
  readonly items: Stripe.SubscriptionUpdateParams.Item[];
  readonly furtherSeats: number;
  readonly periodEnd: number;
  /** Whether just this begins with the next period already. */
  readonly isScheduled: boolean;
}

/**
 * What a change would come to. Nothing is changed.
 *
 * @throws {AppError} `conflict` when the subscription cannot be changed; as {@link askStripe}.
 */
export async function previewChange(
  { stripe }: SyncContext,
  id: string,
  choice: PlanChoice,
  prices: readonly PlanPrice[],
): Promise<ChangePreview> {
  const plan = planChange(await fetchSubscription(stripe, id), choice, prices);
  const { subscription, direction, chosen, items, furtherSeats, periodEnd } = plan;
  const price = periodPrice(chosen, furtherSeats);
  if (direction !== "up" && subscription.status !== "trialing") {
    return {
      effective: direction === "down" ? "period_end" : "now",
      effectiveAt: direction === "down" ? periodEnd : now(),
      dueNow: { amount: 0, currency: subscription.currency },
      prorationDate: null,
      periodPrice: price,
      lines: [],
    };
  }
  const invoice = await askStripe(() =>
    stripe.invoices.createPreview({
      subscription: id,
      subscription_details: { items, proration_behavior: "always_invoice" },
    })
  );
  const isTrial = subscription.status === "trialing";
  const prorationDate = invoice.parent?.subscription_details?.subscription_proration_date ?? null;
  return {
    effective: "now",
    effectiveAt: prorationDate ?? now(),
    dueNow: { amount: isTrial ? 0 : invoice.amount_due, currency: invoice.currency },
    prorationDate: isTrial ? null : prorationDate,
    periodPrice: price,
    lines: isTrial ? [] : invoice.lines.data.map(({ description, amount, parent }) => ({
      description: description ?? "",
      amount,
      isProration: parent?.subscription_item_details?.proration ?? false,
    })),
  };
}

/**
 * Changes the plan or the interval. Upwards it is billed and in force at once, the rest of the period reckoned to the
 * second; until the invoice is paid everything stays as it was. Downwards, it begins with the next period. The present
 * choice again takes back a change that waits for the next period.
 *
 * @throws {AppError} `conflict` when the subscription cannot be changed, or the period of the preview is over; as
 *   {@link askStripe}.
 */
export async function changePlan(
  context: SyncContext,
  id: string,
  order: ChangeOrder,
  prices: readonly PlanPrice[],
): Promise<ChangeResult> {
  const { stripe } = context;
  const subscription = await fetchSubscription(stripe, id);
  const plan = planChange(subscription, order, prices);
  const isTrial = subscription.status === "trialing";
  const isLater = plan.direction === "down" && !isTrial;
  if (!isLater) await release(stripe, subscription, order.requestKey);
  let result: ChangeResult = { effective: "now", effectiveAt: now(), paymentUrl: null };
  if (isLater) {
    // Asked for again, because the answer was lost or out of impatience, it is there already.
    if (!plan.isScheduled) await schedule(stripe, plan, order.requestKey);
    result = { effective: "period_end", effectiveAt: plan.periodEnd, paymentUrl: null };
  } else if (plan.direction !== "same") result = await changeNow(context, plan, order, isTrial);
  await askStripe(() => syncSubscription(context, id));
  return result;
}

async function changeNow(
  context: SyncContext,
  { subscription: { id }, items }: Planned,
  { prorationDate, requestKey }: ChangeOrder,
  isTrial: boolean,
): Promise<ChangeResult> {
  const changed = await askStripe(async () => {
    try {
      return await context.stripe.subscriptions.update(id, {
        items,
        payment_behavior: "pending_if_incomplete",
        proration_behavior: isTrial ? "none" : "always_invoice",
        ...(prorationDate === null || isTrial ? {} : { proration_date: prorationDate }),
        expand: ["latest_invoice"],
      }, { idempotencyKey: stripeKey("change", id, requestKey) });
    } catch (error) {
      if (isRefused(error, "proration_date")) {
        throw conflict("The preview is of another period: look at the change again, then decide");
      }
      throw error;
    }
  });
  const invoice = changed.latest_invoice;
  if (invoice !== null && typeof invoice !== "string") await askStripe(() => syncInvoice(context, invoice.id));
  if (changed.pending_update === null) return { effective: "now", effectiveAt: now(), paymentUrl: null };
  const url = typeof invoice === "string" ? null : invoice?.hosted_invoice_url ?? null;
  return { effective: "payment", effectiveAt: changed.pending_update.expires_at, paymentUrl: url };
}

/** Lets the present phase go on to its end, and another one follow. */
async function schedule(stripe: Stripe, plan: Planned, requestKey: string): Promise<void> {
  const { subscription, chosen, furtherSeats } = plan;
  const { id, phases, current_phase } = typeof subscription.schedule === "object" && subscription.schedule !== null
    ? subscription.schedule
    : await askStripe(() =>
      stripe.subscriptionSchedules.create({ from_subscription: subscription.id }, {
        idempotencyKey: stripeKey("schedule", subscription.id, requestKey),
      })
    );
  const present = phases.find(({ start_date }) => start_date === current_phase?.start_date);
  if (present === undefined) throw conflict("The subscription is between two periods: try again in a moment");
  const metered = subscription.items.data.filter(isMetered).map(({ price }) => ({ price: price.id }));
  const seat = chosen.seat === null || furtherSeats === 0
    ? []
    : [{ price: chosen.seat.stripe_price_id, quantity: furtherSeats }];
  await askStripe(() =>
    stripe.subscriptionSchedules.update(id, {
      // When the phase is over the subscription goes on by itself.
      end_behavior: "release",
      phases: [
        {
          start_date: present.start_date,
          end_date: present.end_date,
          items: present.items.map(({ price, quantity }) => ({
            price: typeof price === "string" ? price : price.id,
            ...(quantity === undefined ? {} : { quantity }),
          })),
        },
        {
          items: [{ price: chosen.base.stripe_price_id, quantity: 1 }, ...seat, ...metered],
          duration: { interval: intervalOf(chosen.base), interval_count: 1 },
          proration_behavior: "none",
        },
      ],
    }, { idempotencyKey: stripeKey("phases", id, requestKey) })
  );
}

/** Why somebody cancels, in Stripe's words. */
export type CancelFeedback = NonNullable<Stripe.SubscriptionUpdateParams.CancellationDetails["feedback"]>;

/** Lets a subscription end with its period. Again it does nothing. */
export async function cancelAtPeriodEnd(
  context: SyncContext,
  id: string,
  details: { readonly feedback: CancelFeedback | null; readonly comment: string | null },
  requestKey: string,
): Promise<void> {
  const subscription = await fetchSubscription(context.stripe, id);
  if (ENDED.has(subscription.status)) throw conflict("The subscription has ended");
  await release(context.stripe, subscription, requestKey);
  const { feedback, comment } = details;
  await askStripe(() =>
    context.stripe.subscriptions.update(id, {
      cancel_at_period_end: true,
      cancellation_details: {
        ...(feedback === null ? {} : { feedback }),
        ...(comment === null ? {} : { comment }),
      },
    }, { idempotencyKey: stripeKey("cancel", id, requestKey) })
  );
  await askStripe(() => syncSubscription(context, id));
}

/** Takes back that a subscription ends with its period. Again it does nothing. */
export async function resume(context: SyncContext, id: string, requestKey: string): Promise<void> {
  const subscription = await fetchSubscription(context.stripe, id);
  if (ENDED.has(subscription.status)) {
    throw conflict("The subscription has ended: begin again with POST /billing/checkout");
  }
  if (subscription.cancel_at_period_end || subscription.cancel_at !== null) {
    await askStripe(() =>
      context.stripe.subscriptions.update(id, { cancel_at_period_end: false }, {
        idempotencyKey: stripeKey("resume", id, requestKey),
      })
    );
  }
  await askStripe(() => syncSubscription(context, id));
}

function fetchSubscription(stripe: Stripe, id: string): Promise<Stripe.Subscription> {
  return askStripe(() => stripe.subscriptions.retrieve(id, { expand: ["schedule"] }));
}

const ENDED: ReadonlySet<string> = new Set(["canceled", "incomplete_expired"]);
/** States in which something else has to be settled first → what. */
const BLOCKED: Readonly<Record<string, string>> = {
  canceled: "The subscription has ended: begin again with POST /billing/checkout",
  incomplete_expired: "The subscription has ended: begin again with POST /billing/checkout",
  incomplete: "The first payment has not come through: pay the open invoice first",
  past_due: "A payment is overdue: pay the open invoice first, in the portal",
  unpaid: "A payment is overdue: pay the open invoice first, in the portal",
  paused: "The subscription is paused: give a means of payment in the portal first",
};

/** Works out what of a subscription is to be changed. */
function planChange(subscription: Stripe.Subscription, choice: PlanChoice, prices: readonly PlanPrice[]): Planned {
  const blocked = BLOCKED[subscription.status];
  if (blocked !== undefined) throw conflict(blocked);
  if (subscription.cancel_at_period_end || subscription.cancel_at !== null) {
    throw conflict("The subscription is about to end: take that back first with POST /billing/resume");
  }
  if (subscription.pending_update !== null) {
    throw conflict("A change waits for its payment: pay the open invoice first, in the portal");
  }
  const parts = partsOf(subscription, prices);
  if (parts === null) throw conflict("The subscription has a price that is not ours: ask the operator");
  const { base, seat, present } = parts;
  const chosen = requirePrices(prices, choice);
  if (chosen.base.currency !== subscription.currency) {
    throw conflict(`The subscription is billed in ${subscription.currency}, which this plan is not sold in`);
  }
  const direction = directionOf(present, choice);
  const next = nextChoice(subscription, prices);
  const furtherSeats = seat?.quantity ?? 0;
  const items: Stripe.SubscriptionUpdateParams.Item[] = [{ id: base.id, price: chosen.base.stripe_price_id }];
  if (seat !== null) {
    items.push(
      chosen.seat === null ? { id: seat.id, deleted: true } : { id: seat.id, price: chosen.seat.stripe_price_id },
    );
  }
  const periodEnd = base.current_period_end;
  const isScheduled = next !== null && directionOf(next, choice) === "same";
  return { subscription, direction, chosen, items, furtherSeats, periodEnd, isScheduled };
}

/** What of a subscription is the plan, and what the seats; null = no price of ours is in it. */
function partsOf({ items }: Stripe.Subscription, prices: readonly PlanPrice[]) {
  const named = items.data.map((item) => ({ item, meaning: meaningOf(item.price, prices) }));
  const base = named.find(({ meaning }) => meaning?.kind === "base");
  if (base === undefined || !base.meaning) return null;
  const seat = named.find(({ meaning }) => meaning?.kind === "seat")?.item ?? null;
  return { base: base.item, seat, present: base.meaning.choice };
}

/** What a price is for. One that is not sold any more says so by its lookup key, or by the table of all prices. */
function meaningOf(price: Stripe.Price, prices: readonly PlanPrice[]) {
  const known = prices.find(({ stripe_price_id }) => stripe_price_id === price.id);
  const match = /^millrace_([a-z]+)(_seat)?_(month|year)$/.exec(price.lookup_key ?? "");
  const plan = known?.plan_id ?? match?.[1];
  const interval = known?.billing_interval ?? price.recurring?.interval;
  const kind = known?.kind ?? (match === null ? undefined : match[2] === undefined ? "base" : "seat");
  if (kind === undefined || !isPaidPlan(plan) || !isInterval(interval)) return null;
  const choice: PlanChoice = { plan, interval };
  return { kind, choice };
}

function intervalOf({ billing_interval }: PlanPrice): BillingInterval {
  if (billing_interval === null) throw new AppError("internal", { message: "A plan's price without an interval" });
  return billing_interval;
}

function isMetered({ price }: Stripe.SubscriptionItem): boolean {
  return price.recurring?.usage_type === "metered";
}

/** What begins with the next phase of the schedule; null = nothing, or nothing of ours. */
function nextChoice({ schedule: plan, items }: Stripe.Subscription, prices: readonly PlanPrice[]): PlanChoice | null {
  if (plan === null || typeof plan === "string") return null;
  const end = plan.current_phase?.end_date ?? items.data[0]?.current_period_end ?? 0;
  const phase = plan.phases.find(({ start_date }) => start_date >= end);
  const ids = phase?.items.map(({ price }) => typeof price === "string" ? price : price.id) ?? [];
  const base = prices.find(({ kind, stripe_price_id }) => kind === "base" && ids.includes(stripe_price_id));
  if (base === undefined || !isPaidPlan(base.plan_id) || base.billing_interval === null) return null;
  return { plan: base.plan_id, interval: base.billing_interval };
}

/** Takes a subscription off its schedule: Stripe lets nothing else change it while it has one. */
async function release(stripe: Stripe, { schedule: plan }: Stripe.Subscription, requestKey: string): Promise<void> {
  if (plan === null) return;
  const id = typeof plan === "string" ? plan : plan.id;
  await askStripe(() =>
    stripe.subscriptionSchedules.release(id, {}, { idempotencyKey: stripeKey("release", id, requestKey) })
  );
}

function now(): number {
  return Math.floor(Date.now() / 1000);
}
