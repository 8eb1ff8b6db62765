/**
 * What nodes agree on about values. The rules are those of expressions (`shared/graph`): what is true, what is equal,
 * what comes first, how a path reads; so a condition means the same in an edge and in a node.
 *
 * @module
 */
import { z } from "zod";
import type { Json, JsonObject } from "../graph/mod.ts";

/** Any JSON. Not checked level by level: configs and inputs come out of a JSON parser already. */
export const json = z.unknown() as z.ZodType<Json>;

/** Names that lead to prototypes somewhere; nothing may be stored under them. */
const UNSAFE_KEYS: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"]);

/** Whether a value is an object, not null and not a list. */
export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether nothing may be stored under this name. */
export function isUnsafeKey(key: string): boolean {
  return UNSAFE_KEYS.has(key);
}

/** False are null, false, 0 and empty text; all else is true. */
export function isTruthy(value: Json): boolean {
  return value !== null && value !== false && value !== 0 && value !== "";
}

/** Reads an own property; undefined when there is none. */
export function ownProperty(value: Json | undefined, key: string): Json | undefined {
  if (isObject(value)) return Object.hasOwn(value, key) ? value[key] : undefined;
  return Array.isArray(value) && /^\d{1,9}$/.test(key) ? value[Number(key)] : undefined;
}

/**
 * Splits a path such as `customer.emails.0`. A dot inside a name is written `\.`.
 *
 * @param path The path.
 * @returns Its parts, never empty texts only.
 */
export function splitPath(path: string): string[] {
  return path.split(/(?<!\\)\./).map((part) => part.replaceAll("\\.", "."));
}

/** Reads along a path; undefined when it leads nowhere. */
export function valueAt(value: Json, path: readonly string[]): Json | undefined {
  let current: Json | undefined = value;
  for (const key of path) current = ownProperty(current, key);
  return current;
}

/** Whether two values are the same JSON: no conversion, the order of keys does not matter. */
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

/** How a value reads inside text: text as it is, null as nothing, lists and objects as JSON. */
export function asText(value: Json | undefined): string {
  if (typeof value === "string") return value;
  if (value === null || value === undefined) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
