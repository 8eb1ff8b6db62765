/**
 * Signatures of what we send, as Standard Webhooks has them. https://www.standardwebhooks.com
 *
 * @module
 */
import { toBase64 } from "../bytes/mod.ts";

/** Bytes of a new secret. */
const SECRET_BYTES = 32;

/** A new signing secret: `whsec_` and 32 random bytes in Base64. */
export function newSigningSecret(): string {
  return `whsec_${toBase64(crypto.getRandomValues(new Uint8Array(SECRET_BYTES)))}`;
}

/**
 * The headers of one attempt.
 *
 * @param secrets One, or two during a rotation: the receiver accepts whichever it knows.
 * @param message Its id, the same in each attempt, and the bytes of the body.
 * @param now When it is sent.
 * @throws {RangeError} A secret is none, or there is none.
 */
export async function signMessage(
  secrets: readonly string[],
  message: { readonly id: string; readonly body: Uint8Array },
  now: Date,
): Promise<Record<"webhook-id" | "webhook-timestamp" | "webhook-signature", string>> {
  if (secrets.length === 0) throw new RangeError("There is no secret to sign with");
  const timestamp = String(Math.floor(now.getTime() / 1000));
  const prefix = new TextEncoder().encode(`${message.id}.${timestamp}.`);
  const content = new Uint8Array(prefix.length + message.body.length);
  content.set(prefix);
  content.set(message.body, prefix.length);
  const signatures = await Promise.all(secrets.map(async (secret) => {
    const key = await signingKey(secret);
    return `v1,${toBase64(new Uint8Array(await crypto.subtle.sign("HMAC", key, content)))}`;
  }));
  return { "webhook-id": message.id, "webhook-timestamp": timestamp, "webhook-signature": signatures.join(" ") };
}

async function signingKey(secret: string): Promise<CryptoKey> {
  const match = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(secret);
  if (match?.[1] === undefined) throw new RangeError("This is no signing secret");
  const bytes = Uint8Array.from(atob(match[1]), (char) => char.charCodeAt(0));
  return await crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
}
