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

/** So many times the amount. `times` is a whole number. */
export function multiplyMoney({ amount, currency }: Money, times: number): Money {
  return moneyOf(BigInt(checkAmount(amount)) * BigInt(checkAmount(times)), currency);
}

function moneyOf(amount: bigint, currency: string): Money {
  return { amount: checkAmount(Number(amount)), currency: checkCurrency(currency) };
}

function checkAmount(amount: number): number {
  if (!Number.isSafeInteger(amount)) throw new MoneyError(`Not a whole number that can be reckoned with: ${amount}`);
  return amount === 0 ? 0 : amount;
}

function checkCurrency(currency: string): string {
  if (!/^[a-z]{3}$/.test(currency)) throw new MoneyError(`Not a currency in lower case (ISO 4217): ${currency}`);
  return currency;
}
