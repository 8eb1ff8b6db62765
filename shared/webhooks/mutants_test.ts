/**
 * Every adapter against the same table of forgeries: 25 and more mutants of a genuine delivery, none of which may pass.
 * The deliveries are signed here by node:crypto, by the letter of each provider's documentation, and not by our code.
 *
 * @module
 */
import { createHmac } from "node:crypto";
import { assert, assertEquals } from "../../tests/helpers/assert.ts";
import type { JsonObject } from "../graph/mod.ts";
import { getWebhookAdapter, webhookProviders } from "./mod.ts";

const NOW = new Date("2026-11-20T12:00:00Z");
const SECONDS = NOW.getTime() / 1000;
const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const OTHER = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
/** U+FFFD stands where bytes that are no UTF-8 would be read as the same text. */
const BODY = new TextEncoder().encode('{"id":"evt_1","event_id":"Ev1","type":"a","text":"\ufffd ä","data":{"n":4200}}');

const KEYS = await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"]) as CryptoKeyPair;
const PUBLIC = new Uint8Array(await crypto.subtle.exportKey("raw", KEYS.publicKey));

type Encoding = "hex" | "base64" | "base64url";
type Mac = (key: string, content: Uint8Array, hash?: string) => Promise<Uint8Array> | Uint8Array;

interface Scheme {
  name: string;
  provider: string;
  config?: JsonObject;
  secret?: string;
  encoding: Encoding;
  /** Header of the signature. */
  header: string;
  /** What is signed. */
  content(time: string, id: string, body: Uint8Array): Uint8Array;
  mac: Mac;
  /** The value of the header with these signatures. */
  value(time: string, signatures: string[]): string;
  /** An older version of the scheme. */
  downgraded(time: string, signature: string): string;
  /** Other headers. */
  others?(time: string, id: string): Record<string, string>;
  timed: boolean;
  idSigned?: boolean;
}

interface Attempt {
  headers: Headers;
  body: Uint8Array;
  now: Date;
  secrets: string[];
}

function join(...parts: (string | Uint8Array)[]): Uint8Array {
  const all = parts.map((part) => typeof part === "string" ? [...new TextEncoder().encode(part)] : [...part]);
  return Uint8Array.from(all.flat());
}

const asText: Mac = (key, content, hash = "sha256") => createHmac(hash, key).update(content).digest();
const asBase64: Mac = (key, content, hash = "sha256") =>
  createHmac(hash, Uint8Array.from(atob(key.replace(/^wh[a-z]+_/, "")), (char) => char.charCodeAt(0)))
    .update(content).digest();

/** Signs as somebody without the private key can: by an HMAC with the public one, or under a key of their own. */
const asEd25519: Mac = async (key, content, hash = "sha256") => {
  if (hash !== "sha256") return asBase64(key, content, hash);
  const { privateKey } = key === publicKey(PUBLIC)
    ? KEYS
    : await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"]) as CryptoKeyPair;
  return new Uint8Array(await crypto.subtle.sign("Ed25519", privateKey, content.slice()));
};

function publicKey(bytes: Uint8Array): string {
  return `whpk_${btoa(String.fromCharCode(...bytes))}`;
}

function encode(bytes: Uint8Array, encoding: Encoding): string {
  if (encoding === "hex") return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  const base64 = btoa(String.fromCharCode(...bytes));
  return encoding === "base64" ? base64 : base64.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

const timed = (time: string, signatures: string[]) => [`t=${time}`, ...signatures.map((one) => `v1=${one}`)].join(",");
const standard = (names: string): Omit<Scheme, "name" | "mac"> => ({
  provider: "standard_webhooks",
  encoding: "base64",
  header: `${names}-signature`,
  content: (time, id, body) => join(`${id}.${time}.`, body),
  value: (_time, signatures) => signatures.map((one) => `v1,${one}`).join(" "),
  downgraded: (_time, signature) => `v0,${signature}`,
  others: (time, id) => ({ [`${names}-id`]: id, [`${names}-timestamp`]: time }),
  timed: true,
  idSigned: true,
});

const SCHEMES: Scheme[] = [
  {
    name: "stripe",
    provider: "stripe",
    encoding: "hex",
    header: "stripe-signature",
    content: (time, _id, body) => join(`${time}.`, body),
    mac: asText,
    value: timed,
    downgraded: (time, signature) => `t=${time},v0=${signature}`,
    timed: true,
  },
  {
    name: "calendly",
    provider: "calendly",
    encoding: "hex",
    header: "calendly-webhook-signature",
    content: (time, _id, body) => join(`${time}.`, body),
    mac: asText,
    value: timed,
    downgraded: (time, signature) => `t=${time},v0=${signature}`,
    timed: true,
  },
  { name: "standard webhooks", ...standard("webhook"), mac: asBase64 },
  { name: "svix", ...standard("svix"), config: { sender: "svix" }, mac: asBase64 },
  {
    name: "standard webhooks, Ed25519",
    ...standard("webhook"),
    secret: publicKey(PUBLIC),
    mac: asEd25519,
    value: (_time, signatures) => signatures.map((one) => `v1a,${one}`).join(" "),
    // The public key as if it were a secret that is shared.
    downgraded: (time) =>
      `v1,${encode(asBase64(publicKey(PUBLIC), join(`msg_1.${time}.`, BODY)) as Uint8Array, "base64")}`,
  },
  {
    name: "github",
    provider: "github",
    encoding: "hex",
    header: "x-hub-signature-256",
    content: (_time, _id, body) => body,
    mac: asText,
    value: (_time, signatures) => signatures.map((one) => `sha256=${one}`).join(","),
    downgraded: () => `sha1=${encode(asText(SECRET, BODY, "sha1") as Uint8Array, "hex")}`,
    others: (_time, id) => ({ "x-github-delivery": id, "x-github-event": "push" }),
    timed: false,
  },
  {
    name: "typeform",
    provider: "typeform",
    encoding: "base64",
    header: "typeform-signature",
    content: (_time, _id, body) => body,
    mac: asText,
    value: (_time, signatures) => signatures.map((one) => `sha256=${one}`).join(","),
    downgraded: () => `sha1=${encode(asText(SECRET, BODY, "sha1") as Uint8Array, "base64")}`,
    timed: false,
  },
  {
    name: "shopify",
    provider: "shopify",
    encoding: "base64",
    header: "x-shopify-hmac-sha256",
    content: (_time, _id, body) => body,
    mac: asText,
    value: (_time, signatures) => signatures.join(","),
    downgraded: (_time, signature) => `sha256=${signature}`,
    others: (_time, id) => ({ "x-shopify-event-id": id, "x-shopify-topic": "orders/create" }),
    timed: false,
  },
  {
    name: "slack",
    provider: "slack",
    encoding: "hex",
    header: "x-slack-signature",
    content: (time, _id, body) => join(`v0:${time}:`, body),
    mac: asText,
    value: (_time, signatures) => signatures.map((one) => `v0=${one}`).join(","),
    downgraded: (_time, signature) => `v1=${signature}`,
    others: (time) => ({ "x-slack-request-timestamp": time }),
    timed: true,
  },
  {
    name: "custom, the body only",
    provider: "custom",
    config: { signature_header: "x-signature", prefix: "sha256=" },
    encoding: "hex",
    header: "x-signature",
    content: (_time, _id, body) => body,
    mac: asText,
    value: (_time, signatures) => signatures.map((one) => `sha256=${one}`).join(","),
    downgraded: () => `sha1=${encode(asText(SECRET, BODY, "sha1") as Uint8Array, "hex")}`,
    timed: false,
  },
  {
    name: "custom, everything set",
    provider: "custom",
    config: {
      signature_header: "x-signature",
      algorithm: "sha512",
      encoding: "base64url",
      prefix: "s1=",
      separator: " ",
      secret_encoding: "base64",
      signed_content: "s1|{id}|{timestamp}|{body}",
      timestamp_header: "x-time",
      timestamp_unit: "milliseconds",
      tolerance_seconds: 60,
      event_id_header: "x-id",
      event_type_path: "type",
    },
    encoding: "base64url",
    header: "x-signature",
    content: (time, id, body) => join(`s1|${id}|${time}000|`, body),
    mac: (key, content, hash = "sha512") => asBase64(key, content, hash),
    value: (_time, signatures) => signatures.map((one) => `s1=${one}`).join(" "),
    downgraded: (_time, signature) => `s0=${signature}`,
    others: (time, id) => ({ "x-id": id, "x-time": `${time}000` }),
    timed: true,
    idSigned: true,
  },
  {
    name: "custom, SHA-1",
    provider: "custom",
    config: { signature_header: "x-signature", algorithm: "sha1", encoding: "base64" },
    encoding: "base64",
    header: "x-signature",
    content: (_time, _id, body) => body,
    mac: (key, content, hash = "sha1") => asText(key, content, hash),
    value: (_time, signatures) => signatures.join(","),
    downgraded: () => encode(asText(SECRET, BODY, "md5") as Uint8Array, "base64"),
    timed: false,
  },
];

interface Making {
  time?: string;
  id?: string;
  signed?: Uint8Array;
  secret?: string;
  hash?: string;
}

const secretOf = ({ secret = SECRET }: Scheme) => secret;

/** What is signed, its bytes. */
async function signatureOf(scheme: Scheme, making: Making = {}): Promise<Uint8Array> {
  const { time = String(SECONDS), id = "msg_1", signed = BODY, secret = secretOf(scheme), hash } = making;
  return Uint8Array.from(await scheme.mac(secret, scheme.content(time, id, signed), hash));
}

function attempt(scheme: Scheme, value: string | null, { time = String(SECONDS), id = "msg_1" }: Making = {}): Attempt {
  const headers = new Headers({ "content-type": "application/json", ...scheme.others?.(time, id) });
  if (value !== null) headers.set(scheme.header, value);
  return { headers, body: BODY, now: NOW, secrets: [secretOf(scheme)] };
}

/** A delivery that is signed in order, of another making. */
async function genuine(scheme: Scheme, making: Making = {}): Promise<Attempt> {
  const signature = encode(await signatureOf(scheme, making), scheme.encoding);
  const made = attempt(scheme, scheme.value(making.time ?? String(SECONDS), [signature]), making);
  return { ...made, body: making.signed ?? BODY };
}

function flip(bytes: Uint8Array, at: number, bit = 1): Uint8Array {
  const copy = bytes.slice();
  copy[at] = (copy[at] ?? 0) ^ bit;
  return copy;
}

/** Every forgery of one scheme by its name. */
async function mutantsOf(scheme: Scheme): Promise<Map<string, Attempt>> {
  const { encoding, value } = scheme;
  const time = String(SECONDS);
  const mac = await signatureOf(scheme);
  const good = encode(mac, encoding);
  const zeros = encode(new Uint8Array(mac.length), encoding);
  const one = (signature: string) => attempt(scheme, value(time, [signature]));
  const many = (count: number) => attempt(scheme, value(time, [...Array(count - 1).fill(zeros), good]));
  const sent = (body: Uint8Array, from: Attempt) => ({ ...from, body });
  const base = one(good);
  const letter = good.search(/[a-zA-Z]/);
  const swapped = (text: string) => text === text.toLowerCase() ? text.toUpperCase() : text.toLowerCase();
  const text = new TextDecoder().decode(BODY);
  const invalid = join(
    text.slice(0, text.indexOf("\ufffd")),
    new Uint8Array([0xff]),
    text.slice(text.indexOf("\ufffd") + 1),
  );

  const mutants = new Map<string, Attempt>([
    ["first bit", one(encode(flip(mac, 0, 128), encoding))],
    ["last bit", one(encode(flip(mac, mac.length - 1), encoding))],
    ["a bit in the middle", one(encode(flip(mac, mac.length >> 1, 16), encoding))],
    ["a character less", one(good.slice(0, -1))],
    ["a byte less", one(encode(mac.slice(0, -1), encoding))],
    ["half of it", one(encode(mac.slice(0, mac.length >> 1), encoding))],
    ["a byte more", one(encode(join(mac, new Uint8Array(1)), encoding))],
    ["a character more", one(`${good}0`)],
    ["nothing", one("")],
    ["zeros", one(zeros)],
    ["another encoding", one(encode(mac, encoding === "hex" ? "base64" : "hex"))],
    ["a letter in the other case", one(good.slice(0, letter) + swapped(good[letter] ?? "") + good.slice(letter + 1))],
    ["padding", one(`${good}=`)],
    ["quotes", one(`"${good}"`)],
    ["percent", one(`%${good.slice(1)}`)],
    ["an older version", attempt(scheme, scheme.downgraded(time, good))],
    ["a weaker hash", one(encode(await signatureOf(scheme, { hash: "md5" }), encoding))],
    ["alg none", attempt(scheme, "none")],
    ["no header", attempt(scheme, null)],
    ["an empty header", attempt(scheme, "")],
    ["1,000 signatures", many(1_000)],
    ["17 signatures", many(17)],
    ["another secret", await genuine(scheme, { secret: OTHER })],
    ["a rotated secret that has expired", { ...base, secrets: [OTHER] }],
    ["no secret", { ...base, secrets: [] }],
    ["an empty body that is signed otherwise", sent(new Uint8Array(), base)],
    ["a bit of the body", sent(flip(BODY, BODY.length - 4), base)],
    ["a line break after the body", sent(join(BODY, "\n"), base)],
    ["a byte order mark before the body", sent(join(new Uint8Array([0xef, 0xbb, 0xbf]), BODY), base)],
    ["invalid UTF-8 that reads the same", sent(invalid, base)],
    ["the body written anew", sent(join(JSON.stringify(JSON.parse(text), null, 1)), base)],
  ]);
  const doubled = one(good);
  doubled.headers.append(scheme.header, value(time, [good]));
  mutants.set("the header twice", doubled);
  const second = one(zeros);
  second.headers.append(scheme.header, value(time, [good]));
  mutants.set("the right header after a wrong one", second);
  if (scheme.timed) {
    const tolerance = scheme.provider === "calendly" ? 181 : 301;
    mutants.set("an old time", await genuine(scheme, { time: String(SECONDS - tolerance) }));
    mutants.set("a future time", await genuine(scheme, { time: String(SECONDS + tolerance) }));
    mutants.set("the time 123abc", { ...await genuine(scheme, { time: "123abc" }), now: new Date(123_000) });
    mutants.set("a negative time", { ...await genuine(scheme, { time: "-5" }), now: new Date(-5_000) });
    mutants.set("no time", await genuine(scheme, { time: "" }));
    mutants.set("a time in hex", { ...await genuine(scheme, { time: "0x7b" }), now: new Date(123_000) });
    mutants.set("another time", attempt(scheme, value(String(SECONDS + 1), [good]), { time: String(SECONDS + 1) }));
  }
  if (scheme.idSigned) {
    mutants.set("another id", attempt(scheme, value(time, [good]), { id: "msg_2" }));
    // The same signed bytes, cut elsewhere.
    const cut = await genuine(scheme, { id: `msg_1.${SECONDS}` });
    if (scheme.provider === "standard_webhooks") mutants.set("an id with a dot", cut);
  }
  return mutants;
}

async function judge(scheme: Scheme, { body, ...given }: Attempt) {
  const adapter = getWebhookAdapter(scheme.provider);
  assert(adapter);
  return await adapter.verify({ ...given, rawBody: body, config: scheme.config ?? {} });
}

for (const scheme of SCHEMES) {
  Deno.test(`${scheme.name}: what is genuine is accepted, and none of its mutants`, async () => {
    const verdict = await judge(scheme, await genuine(scheme));
    assert(verdict.ok, JSON.stringify(verdict));
    const mutants = await mutantsOf(scheme);
    assert(mutants.size >= 25);
    const values = new Set<string>();
    for (const [name, mutant] of mutants) {
      const { ok } = await judge(scheme, mutant);
      assertEquals(ok, false, name);
      values.add(JSON.stringify([[...mutant.headers], [...mutant.body], mutant.now, mutant.secrets]));
    }
    assert(values.size >= 25, `only ${values.size} of the mutants differ`);
  });

  Deno.test(`${scheme.name}: both secrets of a rotation are accepted`, async () => {
    const delivery = await genuine(scheme);
    assert((await judge(scheme, { ...delivery, secrets: [OTHER, secretOf(scheme)] })).ok);
    assert((await judge(scheme, { ...delivery, secrets: [secretOf(scheme), OTHER] })).ok);
  });

  Deno.test(`${scheme.name}: a signed body that is no UTF-8 is refused`, async () => {
    const verdict = await judge(scheme, await genuine(scheme, { signed: new Uint8Array([0x22, 0xff, 0x22]) }));
    assertEquals(verdict.ok ? "ok" : verdict.reason, "invalid_body");
  });
}

Deno.test("every adapter is in the table", () => {
  assertEquals([...new Set(SCHEMES.map(({ provider }) => provider))].sort(), webhookProviders().sort());
});

Deno.test("what is signed with 16 signatures before it passes where a list is allowed", async () => {
  for (const scheme of SCHEMES.filter(({ name }) => /stripe|calendly|standard|svix|everything/.test(name))) {
    const good = encode(await signatureOf(scheme), scheme.encoding);
    const zeros = encode(new Uint8Array((await signatureOf(scheme)).length), scheme.encoding);
    const value = scheme.value(String(SECONDS), [...Array(15).fill(zeros), good]);
    assert((await judge(scheme, attempt(scheme, value))).ok, scheme.name);
  }
});
