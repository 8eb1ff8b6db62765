import { fromBase64Url, toBase64Url } from "../bytes/mod.ts";
import type { Env } from "../env/mod.ts";
import { netstrings } from "./netstrings.ts";

/** The public half of a key, as it is published. */
export interface AuditPublicKey {
  readonly kty: "OKP";
  readonly crv: "Ed25519";
  /** The key, base64url. */
  readonly x: string;
}

/** A key that signs seals. */
export interface AuditSigner {
  /** Thumbprint of the key (RFC 7638). */
  readonly id: string;
  readonly publicKey: AuditPublicKey;
  /** Signs text as UTF-8. */
  sign(text: string): Promise<Uint8Array>;
}

/** A private JWK. */
interface PrivateJwk extends AuditPublicKey {
  readonly d: string;
}

const encoder = new TextEncoder();
const signers = new WeakMap<Env, Promise<AuditSigner[]>>();

/**
 * The keys that sign: those of `MILLRACE_AUDIT_KEY`, the first signs and the others endorse it; without it one that is
 * derived from the project's secret key, so that nothing has to be set up to begin with.
 *
 * @returns One at least.
 */
export function auditSigners(env: Env): Promise<AuditSigner[]> {
  let loaded = signers.get(env);
  if (loaded === undefined) {
    loaded = load(env);
    signers.set(env, loaded);
  }
  return loaded;
}

async function load(env: Env): Promise<AuditSigner[]> {
  const given = env.auditKeys as readonly PrivateJwk[] | null;
  if (given !== null) return await Promise.all(given.map(signerOf));
  return [await signerOf(await deriveKey(env.secretKeys.default))];
}

/** Key derivation by HKDF (RFC 5869) of the seed of an Ed25519 key (RFC 8032). */
async function deriveKey(secret: string): Promise<PrivateJwk> {
  const input = await crypto.subtle.importKey("raw", encoder.encode(secret), "HKDF", false, ["deriveBits"]);
  const seed = await crypto.subtle.deriveBits(
    { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info: encoder.encode("millrace audit key 1") },
    input,
    256,
  );
  // PKCS #8 of an Ed25519 key (RFC 8410) is this head and the seed; WebCrypto tells the public half of it.
  const head = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
  const key = await crypto.subtle.importKey(
    "pkcs8",
    new Uint8Array([...head, ...new Uint8Array(seed)]),
    "Ed25519",
    true,
    ["sign"],
  );
  return await crypto.subtle.exportKey("jwk", key) as unknown as PrivateJwk;
}

async function signerOf({ x, d }: PrivateJwk): Promise<AuditSigner> {
  const publicKey: AuditPublicKey = { kty: "OKP", crv: "Ed25519", x };
  const key = await crypto.subtle.importKey("jwk", { ...publicKey, d }, "Ed25519", false, ["sign"]);
  return {
    id: await keyId(publicKey),
    publicKey,
    sign: async (text) => new Uint8Array(await crypto.subtle.sign("Ed25519", key, encoder.encode(text))),
  };
}

/** Thumbprint of a public key (RFC 7638): SHA-256 of its members in order, base64url. */
export async function keyId({ x }: AuditPublicKey): Promise<string> {
  const text = JSON.stringify({ crv: "Ed25519", kty: "OKP", x });
  return toBase64Url(new Uint8Array(await crypto.subtle.digest("SHA-256", encoder.encode(text))));
}

/** Whether a signature over a text is by a key. */
export async function isSignedBy(publicKey: AuditPublicKey, signature: Uint8Array, text: string): Promise<boolean> {
  // A key of small order signs anything: the seven spellings of y in {0, 1, p-1} and of order 8.
  const x = fromBase64Url(publicKey.x);
  if (x === null || x.length !== 32 || signature.length !== 64) return false;
  if (SMALL_ORDER.includes(publicKey.x)) return false;
  const key = await crypto.subtle.importKey("raw", x, "Ed25519", false, ["verify"]);
  return await crypto.subtle.verify("Ed25519", key, Uint8Array.from(signature), encoder.encode(text));
}

const SMALL_ORDER = [
  "0000000000000000000000000000000000000000000000000000000000000000",
  "0100000000000000000000000000000000000000000000000000000000000000",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
].map((hex) => toBase64Url(Uint8Array.from(hex.match(/../g)!, (byte) => parseInt(byte, 16))));

/** What is signed of a seal: its link, in hex, and when, microseconds since 1970. */
export function signedText(link: string, signedAt: string): string {
  return netstrings("millrace-audit-signature-1", link, signedAt);
}

/** What a key signs of the one that follows it. */
export function endorsedText(id: string): string {
  return netstrings("millrace-audit-key-1", id);
}
