import type { Json } from "../../types.ts";
import type { Call } from "../call.ts";
import { typeName } from "../values.ts";
import { defineFunctions } from "./define.ts";

/** Functions on numbers. */
export const NUMBER_FUNCTIONS = defineFunctions("number", [
  [
    "round(number, digits = 0)",
    "To so many digits behind the point (0 to 15); halves go away from zero, as money does.",
    "round(2.345, 2)",
    2.35,
    (call) => round(call.number(0), call.integer(1, 0, 15, 0)),
  ],
  ["floor(number)", "The next whole number below.", "floor(-1.5)", -2, (call) => Math.floor(call.number(0))],
  ["ceil(number)", "The next whole number above.", "ceil(1.2)", 2, (call) => Math.ceil(call.number(0))],
  ["abs(number)", "Without its sign.", "abs(-3)", 3, (call) => Math.abs(call.number(0))],
  [
    "min(…numbers)",
    "The least of the numbers, or of a list; nulls are left out, null when none is left.",
    "min([3, null, 1])",
    1,
    (call) => extreme(call, (a, b) => a < b),
    { takesNull: true },
  ],
  [
    "max(…numbers)",
    "The greatest of the numbers, or of a list; nulls are left out, null when none is left.",
    "max(3, 8, 1)",
    8,
    (call) => extreme(call, (a, b) => a > b),
    { takesNull: true },
  ],
  [
    "sum(list)",
    "The sum of a list; nulls are left out.",
    'sum(pluck([{"amount": 2}, {"amount": 3.5}, {}], "amount"))',
    5.5,
    (call) => numbersOf(call, call.list(0)).reduce((total, number) => total + number, 0),
  ],
]);

/** Rounds the decimal that people see: 1.005 to two digits is 1.01, although its double is a little less. */
function round(value: number, digits: number): number {
  const shifted = shift(Math.abs(value), digits);
  // Nothing stands behind the point of so large a number.
  if (shifted >= Number.MAX_SAFE_INTEGER) return value;
  return Math.sign(value) * shift(Math.round(shifted), -digits);
}

/** Moves the decimal point by way of the text, so that no binary fraction comes in. */
function shift(value: number, digits: number): number {
  const [mantissa, exponent = "0"] = String(value).split("e");
  return Number(`${mantissa}e${Number(exponent) + digits}`);
}

function extreme(call: Call, better: (a: number, b: number) => boolean): Json {
  const values = Array.isArray(call.value(0)) && call.count === 1 ? call.list(0) : call.rest(0);
  let best: number | null = null;
  for (const number of numbersOf(call, values)) if (best === null || better(number, best)) best = number;
  return best;
}

function numbersOf(call: Call, values: Json[]): number[] {
  const numbers: number[] = [];
  for (const value of values) {
    if (typeof value === "number") numbers.push(value);
    else if (value !== null) throw call.fail(`Expected only numbers here, not ${typeName(value)}`, 0);
  }
  return numbers;
}
