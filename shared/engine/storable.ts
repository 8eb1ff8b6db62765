import type { Json } from "../graph/mod.ts";
import { NodeError } from "../nodes/mod.ts";

/** Bytes of JSON that the output of one step may have. */
export const MAX_OUTPUT_BYTES = 1_048_576;

/** Escapes that JSON text may hold and jsonb refuses: NUL and halves of surrogate pairs. */
const UNSTORABLE = /\\u(?:0000|[dD][89a-fA-F])/;

/**
 * A step's output as Postgres can keep it: JSON, at most 1 MiB, characters that jsonb has no room for replaced by
 * U+FFFD.
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
  return UNSTORABLE.test(text) ? JSON.parse(text, cleanValue) as Json : JSON.parse(text) as Json;
}

function cleanValue(_key: string, value: unknown): unknown {
  if (typeof value === "string") return cleanText(value);
  if (value === null || typeof value !== "object" || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [cleanText(key), entry]));
}

function cleanText(text: string): string {
  return text.replaceAll("\0", "\uFFFD").toWellFormed();
}
