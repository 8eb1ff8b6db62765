/**
 * What nodes agree on about values. The rules are those of expressions (`shared/graph`): what is true, what is equal,
 * what comes first, how a path reads; so a condition means the same in an edge and in a node.
 *
 * @module
 */
import { z } from "zod";
import { isObject, type Json } from "../graph/mod.ts";

export { compareValues, isEqual, isObject, isTruthy } from "../graph/mod.ts";

/** Any JSON. Not checked level by level: configs and inputs come out of a JSON parser already. */
export const json = z.unknown() as z.ZodType<Json>;

/** Names that lead to prototypes somewhere; nothing may be stored under them. */
const UNSAFE_KEYS: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"]);

/** Whether nothing may be stored under this name. */
export function isUnsafeKey(key: string): boolean {
  return UNSAFE_KEYS.has(key);
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

/** How a value reads inside text: text as it is, null as nothing, lists and objects as JSON. */
export function asText(value: Json | undefined): string {
  if (typeof value === "string") return value;
  if (value === null || value === undefined) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
