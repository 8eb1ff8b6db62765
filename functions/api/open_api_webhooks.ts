/**
 * The webhooks of the document: what services send to an endpoint, with a body as they send it.
 *
 * @module
 */
import type { JsonObject } from "../../shared/graph/mod.ts";
import { getWebhookAdapter, listWebhookAdapters, type WebhookAdapter } from "../../shared/webhooks/mod.ts";

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
