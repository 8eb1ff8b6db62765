/**
 * Amounts of money: whole numbers of a currency's smallest unit, as Stripe counts them, and never fractions.
 * https://docs.stripe.com/currencies
 *
 * @module
 */

/** An amount. */
export interface Money {
  /** Of the currency's smallest unit, a safe integer; below zero = owed to the customer. */
  readonly amount: number;
  /** ISO 4217 in lower case. */
  readonly currency: string;
}

/** Currencies without a minor unit at Stripe. https://docs.stripe.com/currencies#zero-decimal */
const WITHOUT_MINOR = new Set("bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf".split(" "));
/** Those of a thousandth, whose last digit must be 0. https://docs.stripe.com/currencies#three-decimal */
const THOUSANDTHS = new Set("bhd jod kwd omr tnd".split(" "));
/** Written with two digits that must be 00: they have no minor unit any more. https://docs.stripe.com/currencies#special-cases */
const WHOLE_HUNDREDS = new Set(["isk", "ugx"]);

/** An amount that cannot be reckoned with. */
export class MoneyError extends RangeError {
  override readonly name = "MoneyError";
}

/** Digits after the point: 0, 2 or 3, as Stripe writes the currency, which is not always what ISO 4217 says. */
export function minorDigits(currency: string): 0 | 2 | 3 {
  const code = checkCurrency(currency);
  return WITHOUT_MINOR.has(code) ? 0 : THOUSANDTHS.has(code) ? 3 : 2;
}

/** The least step between two amounts that can be charged: 1, 10 or 100 of the smallest unit. */
export function chargeStep(currency: string): 1 | 10 | 100 {
  const code = checkCurrency(currency);
  return THOUSANDTHS.has(code) ? 10 : WHOLE_HUNDREDS.has(code) ? 100 : 1;
}

/**
 * Reads what people write: `"12.34"`, `"-5"`.
 *
 * @throws {MoneyError} For anything else, and for more digits than the currency has.
 */
export function parseMoney(text: string, currency: string): Money {
  const digits = minorDigits(currency);
  const match = /^(-?)(\d{1,13})(?:\.(\d+))?$/.exec(text.trim());
  const [, sign = "", whole = "", fraction = ""] = match ?? [];
  if (match === null || fraction.length > digits) throw new MoneyError(`Not an amount of ${currency}: ${text}`);
  return moneyOf(BigInt(`${sign}${whole}${fraction.padEnd(digits, "0")}`), currency);
}

/** The amount with a point: 1234 cents are `"12.34"`. */
export function writeMoney({ amount, currency }: Money): string {
  const digits = minorDigits(currency);
  const units = String(Math.abs(checkAmount(amount))).padStart(digits + 1, "0");
  const sign = amount < 0 ? "-" : "";
  return digits === 0 ? `${sign}${units}` : `${sign}${units.slice(0, -digits)}.${units.slice(-digits)}`;
}

/**
 * The sum.
 *
 * @throws {MoneyError} When the currencies differ or the sum is not a safe integer.
 */
export function addMoney(first: Money, ...others: readonly Money[]): Money {
  let sum = BigInt(checkAmount(first.amount));
  for (const { amount, currency } of others) {
    if (currency !== first.currency) throw new MoneyError(`Cannot add ${currency} to ${first.currency}`);
    sum += BigInt(checkAmount(amount));
  }
  return moneyOf(sum, first.currency);
}

/** The same amount with the other sign. */
export function negate({ amount, currency }: Money): Money {
  return { amount: amount === 0 ? 0 : -amount, currency };
}

/** So many times the amount. `times` is a whole number. */
export function multiplyMoney({ amount, currency }: Money, times: number): Money {
  return moneyOf(BigInt(checkAmount(amount)) * BigInt(checkAmount(times)), currency);
}

/**
 * Splits an amount by weights without losing or making a unit: each part gets its share rounded down, and what is left
 * goes to the largest remainders, the first of equals. In a currency that is charged in steps, all parts are whole steps
 * if the amount is.
 *
 * @param weights Whole numbers, none below zero, one at least above.
 */
export function splitMoney({ amount, currency }: Money, weights: readonly number[]): Money[] {
  const total = weights.reduce((sum, weight) => sum + BigInt(checkWeight(weight)), 0n);
  if (total === 0n) throw new MoneyError("Nothing to split by");
  const step = amount % chargeStep(currency) === 0 ? chargeStep(currency) : 1;
  const units = BigInt(Math.abs(checkAmount(amount)) / step);
  const parts = weights.map((weight, index) => {
    const product = units * BigInt(weight);
    return { index, units: product / total, remainder: product % total };
  });
  let left = units - parts.reduce((sum, part) => sum + part.units, 0n);
  for (const part of [...parts].sort((a, b) => Number(b.remainder - a.remainder) || a.index - b.index)) {
    if (left === 0n) break;
    part.units += 1n;
    left -= 1n;
  }
  const sign = amount < 0 ? -1n : 1n;
  return parts.map((part) => moneyOf(part.units * BigInt(step) * sign, currency));
}

/** A stretch of time, Unix seconds. */
export interface Period {
  readonly start: number;
  readonly end: number;
}

/**
 * The part of a period's price that is for the time from `at` to the period's end, to the second and to the nearest
 * smallest unit (halves away from zero). Before the period it is all, after its end nothing.
 */
export function prorate({ amount, currency }: Money, period: Period, at: number): Money {
  const whole = checkAmount(period.end) - checkAmount(period.start);
  if (whole <= 0) throw new MoneyError("A period must end after it begins");
  const part = Math.min(whole, Math.max(0, period.end - checkAmount(at)));
  return moneyOf(divideToNearest(BigInt(checkAmount(amount)) * BigInt(part), BigInt(whole)), currency);
}

/** What a change within a period comes to. */
export interface Proration {
  /** What was paid for the rest of the period; never above zero. */
  readonly credit: Money;
  /** What the rest of the period costs now. */
  readonly charge: Money;
  /** Both together. */
  readonly net: Money;
}

/** What it comes to when the price of a period changes at `at`, Unix seconds. */
export function prorateChange(before: Money, after: Money, period: Period, at: number): Proration {
  const credit = negate(prorate(before, period, at));
  const charge = prorate(after, period, at);
  return { credit, charge, net: addMoney(credit, charge) };
}

/** How much of a payment can still be given back: never more than was taken, whatever was asked for before. */
export function refundable(paid: Money, refunded: Money): Money {
  const left = addMoney(paid, negate(refunded));
  return left.amount < 0 ? { amount: 0, currency: paid.currency } : left;
}

/**
 * Checks a refund.
 *
 * @throws {MoneyError} When it is nothing, more than is left, or not in a step that the currency is charged in.
 */
export function checkRefund(asked: Money, paid: Money, refunded: Money): Money {
  const { amount, currency } = refundable(paid, refunded);
  if (asked.currency !== currency) throw new MoneyError(`Paid in ${currency}, not ${asked.currency}`);
  if (checkAmount(asked.amount) < 1) throw new MoneyError("A refund is more than nothing");
  if (asked.amount > amount) throw new MoneyError(`Only ${writeMoney({ amount, currency })} ${currency} are left`);
  // All that is left may go back even where it is no whole step: it was taken so.
  if (asked.amount % chargeStep(currency) !== 0 && asked.amount !== amount) {
    throw new MoneyError(`${currency} goes in steps of ${chargeStep(currency)}`);
  }
  return asked;
}

/** The nearest amount that can be charged; halves away from zero. */
export function roundToCharge({ amount, currency }: Money): Money {
  const step = BigInt(chargeStep(currency));
  return moneyOf(divideToNearest(BigInt(checkAmount(amount)), step) * step, currency);
}

function divideToNearest(dividend: bigint, divisor: bigint): bigint {
  const doubled = (dividend < 0n ? -dividend : dividend) * 2n + divisor;
  const rounded = doubled / (divisor * 2n);
  return dividend < 0n ? -rounded : rounded;
}

function moneyOf(amount: bigint, currency: string): Money {
  return { amount: checkAmount(Number(amount)), currency: checkCurrency(currency) };
}

function checkAmount(amount: number): number {
  if (!Number.isSafeInteger(amount)) throw new MoneyError(`Not a whole number that can be reckoned with: ${amount}`);
  return amount === 0 ? 0 : amount;
}

function checkWeight(weight: number): number {
  if (checkAmount(weight) < 0) throw new MoneyError(`A weight below zero: ${weight}`);
  return weight;
}

function checkCurrency(currency: string): string {
  if (!/^[a-z]{3}$/.test(currency)) throw new MoneyError(`Not a currency in lower case (ISO 4217): ${currency}`);
  return currency;
}
