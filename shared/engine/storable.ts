import type { Json } from "../graph/mod.ts";
import { NodeError } from "../nodes/mod.ts";

/** Bytes of JSON that one value in a row of Postgres may have: inputs, waits, items, and outputs where Storage is not set up. */
export const MAX_INLINE_BYTES = 1_048_576;

/** Escapes that JSON text may hold and jsonb refuses: NUL and halves of surrogate pairs. */
const UNSTORABLE = /\\u(?:0000|[dD][89a-fA-F])/;

/** Text whose bytes are its characters. */
const ASCII = /^[\0-\x7f]*$/;

/**
 * A value as Postgres keeps it and gives it back: JSON, at most so many bytes, characters that jsonb has no room for
 * replaced by U+FFFD, the keys of objects in jsonb's order. Whoever goes on from memory then reads the same as who takes
 * the step from Postgres: an attempt that is made again under the same idempotency key must send the same text.
 *
 * @param maxBytes Bytes of JSON that it may have. Default 1 MiB.
 * @throws {NodeError} `output_too_large`; `internal` when the value is no JSON.
 */
export function toStorable(output: unknown, maxBytes: number = MAX_INLINE_BYTES): Json {
  return measureStorable(output, maxBytes).value;
}

/** The same, with the length of the value's JSON text in UTF-16 units. */
export function measureStorable(output: unknown, maxBytes: number): { value: Json; length: number } {
  const text = JSON.stringify(output ?? null);
  if (text === undefined) throw new NodeError("The output is not JSON", { code: "internal" });
  // UTF-8 has at most three bytes for each UTF-16 unit, so short texts need no counting.
  if (text.length * 3 > maxBytes && new TextEncoder().encode(text).length > maxBytes) {
    throw new NodeError(`The output is larger than ${maxBytes} bytes`, { code: "output_too_large" });
  }
  const value = UNSTORABLE.test(text) ? JSON.parse(text, cleanValue) as Json : JSON.parse(text) as Json;
  return { value: inStoredOrder(value), length: text.length };
}

/** Sorts the keys of all objects as jsonb does: by their length in bytes, then by their bytes. */
function inStoredOrder(value: Json): Json {
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return value.map(inStoredOrder);
  const entries = Object.entries(value).sort(([a], [b]) => compareKeys(a, b));
  return Object.fromEntries(entries.map(([key, entry]) => [key, inStoredOrder(entry)]));
}

function compareKeys(a: string, b: string): number {
  if (ASCII.test(a) && ASCII.test(b)) return a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);
  const [left, right] = [new TextEncoder().encode(a), new TextEncoder().encode(b)];
  if (left.length !== right.length) return left.length - right.length;
  const place = left.findIndex((byte, index) => byte !== right[index]);
  return place === -1 ? 0 : (left[place] ?? 0) - (right[place] ?? 0);
}

function cleanValue(_key: string, value: unknown): unknown {
  if (typeof value === "string") return cleanText(value);
  if (value === null || typeof value !== "object" || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [cleanText(key), entry]));
}

function cleanText(text: string): string {
  return text.replaceAll("\0", "\uFFFD").toWellFormed();
}
