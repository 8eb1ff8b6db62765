/**
 * Webhooks of Calendly. https://developer.calendly.com/api-docs/ZG9jOjM2MzE2MDM4-webhook-signatures
 *
 * @module
 */
import { z } from "zod";
import type { Json } from "../graph/mod.ts";
import { fromText, toHex } from "./encoding.ts";
import { signHmac } from "./hmac.ts";
import { asEventType, putAt, readBody, textAt } from "./read_body.ts";
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

/** As far in the past or future as Calendly advises. */
const SIGNATURE = { header: "Calendly-Webhook-Signature", toleranceSeconds: 180 };

/** Adapter for Calendly. */
export const calendly: WebhookAdapter = {
  provider: "calendly",
  title: "Calendly",
  description:
    "Bookings and cancellations. Give the secret that we make as signing_key when you subscribe at Calendly.",
  secretFrom: "us",
  configSchema: z.strictObject({}),
  // Calendly gives no id. The body holds the moment of the event and its subject, so each event has its own.
  dedupeByBody: true,
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
  return {
    ok: true,
    event: {
      eventKey: null,
      type: asEventType(textAt(read.body, ["event"])),
      body: read.body,
      timestampSeconds,
      dedupeByBody: true,
    },
  };
}

/** https://developer.calendly.com/api-docs/ZG9jOjM2MzE2MDM4-webhook-payload */
function invitee(now: Date): Json {
  const event = `https://api.calendly.com/scheduled_events/test-${crypto.randomUUID()}`;
  const start = new Date(now.getTime() + 86_400_000);
  const user = "https://api.calendly.com/users/TESTUSER00000000";
  return {
    event: "invitee.created",
    created_at: now.toISOString(),
    created_by: user,
    payload: {
      uri: `${event}/invitees/test-${crypto.randomUUID()}`,
      email: "ada@example.com",
      name: "Ada Lovelace",
      status: "active",
      timezone: "Europe/London",
      rescheduled: false,
      questions_and_answers: [{ question: "What is it about?", answer: "Engines", position: 0 }],
      cancel_url: "https://calendly.com/cancellations/test",
      reschedule_url: "https://calendly.com/reschedulings/test",
      scheduled_event: {
        uri: event,
        name: "30 Minute Meeting",
        status: "active",
        start_time: start.toISOString(),
        end_time: new Date(start.getTime() + 1_800_000).toISOString(),
        event_type: "https://api.calendly.com/event_types/TESTTYPE00000000",
        event_memberships: [{ user, user_email: "grace@example.com", user_name: "Grace Hopper" }],
      },
    },
  };
}

function sampleEvent({ now, body, eventType }: SampleOptions): SampleEvent {
  const event = body === undefined ? invitee(now) : body;
  return {
    text: JSON.stringify(eventType === undefined ? event : putAt(event, ["event"], eventType)),
    headers: { "content-type": "application/json" },
  };
}

async function sign({ rawBody, secret, now }: OutgoingDelivery): Promise<Record<string, string>> {
  if (secret === "") return {};
  const time = Math.floor(now.getTime() / 1000);
  const signature = toHex(await signHmac("SHA-256", fromText(secret), [fromText(`${time}.`), rawBody]));
  return { "calendly-webhook-signature": `t=${time},v1=${signature}` };
}
