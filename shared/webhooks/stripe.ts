/**
 * Webhooks of Stripe. https://docs.stripe.com/webhooks#verify-manually
 *
 * Verified by WebCrypto and not by Stripe's SDK (23.1.0), which is used as an oracle in the tests. The SDK would cost
 * an import of 16 to 36 ms on the hottest door, and it is looser than we are: it signs the *decoded* text, so that
 * bytes which are not UTF-8 collapse; it reads the time with `parseInt`, so that `t=123abc` passes; it takes any
 * number of signatures and any time in the future; and it knows one secret a call.
 *
 * @module
 */
import { z } from "zod";
import { fromHex, fromText } from "./encoding.ts";
import { MAX_SIGNATURES, verifyHmac } from "./hmac.ts";
import { asEventKey, asEventType, readBody, textAt } from "./read_body.ts";
import type { SignedDelivery, WebhookAdapter, WebhookDelivery, WebhookRejection, WebhookVerdict } from "./types.ts";

/** Seconds that a signature may lie in the past or, for clocks that differ, in the future. */
const TOLERANCE_SECONDS = 300;

/** Adapter for Stripe. */
export const stripe: WebhookAdapter = {
  provider: "stripe",
  title: "Stripe",
  description:
    "Events of a Stripe account. Stripe shows the signing secret (whsec_…) when the endpoint is added there.",
  secretFrom: "provider",
  configSchema: z.strictObject({}),
  dedupeByBody: false,
  verify,
  read: (delivery) => toVerdict(delivery, null),
};

async function verify(delivery: SignedDelivery): Promise<WebhookVerdict> {
  const secrets = delivery.secrets.filter((secret) => secret !== "");
  if (secrets.length === 0) return refuse("no_secret");
  const field = delivery.headers.get("stripe-signature");
  if (field === null || field === "") return refuse("missing_signature");
  const header = parseHeader(field);
  if (header === null) return refuse("malformed_signature");
  const genuine = await verifyHmac({
    hash: "SHA-256",
    // The whole secret with its prefix is the key; it is not base64 to Stripe.
    keys: secrets.map(fromText),
    signatures: header.signatures,
    content: [fromText(`${header.time}.`), delivery.rawBody],
  });
  if (!genuine) return refuse("signature_mismatch");
  const seconds = Number(header.time);
  if (Math.abs(delivery.now.getTime() / 1000 - seconds) > TOLERANCE_SECONDS) return refuse("stale_timestamp");
  return toVerdict(delivery, seconds);
}

/** Reads `t=1,v1=…,v1=…`; other schemes (v0 of test mode) are passed over. Null when it is malformed. */
function parseHeader(field: string): { time: string; signatures: Uint8Array[] } | null {
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
  // Lower case only, as Stripe writes it: one signature has one spelling.
  const signatures = values.map((value) => /^[0-9a-f]{64}$/.test(value) ? fromHex(value) : null);
  return signatures.includes(null)
    ? null
    : { time: time.value, signatures: signatures.filter((bytes) => bytes !== null) };
}

function toVerdict(delivery: WebhookDelivery, timestampSeconds: number | null): WebhookVerdict {
  const read = readBody(delivery, "json");
  if (!read.ok) return read;
  const eventKey = asEventKey(textAt(read.body, ["id"]));
  return {
    ok: true,
    event: {
      eventKey,
      type: asEventType(textAt(read.body, ["type"])),
      body: read.body,
      timestampSeconds,
      dedupeByBody: timestampSeconds === null || eventKey === null,
    },
  };
}

function refuse(reason: WebhookRejection): WebhookVerdict {
  return { ok: false, reason };
}
