import Stripe from "stripe";
import { assert, assertEquals, assertNotEquals } from "../../tests/helpers/assert.ts";
import { stripe } from "./stripe.ts";
import type { WebhookVerdict } from "./types.ts";

const SECRET = "whsec_test_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const NOW = new Date("2026-11-20T12:00:00Z");
const SECONDS = NOW.getTime() / 1000;
const EVENT = {
  id: "evt_1QABC",
  object: "event",
  type: "checkout.session.completed",
  data: { object: { id: "cs_test_1", amount_total: 4200, customer_email: "ada@example.com" } },
};
const BODY = JSON.stringify(EVENT, null, 2);

const sdk = new Stripe("sk_test_stand_in").webhooks;

function sign(payload = BODY, { secret = SECRET, timestamp = SECONDS } = {}): Promise<string> {
  return sdk.generateTestHeaderStringAsync({ payload, secret, timestamp });
}

function verify(
  header: string | null,
  body: string | Uint8Array = BODY,
  secrets = [SECRET],
  now = NOW,
): Promise<WebhookVerdict> {
  return stripe.verify({
    rawBody: typeof body === "string" ? new TextEncoder().encode(body) : body,
    headers: new Headers(header === null ? {} : { "Stripe-Signature": header }),
    config: {},
    secrets,
    now,
  });
}

async function reasonOf(...args: Parameters<typeof verify>): Promise<string> {
  const verdict = await verify(...args);
  return verdict.ok ? "ok" : verdict.reason;
}

async function sdkAccepts(header: string, body = BODY): Promise<boolean> {
  try {
    await sdk.constructEventAsync(body, header, SECRET, 300, undefined, NOW.getTime());
    return true;
  } catch {
    return false;
  }
}

Deno.test("stripe accepts what Stripe's SDK signs", async () => {
  const header = await sign();
  assertEquals(await verify(header), {
    ok: true,
    event: {
      eventKey: "evt_1QABC",
      type: "checkout.session.completed",
      body: EVENT,
      timestampSeconds: SECONDS,
      dedupeByBody: false,
    },
  });
  assert(await sdkAccepts(header));
});

Deno.test("stripe accepts the signature that OpenSSL makes", async () => {
  // printf '1614265330.{"test": 2432232314}' | openssl dgst -sha256 -hmac 'whsec_test'
  const header = "t=1614265330,v1=98a6304ac7cd966786ee1b93ad76319d9cd63829827fa0f93cb3e367cf67086d";
  assertEquals(await reasonOf(header, '{"test": 2432232314}', ["whsec_test"], new Date(1614265330_000)), "ok");
});

Deno.test("stripe refuses 25 mutants of a signature, as the SDK does", async () => {
  const header = await sign();
  const start = header.indexOf("v1=") + 3;
  for (let index = 0; index < 25; index++) {
    const at = start + Math.floor(index * 64 / 25);
    const digit = header[at] === "f" ? "0" : (parseInt(header[at] ?? "0", 16) + 1).toString(16);
    const mutant = header.slice(0, at) + digit + header.slice(at + 1);
    assertNotEquals(mutant, header);
    assertEquals(await reasonOf(mutant), "signature_mismatch", mutant);
    assertEquals(await sdkAccepts(mutant), false, mutant);
  }
});

Deno.test("stripe refuses other spellings of a genuine signature", async () => {
  const header = await sign();
  const signature = header.slice(header.indexOf("v1=") + 3);
  for (
    const mutant of [
      signature.toUpperCase(),
      signature.slice(0, -1),
      signature.slice(0, -2),
      `${signature}0`,
      `${signature}00`,
      `0x${signature}`,
      "",
      signature.replace(/./, "g"),
      signature.replace(/./, "ａ"),
      btoa(signature).slice(0, 64),
    ]
  ) {
    assertEquals(await reasonOf(`t=${SECONDS},v1=${encodeURIComponent(mutant)}`), "malformed_signature", mutant);
  }
});

Deno.test("stripe refuses changed bodies, times and secrets", async () => {
  const header = await sign();
  for (const body of [`${BODY} `, BODY.replace("4200", "4201"), BODY.slice(1), "", JSON.stringify(EVENT)]) {
    assertEquals(await reasonOf(header, body), "signature_mismatch");
  }
  assertEquals(await reasonOf(header.replace(`t=${SECONDS}`, `t=${SECONDS + 1}`)), "signature_mismatch");
  assertEquals(await reasonOf(header, BODY, ["whsec_other"]), "signature_mismatch");
  // The prefix belongs to the key.
  assertEquals(await reasonOf(header, BODY, [SECRET.slice(6)]), "signature_mismatch");
});

Deno.test("stripe takes both secrets during a rotation", async () => {
  const header = await sign();
  assertEquals(await reasonOf(header, BODY, ["whsec_new", SECRET]), "ok");
  assertEquals(await reasonOf(header, BODY, ["", SECRET]), "ok");
  assertEquals(await reasonOf(header, BODY, []), "no_secret");
  assertEquals(await reasonOf(header, BODY, [""]), "no_secret");
});

Deno.test("stripe takes a time within 300 seconds to either side", async () => {
  const at = async (seconds: number) => reasonOf(await sign(BODY, { timestamp: SECONDS + seconds }));
  assertEquals(await at(-300), "ok");
  assertEquals(await at(300), "ok");
  assertEquals(await at(-301), "stale_timestamp");
  assertEquals(await at(301), "stale_timestamp");
});

Deno.test("stripe tells that a time is stale only to who knows the secret", async () => {
  const old = await sign(BODY, { timestamp: SECONDS - 4_000 });
  assertEquals(await reasonOf(old.replace(/.$/, (digit) => digit === "0" ? "1" : "0")), "signature_mismatch");
});

Deno.test("stripe refuses malformed headers, also some that the SDK takes", async () => {
  const v1 = (await sign()).split(",")[1];
  assertEquals(await reasonOf(null), "missing_signature");
  assertEquals(await reasonOf(""), "missing_signature");
  for (
    const header of [
      `t=${SECONDS}`,
      `${v1}`,
      `t=${SECONDS}abc,${v1}`,
      `t=,${v1}`,
      `t=-${SECONDS},${v1}`,
      `t=${SECONDS}.0,${v1}`,
      `t=0x1,${v1}`,
      `t=${SECONDS},t=${SECONDS},${v1}`,
      `t=${SECONDS},v0=${v1?.slice(3)}`,
      `T=${SECONDS},${v1}`,
      `t=${SECONDS};${v1}`,
      "nonsense",
    ]
  ) {
    assertEquals(await reasonOf(header), "malformed_signature", header);
  }
  const loose = await sign(BODY, { timestamp: 123 });
  const suffixed = loose.replace("t=123,", "t=123abc,");
  assertEquals(await reasonOf(suffixed, BODY, [SECRET], new Date(123_000)), "malformed_signature");
  await sdk.constructEventAsync(BODY, suffixed, SECRET, 300, undefined, 123_000);
});

Deno.test("stripe tries 16 signatures and no more", async () => {
  const [t, v1] = (await sign()).split(",");
  const wrong = `v1=${"0".repeat(64)}`;
  assertEquals(await reasonOf([t, ...Array(15).fill(wrong), v1].join(",")), "ok");
  assertEquals(await reasonOf([t, ...Array(16).fill(wrong), v1].join(",")), "malformed_signature");
  assertEquals(await reasonOf([t, "v0=abc", v1, "v2=x"].join(",")), "ok");
});

Deno.test("stripe signs raw bytes, not decoded text", async () => {
  // Both bodies decode to the same text; only one was signed.
  const signed = new Uint8Array([0x7b, 0x22, 0xef, 0xbf, 0xbd, 0x22, 0x3a, 0x31, 0x7d]);
  const twin = new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]);
  const header = await sign(new TextDecoder().decode(signed));
  assertEquals(await reasonOf(header, signed), "ok");
  assertEquals(await reasonOf(header, twin), "signature_mismatch");
  await sdk.constructEventAsync(twin, header, SECRET, 300, undefined, NOW.getTime());
});

Deno.test("stripe calls a genuine body that is no JSON invalid", async () => {
  for (const body of ["[", "not json", "\ufeff{}"]) {
    assertEquals(await reasonOf(await sign(body), body), "invalid_body", body);
  }
});

Deno.test("stripe passes on what a stricter parser says", async () => {
  const cause = new Error("too deep");
  const verdict = await stripe.verify({
    rawBody: new TextEncoder().encode(BODY),
    headers: new Headers({ "stripe-signature": await sign() }),
    config: {},
    secrets: [SECRET],
    now: NOW,
    parseJson: () => {
      throw cause;
    },
  });
  assertEquals(verdict, { ok: false, reason: "invalid_body", detail: "too deep", cause });
});

Deno.test("stripe compares bodies when an event has no usable id", async () => {
  for (const body of ["{}", "[]", "null", '{"id": ""}', '{"id": {}}', `{"id": "${"x".repeat(256)}"}`]) {
    const verdict = await verify(await sign(body), body);
    assert(verdict.ok);
    assertEquals([verdict.event.eventKey, verdict.event.dedupeByBody], [null, true], body);
  }
});

Deno.test("read() gives the event without proof and compares bodies", () => {
  const verdict = stripe.read({ rawBody: new TextEncoder().encode(BODY), headers: new Headers(), config: {} });
  assert(verdict.ok);
  assertEquals([verdict.event.eventKey, verdict.event.timestampSeconds, verdict.event.dedupeByBody], [
    "evt_1QABC",
    null,
    true,
  ]);
});
