/**
 * What the operators and functions agree on about values: truth, equality, order, text, and safe access to properties.
 *
 * @module
 */
import { isEqual, isObject } from "../json.ts";
import type { Json, JsonObject } from "../types.ts";
import type { ExpressionBudget } from "./budget.ts";

/** The name of a value's type, as errors say it. */
export function typeName(value: Json): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "an object";
  return typeof value === "string" ? "text" : typeof value === "number" ? "a number" : "a boolean";
}

/**
 * Reads a property: own ones only, so nothing of the host is ever seen; null when there is none.
 *
 * @param value What to read from.
 * @param key The name; `length` also works on lists and text.
 * @returns The value, or null.
 */
export function property(value: Json, key: string): Json {
  if (isObject(value)) return key !== "__proto__" && Object.hasOwn(value, key) ? value[key] ?? null : null;
  if (key === "length" && Array.isArray(value)) return value.length;
  return key === "length" && typeof value === "string" ? characterCount(value) : null;
}

/** Reads an element: by number from a list (from its end when negative), by name from an object; null if none. */
export function element(value: Json, index: Json): Json {
  if (typeof index === "string") return property(value, index);
  if (typeof index !== "number") return null;
  if (Array.isArray(value)) return Number.isInteger(index) ? value.at(index) ?? null : null;
  return isObject(value) ? property(value, String(index)) : null;
}

/** Reads along a path such as `customer.emails.0`. */
export function valueAt(value: Json, path: readonly string[]): Json {
  let current = value;
  for (const key of path) {
    current = Array.isArray(current) && /^-?\d{1,9}$/.test(key)
      ? element(current, Number(key))
      : property(current, key);
  }
  return current;
}

/** Sets a property without ever touching a prototype; `__proto__` is left out. */
export function setProperty(target: JsonObject, key: string, value: Json) {
  if (key !== "__proto__") target[key] = value;
}

/** Whether two values are the same JSON: no conversion, the order of keys does not matter. */
export function equal(a: Json, b: Json, budget: ExpressionBudget, at: number): boolean {
  if (a !== null && b !== null && typeof a === "object" && typeof b === "object") {
    budget.inspect(a, at);
    budget.inspect(b, at);
  } else if (typeof a === "string") {
    budget.spendText(a.length, at);
  }
  return isEqual(a, b);
}

/** Text that is the same for equal values, whatever the order of keys; the value must have been inspected. */
export function canonicalText(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonicalText).join()}]`;
  if (!isObject(value)) return JSON.stringify(value);
  return `{${Object.keys(value).sort().map((key) => `${JSON.stringify(key)}:${canonicalText(value[key] ?? null)}`)}}`;
}

/** How a value reads inside text: text as it is, null as nothing, lists and objects as JSON. */
export function asText(value: Json, budget: ExpressionBudget, at: number): string {
  if (typeof value === "string") return value;
  if (value === null) return "";
  if (typeof value !== "object") return String(value);
  budget.measure(value, at);
  return JSON.stringify(value);
}

/** The number of characters (code points), not of UTF-16 units. */
export function characterCount(text: string): number {
  let count = text.length;
  for (let index = 0; index < text.length - 1; index++) {
    if (isHigh(text.charCodeAt(index)) && isLow(text.charCodeAt(index + 1))) count--;
  }
  return count;
}

function isHigh(unit: number): boolean {
  return unit >= 0xd800 && unit < 0xdc00;
}

function isLow(unit: number): boolean {
  return unit >= 0xdc00 && unit < 0xe000;
}
