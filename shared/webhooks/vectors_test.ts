/** The vectors that providers publish, and what each adapter makes of a delivery. */
import { assert, assertEquals } from "../../tests/helpers/assert.ts";
import type { JsonObject } from "../graph/mod.ts";
import { getWebhookAdapter } from "./mod.ts";

interface Given {
  headers: Record<string, string>;
  body: string;
  secret: string;
  seconds?: number;
  config?: JsonObject;
}

async function verify(provider: string, { headers, body, secret, seconds = 0, config = {} }: Given) {
  const adapter = getWebhookAdapter(provider);
  assert(adapter);
  return await adapter.verify({
    rawBody: new TextEncoder().encode(body),
    headers: new Headers(headers),
    config,
    secrets: [secret],
    now: new Date(seconds * 1000),
  });
}

/** Signs with the adapter and lets it judge. */
async function eventOf(
  provider: string,
  body: string,
  given: Record<string, string> = {},
  secret = "whsec_c2VjcmV0MTIzNA==",
) {
  const adapter = getWebhookAdapter(provider);
  assert(adapter);
  const headers = new Headers(given);
  const rawBody = new TextEncoder().encode(body);
  const signature = await adapter.sign({ rawBody, headers, config: {}, secret, now: new Date(5_000_000) });
  const verdict = await verify(provider, {
    headers: { ...Object.fromEntries(headers), ...signature },
    body,
    secret,
    seconds: 5_000,
  });
  assert(verdict.ok, JSON.stringify(verdict));
  return verdict;
}

const MESSAGE = { body: '{"test": 2432232314}', secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", seconds: 1614265330 };

function messageHeaders(names: string): Record<string, string> {
  return {
    [`${names}-id`]: "msg_p5jXN8AQM9LWM0D4loKWxJek",
    [`${names}-timestamp`]: "1614265330",
    [`${names}-signature`]: "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
  };
}

Deno.test("standard_webhooks accepts the published vector under both families of headers", async () => {
  for (const names of ["webhook", "svix"]) {
    const verdict = await verify("standard_webhooks", { ...MESSAGE, headers: messageHeaders(names) });
    assertEquals(verdict, {
      ok: true,
      event: {
        eventKey: "msg_p5jXN8AQM9LWM0D4loKWxJek",
        type: null,
        body: { test: 2432232314 },
        timestampSeconds: 1614265330,
        dedupeByBody: false,
      },
    });
  }
});

Deno.test("standard_webhooks never mixes the families of headers", async () => {
  const svix = messageHeaders("svix");
  for (const name of Object.keys(svix)) {
    const { [name]: value = "", ...rest } = svix;
    const headers = { ...rest, [name.replace("svix", "webhook")]: value };
    assertEquals((await verify("standard_webhooks", { ...MESSAGE, headers })).ok, false, name);
  }
  // A signature of the first family decides, however genuine the other is.
  const both = { ...svix, ...messageHeaders("webhook"), "webhook-id": "msg_other" };
  assertEquals((await verify("standard_webhooks", { ...MESSAGE, headers: both })).ok, false);
});

Deno.test("standard_webhooks takes a public key, and no public key for a secret", async () => {
  const pair = await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"]) as CryptoKeyPair;
  const raw = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
  const secret = `whpk_${btoa(String.fromCharCode(...raw))}`;
  const content = new TextEncoder().encode(`msg_1.1614265330.${MESSAGE.body}`);
  const signature = new Uint8Array(await crypto.subtle.sign("Ed25519", pair.privateKey, content));
  const headers = {
    ...messageHeaders("webhook"),
    "webhook-id": "msg_1",
    "webhook-signature": `v1,${btoa("x".repeat(32))} v1a,${btoa(String.fromCharCode(...signature))}`,
  };
  assertEquals((await verify("standard_webhooks", { ...MESSAGE, headers, secret })).ok, true);
  assertEquals((await verify("standard_webhooks", { ...MESSAGE, headers })).ok, false);
  for (const broken of ["whpk_", "whpk_AAAA", "whpk_!", "whsec_!"]) {
    const verdict = await verify("standard_webhooks", { ...MESSAGE, headers, secret: broken });
    assertEquals(verdict.ok ? "ok" : verdict.reason, "no_secret", broken);
  }
});

Deno.test("github accepts the published vector; the id is not signed", async () => {
  const verdict = await verify("github", {
    headers: {
      "content-type": "text/plain",
      "x-hub-signature-256": "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
      "x-github-delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958",
      "x-github-event": "issues",
    },
    body: "Hello, World!",
    secret: "It's a Secret to Everybody",
  });
  assertEquals(verdict, {
    ok: true,
    event: {
      eventKey: "72d3162e-cc78-11e3-81ab-4c9367dc0958",
      type: "issues",
      body: "Hello, World!",
      timestampSeconds: null,
      dedupeByBody: true,
    },
  });
});

Deno.test("github reads the JSON out of a form", async () => {
  const body = new URLSearchParams({ payload: '{"zen":"Design for failure."}' }).toString();
  const { event } = await eventOf("github", body, {
    "content-type": "application/x-www-form-urlencoded",
    "x-github-event": "ping",
  });
  assertEquals([event.body, event.type], [{ zen: "Design for failure." }, "ping"]);
});

Deno.test("slack accepts the published vector, a slash command", async () => {
  const verdict = await verify("slack", {
    headers: {
      "content-type": "application/x-www-form-urlencoded",
      "x-slack-request-timestamp": "1531420618",
      "x-slack-signature": "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
    },
    body: "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V" +
      "&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=" +
      "&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN" +
      "&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c",
    secret: "8f742231b10e8888abcd99yyyzzz85a5",
    seconds: 1531420618,
  });
  assert(verdict.ok, JSON.stringify(verdict));
  assertEquals([verdict.event.type, verdict.event.dedupeByBody, verdict.answer], [
    "/webhook-collect",
    false,
    undefined,
  ]);
});

Deno.test("slack answers a challenge when it is signed, and only then", async () => {
  const body =
    '{"token":"t","challenge":"3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P","type":"url_verification"}';
  assertEquals((await eventOf("slack", body)).answer, "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P");
  const delivery = { rawBody: new TextEncoder().encode(body), headers: new Headers(), config: {} };
  const read = getWebhookAdapter("slack")?.read(delivery);
  assert(read?.ok === true && read.answer === undefined);
  assertEquals((await eventOf("slack", body.replace("url_verification", "other"))).answer, undefined);
});

Deno.test("slack knows events, interactions and their ids", async () => {
  const { event } = await eventOf("slack", '{"type":"event_callback","event_id":"Ev1","event":{"type":"app_mention"}}');
  assertEquals([event.eventKey, event.type, event.dedupeByBody], ["Ev1", "app_mention", false]);
  const payload = new URLSearchParams({ payload: '{"type":"block_actions","trigger_id":"1.2.a"}' }).toString();
  const interaction = await eventOf("slack", payload, { "content-type": "application/x-www-form-urlencoded" });
  assertEquals([interaction.event.eventKey, interaction.event.type], ["1.2.a", "block_actions"]);
});

Deno.test("shopify tells an act of a merchant apart by topic", async () => {
  const { event } = await eventOf("shopify", '{"id":1}', {
    "x-shopify-topic": "orders/create",
    "x-shopify-event-id": "b1",
  });
  assertEquals([event.eventKey, event.type, event.dedupeByBody], ["orders/create:b1", "orders/create", true]);
});

Deno.test("calendly compares bodies: it gives no id", async () => {
  const { event } = await eventOf("calendly", '{"event":"invitee.created","payload":{}}');
  assertEquals([event.eventKey, event.type, event.dedupeByBody], [null, "invitee.created", true]);
});

Deno.test("custom refuses a signed header that runs into what follows", async () => {
  const config = {
    signature_header: "x-s",
    signed_content: "{id}.{timestamp}.{body}",
    timestamp_header: "x-t",
    event_id_header: "x-id",
  };
  const adapter = getWebhookAdapter("custom");
  assert(adapter);
  for (const [id, reason] of [["a-b", "ok"], ["a.5000.b", "malformed_signature"]] as const) {
    const rawBody = new TextEncoder().encode("{}");
    const headers = new Headers({ "x-id": id });
    const now = new Date(5_000_000);
    const signature = await adapter.sign({ rawBody, headers, config, secret: "secret-1", now });
    const verdict = await verify("custom", {
      headers: { "x-id": id, ...signature },
      body: "{}",
      secret: "secret-1",
      seconds: 5_000,
      config,
    });
    assertEquals(verdict.ok ? "ok" : verdict.reason, reason);
    if (verdict.ok) assertEquals([verdict.event.eventKey, verdict.event.dedupeByBody], ["a-b", false]);
  }
});
