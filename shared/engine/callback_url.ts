/**
 * URLs that complete waiting steps: whoever has one may end that wait, once, and nothing else.
 *
 * `<functions url>/hooks/callbacks/<run>.<node>[.<scope>].<signature>`: the place in the open (the scope in base64url,
 * since it holds slashes), and an HMAC-SHA-256 over it. Nothing of it is stored; that it works once is Postgres' doing.
 *
 * @module
 */

/** A waiting step. */
export interface CallbackPlace {
  runId: string;
  node: string;
  /** Empty = top level. */
  scope: string;
}

/** A place of the longest ids and the deepest scope is far shorter. */
const MAX_TOKEN_LENGTH = 2_000;

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const NODE = /^[A-Za-z0-9_-]{1,64}$/;

const encoder = new TextEncoder();
const keys = new Map<string, Promise<CryptoKey>>();

/**
 * Makes the URL.
 *
 * @param secret The project's default secret key; the MAC key is derived from it.
 * @param functionsUrl Where the functions answer, without a slash at the end.
 */
export async function callbackUrl(secret: string, functionsUrl: string, place: CallbackPlace): Promise<string> {
  return `${functionsUrl}/hooks/callbacks/${await signCallback(secret, place)}`;
}

/** The last part of the URL. */
export async function signCallback(secret: string, { runId, node, scope }: CallbackPlace): Promise<string> {
  const parts = [runId, node, ...(scope === "" ? [] : [toBase64Url(encoder.encode(scope))])];
  const text = parts.join(".");
  const mac = await crypto.subtle.sign("HMAC", await callbackKey(secret), encoder.encode(text));
  return `${text}.${toBase64Url(new Uint8Array(mac))}`;
}

/**
 * Reads the last part of a URL.
 *
 * @returns The step; null when the signature is not ours. The comparison takes the same time for every wrong one.
 */
export async function readCallback(secret: string, token: string): Promise<CallbackPlace | null> {
  if (token.length > MAX_TOKEN_LENGTH) return null;
  const parts = token.split(".");
  const signature = fromBase64Url(parts.pop() ?? "");
  const [runId = "", node = "", encoded, ...rest] = parts;
  if (signature === null || rest.length > 0 || !UUID.test(runId) || !NODE.test(node)) return null;
  const scope = encoded === undefined ? null : fromBase64Url(encoded);
  if (encoded !== undefined && (scope === null || scope.length === 0)) return null;
  const text = encoder.encode(parts.join("."));
  if (!await crypto.subtle.verify("HMAC", await callbackKey(secret), signature, text)) return null;
  return { runId, node, scope: scope === null ? "" : new TextDecoder().decode(scope) };
}

function callbackKey(secret: string): Promise<CryptoKey> {
  let key = keys.get(secret);
  if (key === undefined) keys.set(secret, key = deriveKey(secret));
  return key;
}

/** HKDF keeps this use of the secret key apart from every other. */
async function deriveKey(secret: string): Promise<CryptoKey> {
  const base = await crypto.subtle.importKey("raw", encoder.encode(secret), "HKDF", false, ["deriveKey"]);
  return await crypto.subtle.deriveKey(
    { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(0), info: encoder.encode("millrace callback v1") },
    base,
    { name: "HMAC", hash: "SHA-256", length: 256 },
    false,
    ["sign", "verify"],
  );
}

function toBase64Url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

// No return type: TypeScript 5.6 (Deno 2.1.4) has no `Uint8Array<ArrayBuffer>`, and TypeScript 6 needs it for WebCrypto.
function fromBase64Url(text: string) {
  if (!/^[A-Za-z0-9_-]*$/.test(text)) return null;
  try {
    const bytes = Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (char) => char.charCodeAt(0));
    // One text for one value: the last character has bits that say nothing.
    return toBase64Url(bytes) === text ? bytes : null;
  } catch {
    return null;
  }
}
