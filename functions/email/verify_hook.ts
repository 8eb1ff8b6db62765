import { unauthorized } from "../../shared/errors/mod.ts";

/** Seconds by which a signed time may be off. */
const TOLERANCE_SECONDS = 300;
/** Signatures that are looked at. */
const MAX_SIGNATURES = 16;

/**
 * Verifies a call of Supabase Auth's hooks: Standard Webhooks, HMAC-SHA-256 over `id.timestamp.body`.
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 *
 * @param secrets `v1,whsec_…`, as Auth shows them; one of them must have signed.
 * @returns The id of the call.
 * @throws {AppError} `unauthorized`.
 */
export async function verifyHook(
  headers: Headers,
  body: Uint8Array,
  secrets: readonly string[],
  now = Date.now(),
): Promise<string> {
  const id = headers.get("webhook-id") ?? "";
  const time = headers.get("webhook-timestamp") ?? "";
  const signatures = (headers.get("webhook-signature") ?? "").split(" ").filter((entry) => entry.startsWith("v1,"));
  if (!/^[\x21-\x7e]{1,256}$/.test(id) || !/^\d{1,12}$/.test(time) || signatures.length === 0) {
    throw unauthorized("The call is not signed");
  }
  if (Math.abs(now / 1_000 - Number(time)) > TOLERANCE_SECONDS) throw unauthorized("The signed time is not now");
  const head = new TextEncoder().encode(`${id}.${time}.`);
  const signed = new Uint8Array(head.length + body.length);
  signed.set(head);
  signed.set(body, head.length);
  for (const secret of secrets) {
    const key = await crypto.subtle.importKey("raw", decode(secret.replace(/^v1,whsec_/, "")), HMAC, false, ["verify"]);
    for (const entry of signatures.slice(0, MAX_SIGNATURES)) {
      const signature = decode(entry.slice(3));
      // Compares in the same time whatever differs.
      if (signature.length === 32 && await crypto.subtle.verify("HMAC", key, signature, signed)) return id;
    }
  }
  throw unauthorized("The signature does not fit");
}

const HMAC = { name: "HMAC", hash: "SHA-256" };

/** Strict base64; nothing when it is none. */
function decode(text: string) {
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text)) return new Uint8Array();
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
