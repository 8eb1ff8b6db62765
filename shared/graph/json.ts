/**
 * What everybody agrees on about JSON values: what is an object, what is true, what is equal, what comes first. A
 * condition means the same in an edge, an expression and a node, because all of them ask here.
 *
 * @module
 */
import type { Json, JsonObject } from "./types.ts";

/** Whether a value is an object, not null and not a list. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** False are null, false, 0 and empty text; all else is true. */
export function isTruthy(value: Json): boolean {
  return value !== null && value !== false && value !== 0 && value !== "";
}

/**
 * Whether two values are the same JSON: no conversion, the order of keys does not matter.
 *
 * The depth of the values must be bounded, as that of all parsed JSON is here.
 */
export function isEqual(a: Json, b: Json): boolean {
  if (a === b) return true;
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((item, index) => isEqual(item, b[index] ?? null));
  }
  if (!isObject(a) || !isObject(b)) return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && isEqual(a[key] ?? null, b[key] ?? null));
}

/**
 * The order of sorting: null, false, true, numbers, text (by UTF-16 units: the same everywhere).
 *
 * @returns Negative, zero or positive; null when lists or objects are compared.
 */
export function compareValues(a: Json, b: Json): number | null {
  const [rankA, rankB] = [rank(a), rank(b)];
  if (rankA < 0 || rankB < 0) return null;
  if (rankA !== rankB || a === null || b === null) return rankA - rankB;
  return a < b ? -1 : a > b ? 1 : 0;
}

function rank(value: Json): number {
  if (value === null) return 0;
  if (typeof value === "boolean") return value ? 2 : 1;
  if (typeof value === "number") return 3;
  return typeof value === "string" ? 4 : -1;
}
