import { assert, assertEquals } from "../../tests/helpers/assert.ts";
import { checkWebhookConfig, getWebhookAdapter, listWebhookAdapters, webhookProviders } from "./mod.ts";

Deno.test("the registry lists every provider", () => {
  assertEquals(webhookProviders(), [
    "stripe",
    "typeform",
    "calendly",
    "standard_webhooks",
    "github",
    "slack",
    "shopify",
    "custom",
  ]);
  assertEquals(getWebhookAdapter("stripe")?.provider, "stripe");
  assertEquals(getWebhookAdapter("nope"), undefined);
  assertEquals(getWebhookAdapter("toString"), undefined);
});

Deno.test("every adapter describes itself as plain JSON with a schema for forms", () => {
  for (const info of listWebhookAdapters()) {
    assertEquals(JSON.parse(JSON.stringify(info)), info);
    assertEquals([info.configSchema["type"], info.configSchema["additionalProperties"]], ["object", false]);
    assert(info.title !== "" && info.description.endsWith("."));
  }
});

Deno.test("checkWebhookConfig() tells every fault", () => {
  const adapter = getWebhookAdapter("stripe");
  assert(adapter);
  assertEquals(checkWebhookConfig(adapter, {}), []);
  assertEquals(checkWebhookConfig(adapter, { surprise: 1 }).length, 1);
});

Deno.test("no adapter throws, whatever is sent", async () => {
  const fields = [
    "stripe-signature",
    "typeform-signature",
    "calendly-webhook-signature",
    "webhook-signature",
    "webhook-id",
    "x-hub-signature-256",
    "x-slack-signature",
    "x-shopify-hmac-sha256",
    "x-signature",
  ];
  for (const provider of webhookProviders()) {
    const adapter = getWebhookAdapter(provider);
    assert(adapter);
    for (const value of ["", "=", "t=", ",,,,", "sha256=", "v1=".repeat(5_000), "t=1,v1=zz", "\u00ff"]) {
      for (const rawBody of [new Uint8Array(), new Uint8Array([0xff]), new TextEncoder().encode("{}")]) {
        const delivery = {
          rawBody,
          headers: new Headers(fields.map((name) => [name, value])),
          config: { signature_header: "x-signature" },
        };
        assertEquals((await adapter.verify({ ...delivery, secrets: ["secret-1"], now: new Date() })).ok, false);
        adapter.read(delivery);
      }
    }
  }
});
