/**
 * Webhooks of Typeform. https://www.typeform.com/developers/webhooks/secure-your-webhooks/
 *
 * @module
 */
import { z } from "zod";
import type { Json } from "../graph/mod.ts";
import { type BodySignature, checkBodySignature } from "./body_signature.ts";
import { fromBase64, fromText, toBase64 } from "./encoding.ts";
import { signHmac } from "./hmac.ts";
import { asEventKey, asEventType, putAt, readBody, textAt } from "./read_body.ts";
import type {
  OutgoingDelivery,
  SampleEvent,
  SampleOptions,
  SignedDelivery,
  WebhookAdapter,
  WebhookDelivery,
  WebhookVerdict,
} from "./types.ts";

const PREFIX = "sha256=";

const SIGNATURE: BodySignature = {
  header: "Typeform-Signature",
  prefix: PREFIX,
  decode: fromBase64,
  form: "sha256= and 32 bytes in base64",
};

/** Adapter for Typeform. */
export const typeform: WebhookAdapter = {
  provider: "typeform",
  title: "Typeform",
  description: "Responses to a form. Paste the secret that we make into the webhook's settings at Typeform.",
  secretFrom: "us",
  configSchema: z.strictObject({}),
  // No time is signed, so a recorded delivery stays valid for ever: the same body is the same event.
  dedupeByBody: true,
  verify,
  read: toVerdict,
  sampleEvent,
  sign,
};

async function verify(delivery: SignedDelivery): Promise<WebhookVerdict> {
  return await checkBodySignature(delivery, SIGNATURE) ?? toVerdict(delivery);
}

function toVerdict(delivery: WebhookDelivery): WebhookVerdict {
  const read = readBody(delivery, "json");
  if (!read.ok) return read;
  return {
    ok: true,
    event: {
      eventKey: asEventKey(textAt(read.body, ["event_id"])),
      type: asEventType(textAt(read.body, ["event_type"])),
      body: read.body,
      timestampSeconds: null,
      dedupeByBody: true,
    },
  };
}

/** https://www.typeform.com/developers/webhooks/example-payload/ */
function formResponse(now: Date): Json {
  const token = crypto.randomUUID().replaceAll("-", "");
  const time = now.toISOString().replace(/\.\d+Z$/, "Z");
  const fields = [
    { id: "name_field", type: "short_text", title: "What is your name?", ref: "name" },
    { id: "email_field", type: "email", title: "What is your e-mail address?", ref: "email" },
  ];
  return {
    event_id: `test_${token}`,
    event_type: "form_response",
    form_response: {
      form_id: "test_form",
      token,
      landed_at: time,
      submitted_at: time,
      definition: { id: "test_form", title: "Test form", fields },
      answers: [
        { type: "text", text: "Ada Lovelace", field: { id: "name_field", type: "short_text", ref: "name" } },
        { type: "email", email: "ada@example.com", field: { id: "email_field", type: "email", ref: "email" } },
      ],
    },
  };
}

function sampleEvent({ now, body, eventType }: SampleOptions): SampleEvent {
  const event = body === undefined ? formResponse(now) : body;
  return {
    text: JSON.stringify(eventType === undefined ? event : putAt(event, ["event_type"], eventType)),
    headers: { "content-type": "application/json" },
  };
}

async function sign({ rawBody, secret }: OutgoingDelivery): Promise<Record<string, string>> {
  if (secret === "") return {};
  return { "typeform-signature": PREFIX + toBase64(await signHmac("SHA-256", fromText(secret), [rawBody])) };
}
