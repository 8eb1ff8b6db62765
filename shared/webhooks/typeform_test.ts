import { assert, assertEquals, assertNotEquals } from "../../tests/helpers/assert.ts";
import { typeform } from "./typeform.ts";
import type { WebhookVerdict } from "./types.ts";

const SECRET = "typeform-secret";
const BODY = '{"event_id":"LtWXD3crgy","event_type":"form_response","form_response":{"form_id":"lT4Z3j"}}';

async function sign(body: string | Uint8Array = BODY, secret = SECRET): Promise<string> {
  const encode = (text: string) => new TextEncoder().encode(text);
  const key = await crypto.subtle.importKey("raw", encode(secret), { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  const bytes = new Uint8Array(typeof body === "string" ? encode(body) : body);
  return `sha256=${btoa(String.fromCharCode(...new Uint8Array(await crypto.subtle.sign("HMAC", key, bytes))))}`;
}

function verify(header: string | null, body = BODY, secrets = [SECRET]): Promise<WebhookVerdict> {
  return typeform.verify({
    rawBody: new TextEncoder().encode(body),
    headers: new Headers(header === null ? {} : { "Typeform-Signature": header }),
    config: {},
    secrets,
    now: new Date(0),
  });
}

async function reasonOf(...args: Parameters<typeof verify>): Promise<string> {
  const verdict = await verify(...args);
  return verdict.ok ? "ok" : verdict.reason;
}

Deno.test("typeform accepts a genuine signature and finds id and type in the body", async () => {
  assertEquals(await verify(await sign()), {
    ok: true,
    event: {
      eventKey: "LtWXD3crgy",
      type: "form_response",
      body: JSON.parse(BODY),
      timestampSeconds: null,
      dedupeByBody: true,
    },
  });
});

Deno.test("typeform accepts the signature that OpenSSL makes", async () => {
  // printf '{"a":1}' | openssl dgst -sha256 -hmac 'typeform-secret' -binary | base64
  assertEquals(await reasonOf("sha256=oIAZo7WVvd/7PqWONDVtzkmeRQDazdMH5Wcd+ddjrs4=", '{"a":1}'), "ok");
});

Deno.test("typeform refuses 25 mutants of a signature", async () => {
  const header = await sign();
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (let index = 0; index < 25; index++) {
    const at = "sha256=".length + index;
    const mutant = header.slice(0, at) + alphabet[(alphabet.indexOf(header[at] ?? "") + 1) % 64] + header.slice(at + 1);
    assertNotEquals(mutant, header);
    assertEquals(await reasonOf(mutant), "signature_mismatch", mutant);
  }
});

Deno.test("typeform refuses other spellings of a genuine signature", async () => {
  const header = await sign();
  const base64 = header.slice("sha256=".length);
  // The last character before the padding holds two unused bits: four spellings decode to the same bytes.
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const loose = base64.slice(0, 42) + alphabet[alphabet.indexOf(base64[42] ?? "") + 1] + "=";
  assertEquals(atob(loose), atob(base64));
  for (
    const mutant of [
      base64,
      `SHA256=${base64}`,
      `sha1=${base64}`,
      `sha256=${loose}`,
      `sha256=${base64.slice(0, -1)}`,
      `sha256=${base64}=`,
      `sha256= ${base64}`,
      `sha256=${base64.slice(0, 20)} ${base64.slice(20)}`,
      `sha256=${base64.slice(0, 40)}`,
      "sha256=",
      `${header},${header}`,
    ]
  ) {
    assertEquals(await reasonOf(mutant), "malformed_signature", mutant);
  }
});

Deno.test("typeform refuses changed bodies and other secrets, and takes two during a rotation", async () => {
  const header = await sign();
  assertEquals(await reasonOf(header, `${BODY}\n`), "signature_mismatch");
  assertEquals(await reasonOf(header, BODY, ["other"]), "signature_mismatch");
  assertEquals(await reasonOf(header, BODY, ["new", SECRET]), "ok");
  assertEquals(await reasonOf(header, BODY, [""]), "no_secret");
  assertEquals(await reasonOf(null), "missing_signature");
});

Deno.test("typeform calls a genuine body that is no JSON invalid", async () => {
  assertEquals(await reasonOf(await sign("{"), "{"), "invalid_body");
});

Deno.test("read() gives the event without proof", () => {
  const verdict = typeform.read({ rawBody: new TextEncoder().encode(BODY), headers: new Headers(), config: {} });
  assert(verdict.ok);
  assertEquals([verdict.event.eventKey, verdict.event.dedupeByBody], ["LtWXD3crgy", true]);
});
