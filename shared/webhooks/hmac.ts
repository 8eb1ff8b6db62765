/**
 * HMAC over raw bytes with WebCrypto, whose `verify` compares in constant time.
 *
 * @module
 */
import { toHex } from "./encoding.ts";

/**
 * Hash functions that may be chosen. SHA-1 is for old senders only: an HMAC does not depend on the collisions that it is
 * known for, but no adapter of ours takes it unless the settings name it.
 */
export type HmacHash = "SHA-1" | "SHA-256" | "SHA-512";

/** Signatures of one delivery that are tried; more are refused, because each costs a comparison. */
export const MAX_SIGNATURES = 16;

/** Bytes of a signature by hash. */
const SIGNATURE_BYTES: Readonly<Record<HmacHash, number>> = { "SHA-1": 20, "SHA-256": 32, "SHA-512": 64 };

/** What is to be checked. */
export interface HmacCheck {
  hash: HmacHash;
  /** Keys any of which may have signed; empty ones are passed over. */
  keys: readonly Uint8Array[];
  /** Signatures any of which may fit. */
  signatures: readonly Uint8Array[];
  /** The signed bytes, in parts. */
  content: readonly Uint8Array[];
}

/**
 * Checks whether one of the keys made one of the signatures.
 *
 * @param check Keys, signatures and content.
 * @returns True when one fits.
 */
export async function verifyHmac({ hash, keys, signatures, content }: HmacCheck): Promise<boolean> {
  const bytes = concat(content);
  for (const raw of keys) {
    if (raw.length === 0) continue;
    const key = await verifyingKey(hash, raw);
    for (const signature of signatures) {
      if (signature.length !== SIGNATURE_BYTES[hash]) continue;
      if (await crypto.subtle.verify("HMAC", key, concat([signature]), bytes)) return true;
    }
  }
  return false;
}

/** Keys made before, by hash and secret; they can not be read out. */
const verifyingKeys = new Map<string, Promise<CryptoKey>>();

/** How many an isolate remembers. */
const MAX_KEYS = 200;

function verifyingKey(hash: HmacHash, raw: Uint8Array): Promise<CryptoKey> {
  const name = `${hash} ${String.fromCharCode(...raw)}`;
  const known = verifyingKeys.get(name);
  if (known !== undefined) return known;
  const [oldest] = verifyingKeys.keys();
  if (oldest !== undefined && verifyingKeys.size >= MAX_KEYS) verifyingKeys.delete(oldest);
  const made = crypto.subtle.importKey("raw", concat([raw]), { name: "HMAC", hash }, false, ["verify"]);
  verifyingKeys.set(name, made);
  return made;
}

/** Signs the bytes, given in parts, with a key that is not empty. */
export async function signHmac(hash: HmacHash, key: Uint8Array, content: readonly Uint8Array[]): Promise<Uint8Array> {
  const imported = await crypto.subtle.importKey("raw", concat([key]), { name: "HMAC", hash }, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", imported, concat(content)));
}

/** Hashes bytes, as lower-case hex. */
export async function sha256Hex(content: readonly Uint8Array[]): Promise<string> {
  return toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", concat(content))));
}

/** Puts parts together; the return type is left to the compiler, whose versions name it differently. */
function concat(parts: readonly Uint8Array[]) {
  const all = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    all.set(part, offset);
    offset += part.length;
  }
  return all;
}
