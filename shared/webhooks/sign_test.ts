import Stripe from "stripe";
import { assert, assertEquals, assertNotEquals } from "../../tests/helpers/assert.ts";
import type { Json, JsonObject } from "../graph/mod.ts";
import { getWebhookAdapter, type WebhookAdapter, webhookProviders } from "./mod.ts";

const NOW = new Date("2026-11-20T12:00:00Z");
const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

interface Given {
  config?: JsonObject;
  secret?: string;
  body?: Json;
  eventType?: string;
  headers?: Record<string, string>;
}

function adapter(provider: string): WebhookAdapter {
  const found = getWebhookAdapter(provider);
  assert(found !== undefined);
  return found;
}

/** Makes an event, signs it, and lets the same adapter judge it. */
async function sendToItself(provider: string, { config = {}, secret = SECRET, headers: own, ...rest }: Given = {}) {
  const { sampleEvent, sign, verify } = adapter(provider);
  const { text, headers: sampled } = sampleEvent({ config, now: NOW, ...rest });
  const headers = new Headers({ ...sampled, ...own });
  const rawBody = new TextEncoder().encode(text);
  const signature = await sign({ rawBody, headers, config, secret, now: NOW });
  for (const [name, value] of Object.entries(signature)) headers.set(name, value);
  const verdict = await verify({ rawBody, headers, config, secrets: [secret], now: NOW });
  return { text, signature, headers, event: verdict.ok ? verdict.event : undefined, verdict };
}

Deno.test("a Stripe test event carries the very header that Stripe's SDK makes, and its SDK takes it", async () => {
  const { text, signature, event } = await sendToItself("stripe");
  const sdk = new Stripe("sk_test_stand_in").webhooks;
  const timestamp = NOW.getTime() / 1000;
  assertEquals(
    signature["stripe-signature"],
    await sdk.generateTestHeaderStringAsync({ payload: text, secret: SECRET, timestamp }),
  );
  const header = signature["stripe-signature"] ?? "";
  const read = await sdk.constructEventAsync(text, header, SECRET, 300, undefined, NOW.getTime());
  assertEquals([read.id, read.type], [event?.eventKey, "checkout.session.completed"]);
});

Deno.test("a Typeform test event is a response to a form", async () => {
  const { event } = await sendToItself("typeform");
  assertEquals(event?.type, "form_response");
  assert(event?.eventKey?.startsWith("test_"));
});

Deno.test("each sample is an event of its own", async () => {
  const config = { signature_header: "x-signature" };
  for (const provider of webhookProviders()) {
    const given = provider === "custom" ? { config } : {};
    const [one, two] = [await sendToItself(provider, given), await sendToItself(provider, given)];
    assert(one.verdict.ok && two.verdict.ok);
    assertNotEquals(one.text, two.text);
  }
});

Deno.test("custom test events are signed in every way that the settings describe", async () => {
  const ways: JsonObject[] = [
    { signature_header: "X-Hub-Signature-256", prefix: "sha256=", event_id_header: "X-GitHub-Delivery" },
    { signature_header: "x-s", algorithm: "sha512", encoding: "base64" },
    {
      signature_header: "webhook-signature",
      encoding: "base64",
      prefix: "v1,",
      separator: " ",
      secret_encoding: "base64",
      signed_content: "{header:webhook-id}.{timestamp}.{body}",
      timestamp_header: "webhook-timestamp",
      event_id_header: "webhook-id",
      event_type_path: "meta.kind",
    },
    {
      signature_header: "x-s",
      signed_content: "{timestamp}:{body}",
      timestamp_header: "x-t",
      timestamp_unit: "milliseconds",
      event_id_path: "data.id",
      event_type_header: "x-type",
    },
    { signature_header: "x-s", body_format: "form", event_id_path: "id", event_type_path: "type" },
    { signature_header: "x-s", body_format: "text" },
  ];
  for (const config of ways) {
    const { event, verdict } = await sendToItself("custom", { config });
    assert(verdict.ok, JSON.stringify({ config, verdict }));
    const names = Object.keys(config);
    const hasId = names.some((name) => name.startsWith("event_id"));
    if (hasId) assert(event?.eventKey?.startsWith("test_"), JSON.stringify(event));
    if (names.some((name) => name.startsWith("event_type"))) assertEquals(event?.type, "test.event");
  }
  const hex = await sendToItself("custom", {
    config: { signature_header: "x-s", secret_encoding: "hex" },
    secret: "0a".repeat(16),
  });
  assert(hex.verdict.ok);
});

Deno.test("a given body is sent as it is, with the type where the provider has it", async () => {
  const stripe = await sendToItself("stripe", { body: { id: "evt_9", amount: 1 }, eventType: "invoice.paid" });
  assertEquals([stripe.event?.eventKey, stripe.event?.type], ["evt_9", "invoice.paid"]);
  assertEquals(stripe.event?.body, { id: "evt_9", amount: 1, type: "invoice.paid" });
  for (const body of [null, 0, "text", [1], { a: { b: null } }] as Json[]) {
    for (const provider of webhookProviders().filter((name) => name !== "custom")) {
      assertEquals((await sendToItself(provider, { body })).event?.body, body);
    }
  }
  const config = { signature_header: "x-s", event_id_path: "id", event_type_path: "meta.kind" };
  const custom = await sendToItself("custom", { config, body: { id: "mine" }, eventType: "a.b" });
  assertEquals(custom.event?.body, { id: "mine", meta: { kind: "a.b" } });
  assertEquals(custom.event?.eventKey, "mine");
});

Deno.test("headers of one's own are signed where the settings sign them", async () => {
  const config = {
    signature_header: "x-s",
    signed_content: "{header:x-id}.{body}",
    event_id_header: "x-id",
  };
  const { event } = await sendToItself("custom", { config, headers: { "x-id": "chosen" } });
  assertEquals(event?.eventKey, "chosen");
});

Deno.test("what is no key signs nothing, and the receiver says so", async () => {
  const config = { signature_header: "x-s", secret_encoding: "hex" };
  const { signature, verdict } = await sendToItself("custom", { config, secret: "not hexadecimal" });
  assertEquals([signature, verdict], [{}, { ok: false, reason: "no_secret" }]);
});
