/**
 * Webhooks of Typeform. https://www.typeform.com/developers/webhooks/secure-your-webhooks/
 *
 * @module
 */
import { z } from "zod";
import { fromBase64, fromText } from "./encoding.ts";
import { verifyHmac } from "./hmac.ts";
import { asEventKey, asEventType, readBody, textAt } from "./read_body.ts";
import type { SignedDelivery, WebhookAdapter, WebhookDelivery, WebhookRejection, WebhookVerdict } from "./types.ts";

const PREFIX = "sha256=";

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
};

async function verify(delivery: SignedDelivery): Promise<WebhookVerdict> {
  const secrets = delivery.secrets.filter((secret) => secret !== "");
  if (secrets.length === 0) return refuse("no_secret");
  const field = delivery.headers.get("typeform-signature");
  if (field === null || field === "") return refuse("missing_signature");
  const signature = field.startsWith(PREFIX) ? fromBase64(field.slice(PREFIX.length)) : null;
  if (signature === null || signature.length !== 32) return refuse("malformed_signature");
  const genuine = await verifyHmac({
    hash: "SHA-256",
    keys: secrets.map(fromText),
    signatures: [signature],
    content: [delivery.rawBody],
  });
  return genuine ? toVerdict(delivery) : refuse("signature_mismatch");
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

function refuse(reason: WebhookRejection): WebhookVerdict {
  return { ok: false, reason };
}
