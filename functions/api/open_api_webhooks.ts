/**
 * The webhooks of the document: what services send to an endpoint, with a body as they send it, and what we send to
 * subscriptions.
 *
 * @module
 */
import { z } from "zod";
import type { JsonObject } from "../../shared/graph/mod.ts";
import { getWebhookAdapter, listWebhookAdapters, type WebhookAdapter } from "../../shared/webhooks/mod.ts";
import { EVENT_TYPES, type EventType } from "../../shared/webhooks_out/mod.ts";

/** Settings with which an example is made, where a provider needs some. */
const SETTINGS: Readonly<Record<string, JsonObject>> = {
  custom: { signature_header: "X-Signature", prefix: "sha256=", event_id_path: "id", event_type_path: "type" },
};

const NOW = new Date("2026-11-20T09:30:00Z");
/** What stands for the random part of ids, so that the document is the same each time. */
const ID = "0193a00000007000a000000000000001";

/** Provider → its entry under `webhooks`. */
export async function incomingWebhooks(): Promise<Record<string, object>> {
  const entries = listWebhookAdapters().map(async ({ provider }) => {
    const adapter = getWebhookAdapter(provider);
    return adapter === undefined ? [] : [[provider, { post: await describe(adapter) }] as const];
  });
  return Object.fromEntries((await Promise.all(entries)).flat());
}

async function describe(adapter: WebhookAdapter) {
  const { provider, title, description, secretFrom } = adapter;
  const config = SETTINGS[provider] ?? {};
  const { text, headers } = adapter.sampleEvent({ config, now: NOW });
  const rawBody = new TextEncoder().encode(text);
  const signature = await adapter.sign({
    rawBody,
    headers: new Headers(headers),
    config,
    secret: "whsec_dGhpcyBpcyBubyBzZWNyZXQ=",
    now: NOW,
  });
  return {
    operationId: `from_${provider}`,
    summary: `What ${title} sends to an address of yours`,
    description: [
      description,
      "It is sent to the `url` of a webhook endpoint (`POST /webhooks` makes one), and received by `/hooks/{slug}`. " +
      "The signature is checked over the raw bytes before anything is parsed; the event is kept before it is " +
      "acknowledged; the same event again starts nothing.",
      secretFrom === "provider"
        ? `${title} shows the signing secret: enter it as \`secret\` of the endpoint.`
        : "Millrace makes the signing secret: it is shown once, and entered there.",
    ].join("\n\n"),
    tags: ["hooks"],
    parameters: Object.keys(signature).map((name) => ({
      name,
      in: "header",
      required: true,
      description: "The signature",
      schema: { type: "string" },
    })),
    requestBody: {
      required: true,
      content: {
        "application/json": {
          schema: { type: "object", description: `As ${title} describes it` },
          example: JSON.parse(text.replaceAll(/[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}/g, ID)),
        },
      },
    },
    responses: {
      202: { description: "Kept, and a run has begun" },
      200: { description: "Kept before, or nothing is to be started" },
      401: { description: "The signature is missing, too old, or does not fit" },
      413: { description: "The body is larger than 1 MiB" },
    },
  };
}

/** Type of event → its entry under `webhooks`. */
export function outgoingWebhooks(): Record<string, object> {
  return Object.fromEntries(EVENT_TYPES.map((event) => [event.type, { post: describeEvent(event) }]));
}

const SIGNATURE_HEADERS: Readonly<Record<string, string>> = {
  "webhook-id": "The id of the event: the same in each attempt. Keep it to know repetitions",
  "webhook-timestamp": "Seconds since 1970 when this attempt was sent. Refuse what is older than five minutes",
  "webhook-signature": "`v1,` and the Base64 of HMAC-SHA256 over `id.timestamp.body`; two of them during a rotation",
};

function describeEvent({ type, description, data, example, key }: EventType) {
  const { $schema: _, ...schema } = z.toJSONSchema(data) as Record<string, unknown>;
  return {
    operationId: `on_${type.replaceAll(".", "_")}`,
    summary: description.replace(/\.$/, ""),
    description:
      `Sent to subscriptions to \`${type}\` (\`POST /webhooks/subscriptions\`), at least once. Order, where a ` +
      `subscription asks for it, is kept by ${key}. Fields may be added.`,
    tags: ["webhooks"],
    parameters: Object.entries(SIGNATURE_HEADERS).map(([name, text]) => ({
      name,
      in: "header",
      required: true,
      description: text,
      schema: { type: "string" },
    })),
    requestBody: {
      required: true,
      content: {
        "application/json": {
          schema: {
            type: "object",
            required: ["type", "timestamp", "data"],
            properties: { type: { const: type }, timestamp: { type: "string", format: "date-time" }, data: schema },
          },
          example: { type, timestamp: "2026-11-20T09:30:01.400000+00:00", data: example },
        },
      },
    },
    responses: {
      "2XX": { description: "You have it. Answer within 15 s, before you work on it" },
      410: { description: "Nothing more is sent: the subscription is disabled" },
      429: { description: "Sent again later, after `Retry-After` (a day at most)" },
      default: { description: "Sent again, ten times over three days; redirects too are failures" },
    },
  };
}
