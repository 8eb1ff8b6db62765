/**
 * Webhooks of Shopify. https://shopify.dev/docs/apps/build/webhooks/subscribe/https
 *
 * @module
 */
import { z } from "zod";
import type { Json } from "../graph/mod.ts";
import { type BodySignature, checkBodySignature } from "./body_signature.ts";
import { fromBase64, fromText, toBase64 } from "./encoding.ts";
import { signHmac } from "./hmac.ts";
import { asEventKey, asEventType, readBody } from "./read_body.ts";
import type {
  OutgoingDelivery,
  SampleEvent,
  SampleOptions,
  SignedDelivery,
  WebhookAdapter,
  WebhookDelivery,
  WebhookVerdict,
} from "./types.ts";

const SIGNATURE: BodySignature = {
  header: "X-Shopify-Hmac-Sha256",
  prefix: "",
  decode: fromBase64,
  form: "32 bytes in base64",
};

/** Adapter for Shopify. */
export const shopify: WebhookAdapter = {
  provider: "shopify",
  title: "Shopify",
  description:
    "Events of a shop. Shopify shows the secret: under the shop's notifications, or as the client secret of an app.",
  secretFrom: "provider",
  configSchema: z.strictObject({}),
  // Neither time nor id is signed, so a recorded delivery stays valid for ever: the same body is the same event.
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
  const topic = delivery.headers.get("x-shopify-topic");
  const id = delivery.headers.get("x-shopify-event-id");
  return {
    ok: true,
    event: {
      // One act of a merchant has one id under all topics that tell of it.
      eventKey: asEventKey(id === null || id === "" ? null : topic === null ? id : `${topic}:${id}`),
      type: asEventType(topic),
      body: read.body,
      timestampSeconds: null,
      dedupeByBody: true,
    },
  };
}

/** https://shopify.dev/docs/api/admin-rest/latest/resources/webhook */
function order(now: Date): Json {
  const id = now.getTime();
  const time = now.toISOString().replace(/\.\d+Z$/, "Z");
  return {
    id,
    admin_graphql_api_id: `gid://shopify/Order/${id}`,
    name: "#9999",
    order_number: 9999,
    token: crypto.randomUUID().replaceAll("-", ""),
    test: true,
    email: "ada@example.com",
    created_at: time,
    updated_at: time,
    currency: "EUR",
    total_price: "42.00",
    subtotal_price: "42.00",
    financial_status: "paid",
    fulfillment_status: null,
    customer: { id: 115_310_627_314_723, email: "ada@example.com", first_name: "Ada", last_name: "Lovelace" },
    line_items: [{ id: 866_550_311_766_439, title: "Analytical engine", quantity: 1, price: "42.00", sku: "AE-1" }],
  };
}

function sampleEvent({ now, body, eventType }: SampleOptions): SampleEvent {
  return {
    text: JSON.stringify(body === undefined ? order(now) : body),
    headers: {
      "content-type": "application/json",
      "x-shopify-topic": eventType ?? "orders/create",
      "x-shopify-shop-domain": "test-shop.myshopify.com",
      "x-shopify-api-version": "2026-10",
      "x-shopify-webhook-id": crypto.randomUUID(),
      "x-shopify-event-id": crypto.randomUUID(),
      "x-shopify-triggered-at": now.toISOString(),
    },
  };
}

async function sign({ rawBody, secret }: OutgoingDelivery): Promise<Record<string, string>> {
  if (secret === "") return {};
  return { "x-shopify-hmac-sha256": toBase64(await signHmac("SHA-256", fromText(secret), [rawBody])) };
}
