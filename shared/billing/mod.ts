/**
 * Plans and payments: the client of Stripe, what Stripe says, and how money is reckoned.
 *
 * @module
 */
export { askStripe, createStripe, fromStripe, isMissing, isRefused, STRIPE_API_VERSION, stripeKey } from "./client.ts";
export {
  addMoney,
  chargeStep,
  checkRefund,
  minorDigits,
  type Money,
  MoneyError,
  monthlyTwelfths,
  multiplyMoney,
  negate,
  parseMoney,
  type Period,
  prorate,
  prorateChange,
  type Proration,
  refundable,
  roundToCharge,
  splitMoney,
  writeMoney,
} from "./money.ts";
