/**
 * The plans that can be bought, and their prices.
 *
 * @module
 */
import { asResult, type DatabaseClient, run } from "../db/mod.ts";
import { invalidRequest } from "../errors/mod.ts";
import { addMoney, type Money, multiplyMoney } from "../money/mod.ts";

/** Plans that cost something, the smaller first. */
export const PAID_PLANS = ["pro", "team", "enterprise"] as const;
/** A plan that costs something. */
export type PaidPlan = typeof PAID_PLANS[number];
/** How often is billed, the shorter first. */
export const BILLING_INTERVALS = ["month", "year"] as const;
/** How often is billed. */
export type BillingInterval = typeof BILLING_INTERVALS[number];

/** What somebody buys. */
export interface PlanChoice {
  readonly plan: PaidPlan;
  readonly interval: BillingInterval;
}

/** A price of Stripe, as our table has it. */
export interface PlanPrice {
  readonly stripe_price_id: string;
  readonly lookup_key: string | null;
  /** Null = a meter's. */
  readonly plan_id: string | null;
  readonly kind: "base" | "seat" | "meter";
  /** Null = a meter's. */
  readonly billing_interval: BillingInterval | null;
  readonly currency: string;
  /** For one, in the smallest unit; null = in tiers. */
  readonly unit_amount: number | null;
}

const PRICE_COLUMNS = "stripe_price_id,lookup_key,plan_id,kind,billing_interval,currency,unit_amount";

/** The prices that can be bought now. */
export function findPrices(db: DatabaseClient): Promise<PlanPrice[]> {
  const prices = db.from("plan_prices").select(PRICE_COLUMNS)
    .is("is_active", true).not("lookup_key", "is", null).order("lookup_key");
  return run(asResult<PlanPrice[]>(prices));
}

/** What a choice costs: the plan, and each seat beyond those that it includes. */
export interface ChosenPrices {
  readonly base: PlanPrice;
  /** Null = further members cost nothing. */
  readonly seat: PlanPrice | null;
}

/** The prices of a choice; null = it is not sold. */
export function pricesOf(prices: readonly PlanPrice[], { plan, interval }: PlanChoice): ChosenPrices | null {
  const find = (kind: "base" | "seat", currency?: string) =>
    prices.find((price) =>
      price.kind === kind && price.plan_id === plan && price.billing_interval === interval &&
      (currency === undefined || price.currency === currency)
    ) ?? null;
  const base = find("base");
  return base === null ? null : { base, seat: find("seat", base.currency) };
}

/**
 * The prices of a choice.
 *
 * @throws {AppError} `invalid_request` when it is not sold.
 */
export function requirePrices(prices: readonly PlanPrice[], choice: PlanChoice): ChosenPrices {
  const chosen = pricesOf(prices, choice);
  if (chosen !== null) return chosen;
  const message = `${choice.plan} is not sold by the ${choice.interval} here`;
  throw invalidRequest([{ path: "body.plan", code: "not_sold", message }]);
}

/** What a period costs with so many further seats, before taxes, discounts and usage; null = the price is in tiers. */
export function periodPrice({ base, seat }: ChosenPrices, furtherSeats: number): Money | null {
  if (base.unit_amount === null || seat?.unit_amount === null) return null;
  const plan = { amount: base.unit_amount, currency: base.currency };
  if (seat === null || furtherSeats === 0) return plan;
  return addMoney(plan, multiplyMoney({ amount: seat.unit_amount, currency: seat.currency }, furtherSeats));
}

/** Which way a change goes. */
export type Direction = "up" | "down" | "same";

/** Which way it is from one choice to another: by the plan, and within a plan by the interval. */
export function directionOf(from: PlanChoice, to: PlanChoice): Direction {
  const plans = PAID_PLANS.indexOf(to.plan) - PAID_PLANS.indexOf(from.plan);
  const step = plans || BILLING_INTERVALS.indexOf(to.interval) - BILLING_INTERVALS.indexOf(from.interval);
  return step > 0 ? "up" : step < 0 ? "down" : "same";
}

/** Whether it is a plan that costs something. */
export function isPaidPlan(plan: string | null | undefined): plan is PaidPlan {
  return PAID_PLANS.some((one) => one === plan);
}

/** Whether it is an interval at which plans are billed. */
export function isInterval(interval: string | null | undefined): interval is BillingInterval {
  return BILLING_INTERVALS.some((one) => one === interval);
}
