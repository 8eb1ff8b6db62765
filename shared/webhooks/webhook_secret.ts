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
