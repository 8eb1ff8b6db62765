import { toBase64, toHex } from "../bytes/mod.ts";

/** Prefix of signing secrets: the form of Standard Webhooks, which Stripe and others use too. */
const PREFIX = "whsec_";

/**
 * Takes the prefix off a secret.
 *
 * @param secret With or without `whsec_`.
 * @returns The rest, usually base64.
 */
export function withoutSecretPrefix(secret: string): string {
  return secret.startsWith(PREFIX) ? secret.slice(PREFIX.length) : secret;
}

/**
 * A random signing secret of 32 bytes.
 *
 * @param config The endpoint's settings: where `secret_encoding` is `hex` the secret is, else it has the form of
 *   Standard Webhooks.
 */
export function newWebhookSecret(config: { readonly secret_encoding?: unknown }): string {
  const bytes = crypto.getRandomValues(new Uint8Array(32));
  return config.secret_encoding === "hex" ? toHex(bytes) : PREFIX + toBase64(bytes);
}
