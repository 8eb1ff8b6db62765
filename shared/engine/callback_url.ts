/**
 * URLs that complete waiting steps: whoever has one may end that wait, once, and nothing else.
 *
 * `<functions url>/hooks/callbacks/<run>.<node>[.<scope>].<signature>`: the place in the open (the scope in base64url,
 * since it holds slashes), and an HMAC-SHA-256 over it. Nothing of it is stored; that it works once is Postgres' doing.
 *
 * @module
 */
import { fromBase64Url, macKey, toBase64Url } from "../bytes/mod.ts";

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
/** What the key is for: {@link macKey}. */
const PURPOSE = "callback v1";

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
  const mac = await crypto.subtle.sign("HMAC", await macKey(secret, PURPOSE), encoder.encode(text));
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
  if (!await crypto.subtle.verify("HMAC", await macKey(secret, PURPOSE), signature, text)) return null;
  return { runId, node, scope: scope === null ? "" : new TextDecoder().decode(scope) };
}
