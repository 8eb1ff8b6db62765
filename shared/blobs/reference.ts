/**
 * References to values in Storage: what stands in a row instead of a large value.
 *
 * Only the engine makes them, and nobody can forge one: a value of a user that could be taken for a reference is itself
 * put into Storage, however small it is ({@linkcode isReserved}). And even a forged one would lead nowhere: where a blob
 * lies is said by the organization of the run that reads, never by the reference.
 *
 * @module
 */
import { toHex } from "../bytes/mod.ts";
import { internal } from "../errors/mod.ts";
import { isObject, type Json } from "../graph/mod.ts";

/** The only key of a reference. */
const KEY = "$blob";

/** Bytes of JSON above which a value goes to Storage: 128 KiB. */
export const INLINE_BYTES = 131_072;

/** Bytes that one blob may have: 16 MiB. */
export const MAX_BLOB_BYTES = 16_777_216;

/** Characters of the value's JSON text that a reference shows. */
const PREVIEW_LENGTH = 1_000;

const HASH = /^[0-9a-f]{64}$/;
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** What a reference says of its value. */
export interface BlobReference {
  /** SHA-256 of the value's canonical JSON text in UTF-8, in hex: its name. */
  sha256: string;
  /** Length of that text in bytes. */
  bytes: number;
  /** How that text begins; for people. */
  preview: string;
}

/**
 * The text that stands for a value: its JSON without spaces. The keys keep their order; values that went through
 * `toStorable` of the engine have jsonb's, so that equal values have equal texts.
 */
export function canonicalText(value: Json): string {
  return JSON.stringify(value);
}

/** SHA-256 in hex. */
export async function hashOf(bytes: Uint8Array): Promise<string> {
  // Copied into a buffer of its own: WebCrypto's types differ between the versions of TypeScript.
  const digest = await crypto.subtle.digest("SHA-256", Uint8Array.from(bytes));
  return toHex(new Uint8Array(digest));
}

/** A reference as JSON. */
export function toReference(sha256: string, bytes: number, text: string): Json {
  return { [KEY]: { sha256, bytes, preview: text.slice(0, PREVIEW_LENGTH).toWellFormed() } };
}

/** What a value refers to; null when it is no reference. To be asked only where the engine has recorded the value. */
export function readReference(value: Json | undefined): BlobReference | null {
  if (!isObject(value)) return null;
  const inner = value[KEY];
  if (!isObject(inner) || Object.keys(value).length !== 1) return null;
  const { sha256, bytes, preview } = inner;
  if (typeof sha256 !== "string" || !HASH.test(sha256)) return null;
  if (typeof bytes !== "number" || !Number.isInteger(bytes) || bytes < 1 || bytes > MAX_BLOB_BYTES) return null;
  return { sha256, bytes, preview: typeof preview === "string" ? preview : "" };
}

/**
 * Whether a value that is no reference could be taken for one: it has the key of references, or is a list with such an
 * element (what several ways out of a region give is joined to a list).
 */
export function isReserved(value: Json): boolean {
  return Array.isArray(value) ? value.some(hasKey) : hasKey(value);
}

/**
 * Where a blob lies in the bucket.
 *
 * @param organizationId The organization of the run that reads or writes it.
 * @throws {AppError} `internal` when one of the two is not what it should be.
 */
export function blobPath(organizationId: string, sha256: string): string {
  if (!UUID.test(organizationId) || !HASH.test(sha256)) throw internal("There is no such place for a blob");
  return `${organizationId}/${sha256}.json`;
}

function hasKey(value: Json): boolean {
  return isObject(value) && Object.hasOwn(value, KEY);
}
