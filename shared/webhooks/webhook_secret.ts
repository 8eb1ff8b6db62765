/** Prefix of signing secrets: the form of Standard Webhooks, which Stripe and others use too. */
const PREFIX = "whsec_";

/**
 * Makes a signing secret.
 *
 * @param byteCount Random bytes, 24 to 64; 32 by default.
 * @returns `whsec_` and base64.
 * @throws {RangeError} For another number of bytes.
 */
export function generateWebhookSecret(byteCount = 32): string {
  if (!Number.isInteger(byteCount) || byteCount < 24 || byteCount > 64) {
    throw new RangeError("A signing secret has 24 to 64 bytes");
  }
  return PREFIX + btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(byteCount))));
}

/**
 * Takes the prefix off a secret.
 *
 * @param secret With or without `whsec_`.
 * @returns The rest, usually base64.
 */
export function withoutSecretPrefix(secret: string): string {
  return secret.startsWith(PREFIX) ? secret.slice(PREFIX.length) : secret;
}
