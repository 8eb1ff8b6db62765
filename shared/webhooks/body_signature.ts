import { fromText } from "./encoding.ts";
import { verifyHmac } from "./hmac.ts";
import { refuse, refuseMismatch, refuseMissing } from "./refuse.ts";
import type { SignedDelivery, WebhookRefusal } from "./types.ts";

/** How a provider writes an HMAC-SHA-256 over nothing but the body. */
export interface BodySignature {
  /** Its header, as the provider writes it. */
  header: string;
  /** What stands before the signature. */
  prefix: string;
  /** Decodes the rest; null for any other spelling. */
  decode: (text: string) => Uint8Array | null;
  /** What the header must hold, for who sets the webhook up. */
  form: string;
}

/**
 * Checks an HMAC-SHA-256 over the body, with the secrets as text for keys: GitHub, Shopify and Typeform.
 *
 * @returns Null when the delivery is genuine, else why it is refused.
 */
export async function checkBodySignature(
  delivery: SignedDelivery,
  { header, prefix, decode, form }: BodySignature,
): Promise<WebhookRefusal | null> {
  const secrets = delivery.secrets.filter((secret) => secret !== "");
  if (secrets.length === 0) return refuse("no_secret");
  const field = delivery.headers.get(header);
  if (field === null || field === "") return refuseMissing(header);
  const signature = field.length <= 256 && field.startsWith(prefix) ? decode(field.slice(prefix.length)) : null;
  if (signature === null || signature.length !== 32) {
    return refuse("malformed_signature", `${header} must hold ${form}`);
  }
  const genuine = await verifyHmac({
    hash: "SHA-256",
    keys: secrets.map(fromText),
    signatures: [signature],
    content: [delivery.rawBody],
  });
  return genuine ? null : refuseMismatch(delivery.rawBody);
}
