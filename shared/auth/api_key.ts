/**
 * The text of API keys: `mr_live_` or `mr_test_`, 32 random characters, and six of a checksum. Portal tokens are made in
 * the same way: `mr_portal_`.
 *
 * The checksum (CRC-32 of all before it, in base62 with leading zeros, as GitHub's tokens have it:
 * https://github.blog/engineering/platform-security/behind-githubs-new-authentication-token-formats/) tells a mistyped
 * or cut key without asking anybody, and lets secret scanners be sure of what they found. It protects nothing: what
 * cannot be guessed are the 190 random bits before it. Four characters of these are shown in lists, and four of the
 * checksum, so that some 140 bits stay unknown to who reads a list.
 *
 * @module
 */
import { toHex } from "../bytes/mod.ts";

/** Which of its own systems the holder of a key uses it in; portal = it is no key of the API but a portal token. */
export type ApiKeyMode = "live" | "test" | "portal";

/** A new key. The text is to be shown once and kept nowhere. */
export interface NewApiKey {
  /** The whole key. */
  readonly text: string;
  /** SHA-256 of the text in hex: what the database knows it by. */
  readonly hash: string;
  /** `mr_live_` and the first four characters, for lists. */
  readonly prefix: string;
  /** The last four characters, for lists. */
  readonly lastFour: string;
}

const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const RANDOM_LENGTH = 32;
const CHECKSUM_LENGTH = 6;
const FORM = /^mr_(?:live|test|portal)_[0-9A-Za-z]{38}$/;

const encoder = new TextEncoder();
const crcTable = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit++) value = (value & 1) === 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

/** Gives bytes that nobody can guess, others each round. */
export type ByteSource = (round: number) => Uint8Array | Promise<Uint8Array>;

/**
 * Makes a key.
 *
 * @param source Where its random part comes from; the system's random numbers when absent.
 */
export async function generateApiKey(mode: ApiKeyMode, source: ByteSource = randomBytes): Promise<NewApiKey> {
  const body = `mr_${mode}_${await digitsOf(source)}`;
  const text = body + checksum(body);
  return {
    text,
    hash: await hashApiKey(text),
    prefix: text.slice(0, `mr_${mode}_`.length + 4),
    lastFour: text.slice(-4),
  };
}

/** Whether a text has the form of a key and the checksum of one. Says nothing about whether there is such a key. */
export function isApiKey(text: string): boolean {
  if (!FORM.test(text)) return false;
  return checksum(text.slice(0, -CHECKSUM_LENGTH)) === text.slice(-CHECKSUM_LENGTH);
}

/** SHA-256 of a key in hex. Nothing slower is needed for a text that nobody can guess. */
export async function hashApiKey(text: string): Promise<string> {
  return toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", encoder.encode(text))));
}

function randomBytes(): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(RANDOM_LENGTH * 2));
}

/** Digits of base62, each as likely as any other: bytes that would favour the first ones are thrown away. */
async function digitsOf(source: ByteSource): Promise<string> {
  let text = "";
  for (let round = 0; text.length < RANDOM_LENGTH; round++) {
    for (const byte of await source(round)) {
      if (byte < 248 && text.length < RANDOM_LENGTH) text += DIGITS[byte % 62];
    }
  }
  return text;
}

function checksum(text: string): string {
  let crc = 0xffffffff;
  for (const byte of encoder.encode(text)) crc = (crcTable[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8);
  let rest = (crc ^ 0xffffffff) >>> 0;
  let digits = "";
  for (let place = 0; place < CHECKSUM_LENGTH; place++) {
    digits = DIGITS[rest % 62] + digits;
    rest = Math.floor(rest / 62);
  }
  return digits;
}
