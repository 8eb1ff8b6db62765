import { fromHex } from "./encoding.ts";
import { MAX_SIGNATURES } from "./hmac.ts";

/** What a header such as `t=1614265330,v1=…` says. */
export interface TimedHeader {
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
export function parseTimedHeader(field: string): TimedHeader | null {
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
export function timedForm(header: string): string {
  return `${header} must hold t= once, and v1= with 64 hex digits once to ${MAX_SIGNATURES} times`;
}
