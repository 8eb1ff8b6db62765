import type { Json } from "../graph/mod.ts";
import { NodeError } from "../nodes/mod.ts";

/** Bytes of JSON that the output of one step may have. */
export const MAX_OUTPUT_BYTES = 1_048_576;

/** Escapes that JSON text may hold and jsonb refuses: NUL and halves of surrogate pairs. */
const UNSTORABLE = /\\u(?:0000|[dD][89a-fA-F])/;

/** Text whose bytes are its characters. */
const ASCII = /^[\0-\x7f]*$/;

/**
 * A step's output as Postgres keeps it and gives it back: JSON, at most 1 MiB, characters that jsonb has no room for
 * replaced by U+FFFD, the keys of objects in jsonb's order. Whoever goes on from memory then reads the same as who takes
 * the step from Postgres: an attempt that is made again under the same idempotency key must send the same text.
 *
 * @throws {NodeError} `output_too_large`; `internal` when the value is no JSON.
 */
export function toStorable(output: unknown): Json {
  const text = JSON.stringify(output ?? null);
  if (text === undefined) throw new NodeError("The output is not JSON", { code: "internal" });
  // UTF-8 has at most three bytes for each UTF-16 unit, so short texts need no counting.
  if (text.length * 3 > MAX_OUTPUT_BYTES && new TextEncoder().encode(text).length > MAX_OUTPUT_BYTES) {
    throw new NodeError(`The output is larger than ${MAX_OUTPUT_BYTES} bytes`, { code: "output_too_large" });
  }
  return inStoredOrder(UNSTORABLE.test(text) ? JSON.parse(text, cleanValue) as Json : JSON.parse(text) as Json);
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
