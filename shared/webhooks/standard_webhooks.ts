/**
 * Standard Webhooks, as Svix, Resend and many others send them.
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 *
 * @module
 */
import { z } from "zod";
import type { Json } from "../graph/mod.ts";
import { verifyEd25519 } from "./ed25519.ts";
import { fromBase64, fromText, toBase64 } from "./encoding.ts";
import { MAX_SIGNATURES, signHmac, verifyHmac } from "./hmac.ts";
import { asEventKey, asEventType, putAt, readBody, textAt } from "./read_body.ts";
import { refuse, refuseMismatch, refuseMissing, refuseStale } from "./refuse.ts";
import type {
  OutgoingDelivery,
  SampleEvent,
  SampleOptions,
  SignedDelivery,
  WebhookAdapter,
  WebhookDelivery,
  WebhookVerdict,
} from "./types.ts";
import { withoutSecretPrefix } from "./webhook_secret.ts";

/** Seconds that a signature may lie in the past or, for clocks that differ, in the future. */
const TOLERANCE_SECONDS = 300;

/** Prefix of a public Ed25519 key, with which nothing can be signed. */
const PUBLIC_KEY_PREFIX = "whpk_";

const configSchema = z.strictObject({
  sender: z.enum(["standard", "svix", "resend"]).default("standard").describe(
    "Who sends: names the headers and the shape of test events. All three are received alike",
  ),
});

/** Adapter for Standard Webhooks. */
export const standardWebhooks: WebhookAdapter = {
  provider: "standard_webhooks",
  title: "Standard Webhooks (Svix, Resend)",
  description:
    "Any sender of Standard Webhooks. It shows the signing secret (whsec_…), or a public key (whpk_…) for Ed25519.",
  secretFrom: "provider",
  configSchema,
  dedupeByBody: false,
  verify,
  read: (delivery) => toVerdict(delivery, delivery.headers.get(`${family(delivery.headers)}-id`), null),
  sampleEvent,
  sign,
};

/** The start of its headers' names; those of the other family are not looked at then. */
function family(headers: Headers): "webhook" | "svix" {
  return headers.has("webhook-signature") || !headers.has("svix-signature") ? "webhook" : "svix";
}

async function verify(delivery: SignedDelivery): Promise<WebhookVerdict> {
  const { headers, now, rawBody } = delivery;
  const keys = toKeys(delivery.secrets);
  if (keys.symmetric.length + keys.public.length === 0) return refuse("no_secret");
  const names = family(headers);
  const field = headers.get(`${names}-signature`);
  if (field === null || field === "") return refuseMissing(`${names}-signature`);
  const signatures = parseSignatures(field);
  if (signatures === null) {
    const form = `once to ${MAX_SIGNATURES} times v1, and 32 bytes or v1a, and 64 bytes in base64, separated by spaces`;
    return refuse("malformed_signature", `${names}-signature must hold ${form}`);
  }
  const id = headers.get(`${names}-id`);
  // Without a dot, which separates what is signed: the same bytes must not mean another id, time and body.
  if (id === null || !/^[!-\-/-~]{1,255}$/.test(id)) return refuse("malformed_signature", `${names}-id holds no id`);
  const time = headers.get(`${names}-timestamp`) ?? "";
  if (!/^\d{1,12}$/.test(time)) return refuse("missing_timestamp", `${names}-timestamp must hold seconds`);
  const content = [fromText(`${id}.${time}.`), rawBody];
  // A key belongs to its scheme: who knows the public key must not be able to sign with it as if it were a secret.
  const genuine = await verifyHmac({ hash: "SHA-256", keys: keys.symmetric, signatures: signatures.v1, content }) ||
    await verifyEd25519({ keys: keys.public, signatures: signatures.v1a, content });
  if (!genuine) return refuseMismatch(rawBody);
  return refuseStale(Number(time), now, TOLERANCE_SECONDS) ?? toVerdict(delivery, id, Number(time));
}

function toKeys(secrets: readonly string[]): { symmetric: Uint8Array[]; public: Uint8Array[] } {
  const isPublic = (secret: string) => secret.startsWith(PUBLIC_KEY_PREFIX);
  const decode = (texts: string[]) => texts.map(fromBase64).filter((key) => key !== null);
  return {
    symmetric: decode(secrets.filter((secret) => !isPublic(secret)).map(withoutSecretPrefix)),
    public: decode(secrets.filter(isPublic).map((secret) => secret.slice(PUBLIC_KEY_PREFIX.length)))
      .filter((key) => key.length === 32),
  };
}

/** Entries of other schemes are passed over. Null when there is none of ours, too many, or one in another spelling. */
function parseSignatures(field: string): { v1: Uint8Array[]; v1a: Uint8Array[] } | null {
  if (field.length > 8_192) return null;
  const found = { v1: [] as Uint8Array[], v1a: [] as Uint8Array[] };
  for (const entry of field.split(" ")) {
    const comma = entry.indexOf(",");
    const scheme = entry.slice(0, Math.max(comma, 0));
    if (scheme !== "v1" && scheme !== "v1a") continue;
    const signature = fromBase64(entry.slice(comma + 1));
    if (signature?.length !== (scheme === "v1" ? 32 : 64)) return null;
    found[scheme].push(signature);
  }
  const count = found.v1.length + found.v1a.length;
  return count === 0 || count > MAX_SIGNATURES ? null : found;
}

function toVerdict(delivery: WebhookDelivery, id: string | null, timestampSeconds: number | null): WebhookVerdict {
  const read = readBody(delivery, "auto");
  if (!read.ok) return read;
  const { body } = read;
  const eventKey = asEventKey(id);
  return {
    ok: true,
    event: {
      eventKey,
      type: asEventType(textAt(body, ["type"]) ?? textAt(body, ["event_type"]) ?? textAt(body, ["eventType"])),
      body,
      timestampSeconds,
      dedupeByBody: timestampSeconds === null,
    },
  };
}

function event(now: Date): Json {
  return {
    type: "contact.created",
    timestamp: now.toISOString(),
    data: { id: crypto.randomUUID(), email: "ada@example.com", first_name: "Ada", last_name: "Lovelace" },
  };
}

/** https://resend.com/docs/dashboard/webhooks/event-types */
function resendEvent(now: Date): Json {
  return {
    type: "email.delivered",
    created_at: now.toISOString(),
    data: {
      email_id: crypto.randomUUID(),
      created_at: now.toISOString(),
      from: "Engine <engine@example.com>",
      to: ["ada@example.com"],
      subject: "Hello",
    },
  };
}

function sampleEvent({ config, now, body: given, eventType }: SampleOptions): SampleEvent {
  const { sender } = configSchema.parse(config);
  const body = given === undefined ? sender === "resend" ? resendEvent(now) : event(now) : given;
  const id = `msg_test${crypto.randomUUID().replaceAll("-", "")}`;
  return {
    text: JSON.stringify(eventType === undefined ? body : putAt(body, ["type"], eventType)),
    headers: { "content-type": "application/json", [`${sender === "standard" ? "webhook" : "svix"}-id`]: id },
  };
}

/** Nothing is signed with a public key: only its owner has the other half. */
async function sign({ rawBody, headers, config, secret, now }: OutgoingDelivery): Promise<Record<string, string>> {
  const [key] = toKeys([secret]).symmetric;
  if (key === undefined || key.length === 0) return {};
  const names = configSchema.parse(config).sender === "standard" ? "webhook" : "svix";
  const time = String(Math.floor(now.getTime() / 1000));
  const id = headers.get(`${names}-id`) ?? `msg_${crypto.randomUUID().replaceAll("-", "")}`;
  const mac = await signHmac("SHA-256", key, [fromText(`${id}.${time}.`), rawBody]);
  return { [`${names}-id`]: id, [`${names}-timestamp`]: time, [`${names}-signature`]: `v1,${toBase64(mac)}` };
}
