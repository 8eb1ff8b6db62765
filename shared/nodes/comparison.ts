/**
 * Comparisons as people click them together in `logic.if` and `logic.switch`.
 *
 * @module
 */
import { z } from "zod";
import type { Json } from "../graph/mod.ts";
import { NodeError } from "../providers/mod.ts";
import { Budget } from "./budget.ts";
import { compileIRegexp, IRegexpError } from "./json_path/mod.ts";
import { compareValues, isEqual, isObject, isTruthy, json } from "./json_values.ts";

/** Every operator. The ones that look at one value only ignore `right`. */
export const OPERATORS = [
  "equals",
  "not_equals",
  "greater",
  "greater_or_equal",
  "less",
  "less_or_equal",
  "contains",
  "not_contains",
  "starts_with",
  "ends_with",
  "matches",
  "in",
  "not_in",
  "exists",
  "not_exists",
  "is_empty",
  "is_not_empty",
  "is_true",
  "is_false",
] as const;

/** Name of an operator. */
export type Operator = (typeof OPERATORS)[number];

/** Schema of an operator, for configs. */
export const operatorSchema = z.enum(OPERATORS).describe(
  "How left and right are compared. exists, is_empty, is_true and their opposites look at left only; " +
    "matches takes a pattern (I-Regexp) that some part of the text must fit; in takes a list.",
);

/** Schema of one comparison. */
export const comparisonSchema = z.strictObject({
  left: json.default(null).describe("The value looked at, usually an expression"),
  operator: operatorSchema.default("equals"),
  right: json.default(null).describe("What it is compared with"),
});

/** One comparison, its expressions resolved. */
export type Comparison = z.output<typeof comparisonSchema>;

/**
 * Compares two values. Values of different types are never equal, greater or less: "5" is not 5.
 *
 * @param comparison Left, operator and right.
 * @param budget Pays for it.
 * @returns Whether it holds.
 * @throws {NodeError} `node_config_invalid` when `matches` gets a malformed pattern.
 */
export function holds({ left, operator, right }: Comparison, budget: Budget = new Budget()): boolean {
  switch (operator) {
    case "equals":
      return equal(left, right, budget);
    case "not_equals":
      return !equal(left, right, budget);
    case "greater":
      return inOrder(left, right, (order) => order > 0);
    case "greater_or_equal":
      return inOrder(left, right, (order) => order >= 0);
    case "less":
      return inOrder(left, right, (order) => order < 0);
    case "less_or_equal":
      return inOrder(left, right, (order) => order <= 0);
    case "contains":
      return contains(left, right, budget);
    case "not_contains":
      return !contains(left, right, budget);
    case "starts_with":
      return typeof left === "string" && typeof right === "string" && left.startsWith(right);
    case "ends_with":
      return typeof left === "string" && typeof right === "string" && left.endsWith(right);
    case "matches":
      return matches(left, right, budget);
    case "in":
      return contains(right, left, budget);
    case "not_in":
      return !contains(right, left, budget);
    default:
      return holdsAlone(left, operator);
  }
}

type LoneOperator = "exists" | "not_exists" | "is_empty" | "is_not_empty" | "is_true" | "is_false";

function holdsAlone(value: Json, operator: LoneOperator): boolean {
  switch (operator) {
    case "exists":
      return value !== null;
    case "not_exists":
      return value === null;
    case "is_empty":
      return isEmpty(value);
    case "is_not_empty":
      return !isEmpty(value);
    case "is_true":
      return isTruthy(value);
    case "is_false":
      return !isTruthy(value);
  }
}

/** Numbers with numbers and text with text; ISO dates compare as text. */
function inOrder(left: Json, right: Json, test: (order: number) => boolean): boolean {
  if (left === null || right === null || typeof left !== typeof right) return false;
  const order = compareValues(left, right);
  return order !== null && test(order);
}

/** Text in text, element in list, key in object. */
function contains(whole: Json, part: Json, budget: Budget): boolean {
  if (typeof whole === "string") return typeof part === "string" && includes(whole, part, budget);
  if (Array.isArray(whole)) return whole.some((item) => equal(item, part, budget));
  return isObject(whole) && typeof part === "string" && Object.hasOwn(whole, part);
}

/** V8 searches long patterns in more than linear time, and a native call cannot be interrupted. */
function includes(whole: string, part: string, budget: Budget): boolean {
  budget.spend((whole.length >> 4) * (1 + (part.length >> 8)));
  return whole.includes(part);
}

function equal(a: Json, b: Json, budget: Budget): boolean {
  if (typeof a === "object" && typeof b === "object") budget.measure(a);
  return isEqual(a, b);
}

function isEmpty(value: Json): boolean {
  if (value === null || value === "") return true;
  if (Array.isArray(value)) return value.length === 0;
  return isObject(value) && Object.keys(value).length === 0;
}

function matches(text: Json, pattern: Json, budget: Budget): boolean {
  if (typeof text !== "string" || typeof pattern !== "string") return false;
  try {
    return compileIRegexp(pattern).test(text, "search", (units) => budget.spend(units));
  } catch (error) {
    if (error instanceof IRegexpError) throw new NodeError(error.message, { code: "node_config_invalid" });
    throw error;
  }
}
