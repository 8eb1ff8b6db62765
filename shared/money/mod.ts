/**
 * Amounts of money and the currencies that they are counted in.
 *
 * @module
 */
export { addMoney, chargeStep, minorDigits, type Money, MoneyError, multiplyMoney, writeMoney } from "./money.ts";
