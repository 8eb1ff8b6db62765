/**
 * Value formats. @supabase/lite returns what the driver gives; PostgREST returns what `to_json` gives. These parsers
 * turn the one into the other, for PGlite (by type id) and for postgres.js (by name).
 *
 * @module
 */
import type postgres from "postgres";
import { undisguise } from "./lite_filters.ts";

type Parse = (text: string) => unknown;

/** `2026-01-31 10:00:00.5+00` → `2026-01-31T10:00:00.5+00:00`; `infinity` stays. */
function isoTimestamp(text: string): string {
  return text.replace(/^(\d{4,}-\d\d-\d\d) /, "$1T").replace(/([+-]\d\d)$/, "$1:00");
}

/** A JSON number, as PostgREST writes it; `NaN` and infinities stay text. */
function jsonNumber(text: string): number | string {
  const number = Number(text);
  return Number.isFinite(number) ? number : text;
}

const text: Parse = (value) => value;
const TYPES: Record<string, { oid: number; parse: Parse }> = {
  bytea: { oid: 17, parse: text },
  numeric: { oid: 1700, parse: jsonNumber },
  timestamp: { oid: 1114, parse: isoTimestamp },
  timestamptz: { oid: 1184, parse: isoTimestamp },
};

/** Parsers for PGlite's option `parsers`. */
export const PGLITE_PARSERS: Record<number, Parse> = Object.fromEntries(
  Object.values(TYPES).map(({ oid, parse }) => [oid, parse]),
);

/**
 * Serializers for PGlite's option of that name: it takes bytes only as bytes, PostgREST as hexadecimal text; booleans
 * only as such, while those of filters come as text (`lite_filters.ts`).
 */
export const PGLITE_SERIALIZERS: Record<number, (value: unknown) => string> = {
  16: String,
  25: toText,
  17: (value) => value instanceof Uint8Array ? `\\x${value.toHex()}` : String(value),
};

/** Types for lite's option `postgresOptions.types`. */
export const POSTGRES_TYPES: Record<string, postgres.PostgresType> = {
  ...Object.fromEntries(
    Object.entries(TYPES).map(([name, { oid, parse }]) => [name, { to: oid, from: [oid], serialize: String, parse }]),
  ),
  bool: { to: 16, from: [16], serialize: String, parse: (value: string) => value === "t" },
  string: { to: 25, from: [25], serialize: toText, parse: text },
  // lite hands jsonb arguments over as JSON text already; its own serializer would encode them a second time.
  jsonb: {
    to: 3802,
    from: [3802],
    serialize: (value: unknown) => typeof value === "string" ? value : JSON.stringify(value),
    parse: (value: string) => JSON.parse(value),
  },
};

/** A parameter of type text; see `lite_filters.ts`. */
function toText(value: unknown): string {
  return undisguise(String(value));
}
