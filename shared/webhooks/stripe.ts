/**
 * Webhooks of Stripe. https://docs.stripe.com/webhooks#verify-manually
 *
 * Verified by WebCrypto and not by Stripe's SDK (23.1.0), which is used as an oracle in the tests. The SDK would cost
 * an import of 16 to 36 ms on the hottest door, and it is looser than we are: it signs the *decoded* text, so that
 * bytes which are not UTF-8 collapse; it reads the time with `parseInt`, so that `t=123abc` passes; it takes any
 * number of signatures and any time in the future; and it knows one secret a call. Test events are signed here too,
 * for the same reason: the SDK weighs 23 MB unpacked, and whatever this file imports, lazily too, is packed with it.
 *
 * @module
 */
import { z } from "zod";
import type { Json } from "../graph/mod.ts";
import { fromText, toHex } from "./encoding.ts";
import { signHmac } from "./hmac.ts";
import { asEventKey, asEventType, putAt, readBody, textAt } from "./read_body.ts";
import { checkTimedSignature } from "./timed_header.ts";
import type {
  OutgoingDelivery,
  SampleEvent,
  SampleOptions,
  SignedDelivery,
  WebhookAdapter,
  WebhookDelivery,
  WebhookVerdict,
} from "./types.ts";

/** The whole secret with its prefix is the key: it is no base64 to Stripe. */
const SIGNATURE = { header: "Stripe-Signature", toleranceSeconds: 300 };

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
  sampleEvent,
  sign,
};

async function verify(delivery: SignedDelivery): Promise<WebhookVerdict> {
  const checked = await checkTimedSignature(delivery, SIGNATURE);
  return checked.ok ? toVerdict(delivery, checked.seconds) : checked;
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

/** https://docs.stripe.com/api/events/object */
function checkoutSession(now: Date): Json {
  const id = crypto.randomUUID().replaceAll("-", "");
  return {
    id: `evt_test_${id}`,
    object: "event",
    api_version: "2026-10-28.endive",
    created: Math.floor(now.getTime() / 1000),
    livemode: false,
    pending_webhooks: 1,
    request: { id: null, idempotency_key: null },
    type: "checkout.session.completed",
    data: {
      object: {
        id: `cs_test_${id}`,
        object: "checkout.session",
        amount_total: 4200,
        currency: "eur",
        customer_details: { email: "ada@example.com", name: "Ada Lovelace" },
        livemode: false,
        mode: "payment",
        payment_status: "paid",
        status: "complete",
      },
    },
  };
}

function sampleEvent({ now, body, eventType }: SampleOptions): SampleEvent {
  const event = body === undefined ? checkoutSession(now) : body;
  return {
    text: JSON.stringify(eventType === undefined ? event : putAt(event, ["type"], eventType)),
    headers: { "content-type": "application/json; charset=utf-8" },
  };
}

async function sign({ rawBody, secret, now }: OutgoingDelivery): Promise<Record<string, string>> {
  if (secret === "") return {};
  const time = Math.floor(now.getTime() / 1000);
  const signature = toHex(await signHmac("SHA-256", fromText(secret), [fromText(`${time}.`), rawBody]));
  return { "stripe-signature": `t=${time},v1=${signature}` };
}
