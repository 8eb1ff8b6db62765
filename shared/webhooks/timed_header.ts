import { fromHex, fromText } from "./encoding.ts";
import { MAX_SIGNATURES, verifyHmac } from "./hmac.ts";
import { refuse, refuseMismatch, refuseMissing, refuseStale } from "./refuse.ts";
import type { SignedDelivery, WebhookRefusal } from "./types.ts";

/** Where a provider signs `t.body` by HMAC-SHA-256, and how old that may be. */
export interface TimedSignature {
  /** Its header, as the provider writes it. */
  header: string;
  /** Seconds that the signed time may lie in the past or, for clocks that differ, in the future. */
  toleranceSeconds: number;
}

/**
 * Checks `t=…,v1=…` over time and body, with the secrets as text for keys: Stripe and Calendly.
 *
 * @returns The signed time in seconds when the delivery is genuine and recent, else why it is refused.
 */
export async function checkTimedSignature(
  delivery: SignedDelivery,
  { header, toleranceSeconds }: TimedSignature,
): Promise<{ ok: true; seconds: number } | WebhookRefusal> {
  const secrets = delivery.secrets.filter((secret) => secret !== "");
  if (secrets.length === 0) return refuse("no_secret");
  const field = delivery.headers.get(header);
  if (field === null || field === "") return refuseMissing(header);
  const signed = parseTimedHeader(field);
  if (signed === null) return refuse("malformed_signature", timedForm(header));
  const genuine = await verifyHmac({
    hash: "SHA-256",
    keys: secrets.map(fromText),
    signatures: signed.signatures,
    content: [fromText(`${signed.time}.`), delivery.rawBody],
  });
  if (!genuine) return refuseMismatch(delivery.rawBody);
  const seconds = Number(signed.time);
  return refuseStale(seconds, delivery.now, toleranceSeconds) ?? { ok: true, seconds };
}

/** What a header such as `t=1614265330,v1=…` says. */
interface TimedHeader {
  /** The signed time, in seconds, digit for digit as it was signed. */
  time: string;
  signatures: Uint8Array[];
}

/**
 * Reads `t=1,v1=…,v1=…`, the form of Stripe and Calendly; other schemes (v0 of Stripe's test mode) are passed over.
 *
 * @param field The header's value.
 * @returns Null when it is malformed: two times, no `v1`, too many of them, a signature in another spelling.
 */
function parseTimedHeader(field: string): TimedHeader | null {
  if (field.length > 8_192) return null;
  const pairs = field.split(",").map((item) => {
    const [name = "", ...value] = item.trim().split("=");
    return { name, value: value.join("=") };
  });
  const times = pairs.filter((pair) => pair.name === "t");
  const values = pairs.filter((pair) => pair.name === "v1").map((pair) => pair.value);
  const [time] = times;
  if (times.length !== 1 || time === undefined || !/^\d{1,12}$/.test(time.value)) return null;
  if (values.length === 0 || values.length > MAX_SIGNATURES) return null;
  // Lower case only, as they write it: one signature has one spelling.
  const signatures = values.map((value) => /^[0-9a-f]{64}$/.test(value) ? fromHex(value) : null);
  return signatures.includes(null)
    ? null
    : { time: time.value, signatures: signatures.filter((bytes) => bytes !== null) };
}

/** What a timed header must look like, for who sets the webhook up. */
function timedForm(header: string): string {
  return `${header} must hold t= once, and v1= with 64 hex digits once to ${MAX_SIGNATURES} times`;
}
