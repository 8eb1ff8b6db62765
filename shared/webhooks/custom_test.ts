import { assert, assertEquals } from "../../tests/helpers/assert.ts";
import type { JsonObject } from "../graph/mod.ts";
import { custom } from "./custom.ts";
import { checkWebhookConfig } from "./registry.ts";
import type { WebhookVerdict } from "./types.ts";

const NOW = new Date("2026-11-20T12:00:00Z");
const SECONDS = NOW.getTime() / 1000;

interface Attempt {
  config: JsonObject;
  headers: Record<string, string>;
  body: string;
  secrets: string[];
  now?: Date;
}

function verify({ config, headers, body, secrets, now = NOW }: Attempt): Promise<WebhookVerdict> {
  return custom.verify({
    rawBody: new TextEncoder().encode(body),
    headers: new Headers(headers),
    config,
    secrets,
    now,
  });
}

async function reasonOf(attempt: Attempt): Promise<string> {
  const verdict = await verify(attempt);
  return verdict.ok ? "ok" : verdict.reason;
}

async function hmac(text: string, key: string | Uint8Array, hash = "SHA-256"): Promise<Uint8Array> {
  const raw = new Uint8Array(typeof key === "string" ? new TextEncoder().encode(key) : key);
  const imported = await crypto.subtle.importKey("raw", raw, { name: "HMAC", hash }, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", imported, new TextEncoder().encode(text)));
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}

/** The vector that Standard Webhooks publishes. */
const STANDARD: Attempt = {
  config: {
    signature_header: "webhook-signature",
    encoding: "base64",
    prefix: "v1,",
    separator: " ",
    secret_encoding: "base64",
    signed_content: "{header:webhook-id}.{timestamp}.{body}",
    timestamp_header: "webhook-timestamp",
    event_id_header: "webhook-id",
  },
  headers: {
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": "1614265330",
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
  },
  body: '{"test": 2432232314}',
  secrets: ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
  now: new Date(1614265330_000),
};

/** The vector that GitHub publishes. */
const GITHUB: Attempt = {
  config: {
    signature_header: "X-Hub-Signature-256",
    prefix: "sha256=",
    event_id_header: "X-GitHub-Delivery",
    event_type_header: "X-GitHub-Event",
    body_format: "text",
  },
  headers: {
    "x-hub-signature-256": "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
    "x-github-delivery": "72d3162e",
    "x-github-event": "ping",
  },
  body: "Hello, World!",
  secrets: ["It's a Secret to Everybody"],
};

Deno.test("custom accepts the published vector of Standard Webhooks; its id is signed", async () => {
  assertEquals(await verify(STANDARD), {
    ok: true,
    event: {
      eventKey: "msg_p5jXN8AQM9LWM0D4loKWxJek",
      type: null,
      body: { test: 2432232314 },
      timestampSeconds: 1614265330,
      dedupeByBody: false,
    },
  });
});

Deno.test("custom accepts the published vector of GitHub; its id is not signed", async () => {
  assertEquals(await verify(GITHUB), {
    ok: true,
    event: { eventKey: "72d3162e", type: "ping", body: "Hello, World!", timestampSeconds: null, dedupeByBody: true },
  });
});

Deno.test("custom refuses 25 mutants of each signature", async () => {
  const alphabets: [Attempt, string, number, string][] = [
    [STANDARD, "webhook-signature", 3, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"],
    [GITHUB, "x-hub-signature-256", 7, "0123456789abcdef"],
  ];
  for (const [attempt, name, start, alphabet] of alphabets) {
    const header = attempt.headers[name] ?? "";
    for (let at = start; at < start + 25; at++) {
      const next = alphabet[(alphabet.indexOf(header[at] ?? "") + 1) % alphabet.length];
      const headers = { ...attempt.headers, [name]: header.slice(0, at) + next + header.slice(at + 1) };
      assertEquals(await reasonOf({ ...attempt, headers }), "signature_mismatch");
    }
  }
});

Deno.test("custom refuses a changed body, id or time when they are signed", async () => {
  const changed = (headers: Record<string, string>) =>
    reasonOf({ ...STANDARD, headers: { ...STANDARD.headers, ...headers } });
  assertEquals(await changed({ "webhook-id": "msg_other" }), "signature_mismatch");
  assertEquals(await changed({ "webhook-timestamp": "1614265331" }), "signature_mismatch");
  assertEquals(await reasonOf({ ...STANDARD, body: '{"test":2432232314}' }), "signature_mismatch");
});

Deno.test("custom checks the signed time against its tolerance", async () => {
  const at = (seconds: number, config: JsonObject = {}) =>
    reasonOf({ ...STANDARD, config: { ...STANDARD.config, ...config }, now: new Date((1614265330 + seconds) * 1000) });
  assertEquals(await at(300), "ok");
  assertEquals(await at(-300), "ok");
  assertEquals(await at(301), "stale_timestamp");
  assertEquals(await at(-301), "stale_timestamp");
  assertEquals(await at(61, { tolerance_seconds: 60 }), "stale_timestamp");
  for (const time of ["", "abc", "123abc", "-5", "1.5", "99999999999999999"]) {
    const headers = { ...STANDARD.headers, "webhook-timestamp": time };
    assertEquals(await reasonOf({ ...STANDARD, headers }), "missing_timestamp", time);
  }
});

Deno.test("custom reads times in milliseconds", async () => {
  const body = "{}";
  const time = String(NOW.getTime());
  const config = {
    signature_header: "x-signature",
    signed_content: "v0:{timestamp}:{body}",
    timestamp_header: "x-time",
    timestamp_unit: "milliseconds",
  };
  const headers = { "x-time": time, "x-signature": hex(await hmac(`v0:${time}:${body}`, "secret-1")) };
  const verdict = await verify({ config, headers, body, secrets: ["secret-1"] });
  assert(verdict.ok);
  assertEquals(verdict.event.timestampSeconds, SECONDS);
});

Deno.test("custom knows SHA-512, and keys in hex", async () => {
  const body = '{"a":1}';
  const config = { signature_header: "x-signature", algorithm: "sha512", secret_encoding: "hex" };
  const key = new Uint8Array([1, 2, 3, 250, 251, 252, 253, 254]);
  const good = { "x-signature": hex(await hmac(body, key, "SHA-512")) };
  assertEquals(await reasonOf({ config, headers: good, body, secrets: [hex(key)] }), "ok");
  const short = { "x-signature": hex(await hmac(body, key, "SHA-256")) };
  assertEquals(await reasonOf({ config, headers: short, body, secrets: [hex(key)] }), "signature_mismatch");
  assertEquals(await reasonOf({ config, headers: good, body, secrets: ["not hex"] }), "no_secret");
});

Deno.test("custom takes several signatures and secrets, 16 at most", async () => {
  const good = STANDARD.headers["webhook-signature"] ?? "";
  const wrong = `v1,${base64(new Uint8Array(32))}`;
  const list = (entries: string[]) =>
    reasonOf({ ...STANDARD, headers: { ...STANDARD.headers, "webhook-signature": entries.join(" ") } });
  assertEquals(await list([...Array(15).fill(wrong), good]), "ok");
  assertEquals(await list([...Array(16).fill(wrong), good]), "malformed_signature");
  assertEquals(await list(["v1a,abc", good]), "ok");
  assertEquals(await list(["v2,abc"]), "malformed_signature");
  assertEquals(await reasonOf({ ...STANDARD, secrets: ["whsec_AAAA", ...STANDARD.secrets] }), "ok");
  assertEquals(await reasonOf({ ...STANDARD, secrets: ["whsec_"] }), "no_secret");
  assertEquals(await reasonOf({ ...STANDARD, headers: {} }), "missing_signature");
});

Deno.test("custom takes hex in one case, base64 in one spelling", async () => {
  const signature = GITHUB.headers["x-hub-signature-256"]?.slice(7) ?? "";
  const as = (text: string) => reasonOf({ ...GITHUB, headers: { "x-hub-signature-256": `sha256=${text}` } });
  assertEquals(await as(signature.toUpperCase()), "ok");
  assertEquals(await as(signature.replace("a", "A")), "malformed_signature");
  assertEquals(await as(`${signature} `.trim() + "0"), "malformed_signature");
  assertEquals(await as(signature.slice(2)), "signature_mismatch");
});

async function eventOf(config: JsonObject, body: string, headers: Record<string, string> = {}) {
  const all = { signature_header: "x-signature", ...config };
  const time = config["timestamp_header"] === undefined ? "" : String(SECONDS);
  const content = time === "" ? body : `${time}.${body}`;
  const signature = hex(await hmac(content, "secret-1"));
  const verdict = await verify({
    config: all,
    headers: { ...headers, "x-signature": signature, ...(time === "" ? {} : { "x-time": time }) },
    body,
    secrets: ["secret-1"],
  });
  assert(verdict.ok, JSON.stringify(verdict));
  return verdict.event;
}

Deno.test("custom finds id and type by path or header", async () => {
  const config = {
    event_id_path: "data.id",
    event_type_path: "kind",
    event_id_header: "x-id",
    event_type_header: "x-kind",
  };
  const inBody = await eventOf(config, '{"kind":"paid","data":{"id":42}}', { "x-id": "h", "x-kind": "k" });
  assertEquals([inBody.eventKey, inBody.type, inBody.dedupeByBody], ["42", "paid", false]);
  const inHeader = await eventOf(config, "{}", { "x-id": "h", "x-kind": "k" });
  assertEquals([inHeader.eventKey, inHeader.type, inHeader.dedupeByBody], ["h", "k", true]);
  const none = await eventOf(config, '{"data":{"toString":1}}');
  assertEquals([none.eventKey, none.type, none.dedupeByBody], [null, null, true]);
});

Deno.test("custom takes the signed bytes for an id when only a time is signed", async () => {
  const config = { timestamp_header: "x-time", signed_content: "{timestamp}.{body}" };
  const event = await eventOf(config, "{}");
  assert(event.eventKey?.startsWith("sha256:"));
  assertEquals(event.eventKey?.length, 71);
  assertEquals(event.dedupeByBody, false);
  // An id that nobody signed could be changed in a replay.
  const unsigned = await eventOf({ ...config, event_id_header: "x-id" }, "{}", { "x-id": "1" });
  assertEquals([unsigned.eventKey, unsigned.dedupeByBody], ["1", true]);
});

Deno.test("custom reads forms and text", async () => {
  const form = await eventOf({}, "a=1&b=x+y&b=z&__proto__=p", { "content-type": "application/x-www-form-urlencoded" });
  assertEquals(form.body, { a: "1", b: ["x y", "z"] });
  const text = await eventOf({}, "plain", { "content-type": "text/plain; charset=utf-8" });
  assertEquals(text.body, "plain");
  const json = await eventOf({ body_format: "json" }, "[1]", { "content-type": "text/plain" });
  assertEquals(json.body, [1]);
});

Deno.test("custom refuses bodies that cannot be kept", async () => {
  const config = { signature_header: "x-signature", body_format: "text" };
  for (const body of [new Uint8Array([0xff, 0xfe]), new Uint8Array([0x61, 0, 0x62])]) {
    const key = await crypto.subtle.importKey(
      "raw",
      new TextEncoder().encode("secret-1"),
      { name: "HMAC", hash: "SHA-256" },
      false,
      ["sign"],
    );
    const signature = hex(new Uint8Array(await crypto.subtle.sign("HMAC", key, body)));
    const verdict = await custom.verify({
      rawBody: body,
      headers: new Headers({ "x-signature": signature }),
      config,
      secrets: ["secret-1"],
      now: NOW,
    });
    assertEquals(verdict.ok ? "ok" : verdict.reason, "invalid_body");
  }
});

Deno.test("settings that prove nothing are refused", async () => {
  const faults = (config: JsonObject) =>
    checkWebhookConfig(custom, { signature_header: "x-s", ...config }).map((issue) => issue.path.join("."));
  assertEquals(faults({}), []);
  assertEquals(faults({ signature_header: "a b" }), ["signature_header"]);
  assertEquals(faults({ algorithm: "md5" }), ["algorithm"]);
  assertEquals(faults({ signed_content: "{id}.{body}" }), ["event_id_header"]);
  assertEquals(faults({ signed_content: "{timestamp}" }), ["signed_content", "timestamp_header"]);
  assertEquals(faults({ signed_content: "fixed" }), ["signed_content"]);
  assertEquals(faults({ signed_content: "{body}{body}" }), ["signed_content"]);
  assertEquals(faults({ timestamp_header: "x-t" }), ["signed_content"]);
  assertEquals(faults({ tolerance_seconds: 0 }), ["tolerance_seconds"]);
  assertEquals(faults({ prefix: "v1,", separator: "," }), ["prefix"]);
  assertEquals(faults({ surprise: 1 }).length, 1);
  assertEquals(await reasonOf({ ...GITHUB, config: {} }), "invalid_config");
});

Deno.test("read() proves nothing: no time, bodies compared", () => {
  const verdict = custom.read({
    rawBody: new TextEncoder().encode(STANDARD.body),
    headers: new Headers(STANDARD.headers),
    config: STANDARD.config,
  });
  assert(verdict.ok);
  const { eventKey, timestampSeconds, dedupeByBody } = verdict.event;
  assertEquals([eventKey, timestampSeconds, dedupeByBody], ["msg_p5jXN8AQM9LWM0D4loKWxJek", null, true]);
});
