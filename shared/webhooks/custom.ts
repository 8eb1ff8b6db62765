/**
 * Webhooks of any service that signs with an HMAC, described by the endpoint's settings.
 *
 * @module
 */
import type { Json, JsonObject } from "../graph/mod.ts";
import { type CustomConfig, customConfigSchema, placeholders, splitTemplate } from "./custom_config.ts";
import { fromBase64, fromBase64Url, fromHex, fromText, toBase64, toBase64Url, toHex } from "./encoding.ts";
import { type HmacHash, MAX_SIGNATURES, sha256Hex, signHmac, verifyHmac } from "./hmac.ts";
import { asEventKey, asEventType, putAt, readBody, textAt, writeBody } from "./read_body.ts";
import { refuse, refuseMismatch, refuseMissing, refuseStale } from "./refuse.ts";
import type {
  OutgoingDelivery,
  SampleEvent,
  SampleOptions,
  SignedDelivery,
  WebhookAdapter,
  WebhookDelivery,
  WebhookVerdict,
} from "./types.ts";
import { withoutSecretPrefix } from "./webhook_secret.ts";

/** Adapter for a custom HMAC. */
export const custom: WebhookAdapter = {
  provider: "custom",
  title: "Custom (HMAC)",
  description: "Any service that signs with an HMAC: header, hash, encoding, prefix, time, id and content can be set.",
  secretFrom: "us",
  configSchema: customConfigSchema,
  dedupeByBody: true,
  verify,
  read(delivery) {
    const config = readConfig(delivery.config);
    return config === null ? refuse("invalid_config") : toVerdict(delivery, config, null);
  },
  sampleEvent,
  sign,
};

const HASHES: Readonly<Record<CustomConfig["algorithm"], HmacHash>> = {
  sha1: "SHA-1",
  sha256: "SHA-256",
  sha512: "SHA-512",
};

type Encoding = CustomConfig["encoding"];

const DECODE: Readonly<Record<Encoding, (text: string) => Uint8Array | null>> = {
  hex: fromHex,
  base64: fromBase64,
  base64url: fromBase64Url,
};

const ENCODE: Readonly<Record<Encoding, (bytes: Uint8Array) => string>> = {
  hex: toHex,
  base64: toBase64,
  base64url: toBase64Url,
};

/** What the signature proved beside the body. */
interface Proof {
  timestampSeconds: number | null;
}

/** What was read of settings; deliveries that come at the same time share theirs. */
const configs = new WeakMap<JsonObject, CustomConfig | null>();

function readConfig(given: JsonObject): CustomConfig | null {
  let config = configs.get(given);
  if (config === undefined) {
    config = customConfigSchema.safeParse(given).data ?? null;
    configs.set(given, config);
  }
  return config;
}

async function verify(delivery: SignedDelivery): Promise<WebhookVerdict> {
  const config = readConfig(delivery.config);
  if (config === null) return refuse("invalid_config");
  const keys = delivery.secrets.map((secret) => toKey(secret, config)).filter((key) => key !== null && key.length > 0);
  if (keys.length === 0) return refuse("no_secret");
  const field = delivery.headers.get(config.signature_header);
  if (field === null || field === "") return refuseMissing(config.signature_header);
  const signatures = parseSignatures(field, config);
  if (signatures === null) return refuse("malformed_signature", describeForm(config));
  const time = config.timestamp_header === undefined ? null : delivery.headers.get(config.timestamp_header);
  if (config.timestamp_header !== undefined && !/^\d{1,16}$/.test(time ?? "")) {
    return refuse("missing_timestamp", `the header ${config.timestamp_header} must hold ${config.timestamp_unit}`);
  }
  if (isAmbiguous(delivery.headers, config)) {
    return refuse("malformed_signature", "a signed header holds the text that separates it from what follows");
  }
  const content = signedContent(delivery, config, time);
  if (
    !await verifyHmac({
      hash: HASHES[config.algorithm],
      keys: keys.filter((key) => key !== null),
      signatures,
      content,
    })
  ) {
    return refuseMismatch(delivery.rawBody);
  }
  const timestampSeconds = time === null ? null : Number(time) / (config.timestamp_unit === "seconds" ? 1 : 1000);
  const stale = timestampSeconds === null
    ? null
    : refuseStale(timestampSeconds, delivery.now, config.tolerance_seconds);
  if (stale !== null) return stale;
  const verdict = toVerdict(delivery, config, { timestampSeconds });
  if (!verdict.ok || verdict.event.eventKey !== null || timestampSeconds === null) return verdict;
  // Without an id a signed time makes every delivery its own; the same signed bytes again are a replay.
  return { ok: true, event: { ...verdict.event, eventKey: `sha256:${await sha256Hex(content)}` } };
}

function describeForm({ signature_header, prefix, algorithm, encoding }: CustomConfig): string {
  const start = prefix === "" ? "" : `${JSON.stringify(prefix)} and `;
  return `the header ${signature_header} must hold ${start}a signature (${algorithm}) in ${encoding}`;
}

function toKey(secret: string, config: CustomConfig): Uint8Array | null {
  switch (config.secret_encoding) {
    case "utf8":
      return fromText(secret);
    case "base64":
      return fromBase64(withoutSecretPrefix(secret));
    case "hex":
      return fromHex(secret);
  }
}

/** Null when there is none in the expected form, or too many. Entries with another prefix are other schemes. */
function parseSignatures(field: string, config: CustomConfig): Uint8Array[] | null {
  if (field.length > 8_192) return null;
  const entries = splitEntries(field, config).filter((entry) => entry.startsWith(config.prefix));
  if (entries.length === 0 || entries.length > MAX_SIGNATURES) return null;
  const signatures = entries.map((entry) => DECODE[config.encoding](entry.slice(config.prefix.length)));
  return signatures.includes(null) ? null : signatures.filter((bytes) => bytes !== null);
}

function splitEntries(field: string, { separator }: CustomConfig): string[] {
  return separator === "" ? [field] : field.split(separator).map((entry) => entry.trim());
}

/**
 * Whether a signed header runs into what is signed after it: then the same bytes could be cut into another header, time
 * and body than the sender meant.
 */
function isAmbiguous(headers: Headers, config: CustomConfig): boolean {
  const parts = splitTemplate(config.signed_content);
  return parts.some((part, index) => {
    if (index % 2 === 0 || part === "body" || part === "timestamp") return false;
    const value = headerText(headers, part === "id" ? config.event_id_header : part.slice("header:".length)) ?? "";
    const next = parts[index + 1] ?? "";
    return next !== "" && value.includes(next);
  });
}

function signedContent(delivery: WebhookDelivery, config: CustomConfig, time: string | null): Uint8Array[] {
  return splitTemplate(config.signed_content).map((part, index) => {
    if (index % 2 === 0) return fromText(part);
    if (part === "body") return delivery.rawBody;
    if (part === "timestamp") return fromText(time ?? "");
    if (part === "id") return fromText(headerText(delivery.headers, config.event_id_header) ?? "");
    return fromText(delivery.headers.get(part.slice("header:".length)) ?? "");
  });
}

function toVerdict(delivery: WebhookDelivery, config: CustomConfig, proof: Proof | null): WebhookVerdict {
  const read = readBody(delivery, config.body_format);
  if (!read.ok) return read;
  const { body } = read;
  const inBody = asEventKey(bodyText(body, config.event_id_path));
  const inHeader = asEventKey(headerText(delivery.headers, config.event_id_header));
  const signed = placeholders(config.signed_content);
  const signedHeader = signed.includes("id") || signed.includes(`header:${config.event_id_header}`);
  const id = inBody ?? inHeader;
  const idIsSigned = proof !== null && (inBody !== null || (inHeader !== null && signedHeader));
  const timeIsSigned = proof !== null && proof.timestampSeconds !== null;
  return {
    ok: true,
    event: {
      eventKey: id,
      type: asEventType(
        bodyText(body, config.event_type_path) ?? headerText(delivery.headers, config.event_type_header),
      ),
      body,
      timestampSeconds: proof?.timestampSeconds ?? null,
      dedupeByBody: !(idIsSigned || (id === null && timeIsSigned)),
    },
  };
}

function bodyText(body: Json, path: string | undefined): string | null {
  return path === undefined ? null : textAt(body, path.split("."));
}

function headerText(headers: Headers, name: string | undefined): string | null {
  return name === undefined ? null : headers.get(name);
}

/** An event of nobody in particular, with id and type where the settings look for them. */
function sampleEvent({ config: settings, now, body: given, eventType }: SampleOptions): SampleEvent {
  const config = customConfigSchema.parse(settings);
  const id = `test_${crypto.randomUUID()}`;
  const type = eventType ?? (given === undefined ? "test.event" : undefined);
  let body: Json = given !== undefined
    ? given
    : { id, type: type ?? null, created_at: now.toISOString(), data: { message: "Hello" } };
  if (given === undefined && config.event_id_path !== undefined) {
    body = putAt(body, config.event_id_path.split("."), id);
  }
  if (type !== undefined && config.event_type_path !== undefined) {
    body = putAt(body, config.event_type_path.split("."), type);
  }
  const headers: Record<string, string> = {};
  if (config.event_id_header !== undefined) headers[config.event_id_header] = id;
  if (config.event_type_header !== undefined && type !== undefined) headers[config.event_type_header] = type;
  const { text, contentType } = writeBody(body, config.body_format);
  return { text, headers: { "content-type": contentType, ...headers } };
}

async function sign({ rawBody, headers, config: settings, secret, now }: OutgoingDelivery) {
  const config = customConfigSchema.parse(settings);
  const key = toKey(secret, config);
  const fields: Record<string, string> = {};
  if (key === null || key.length === 0) return fields;
  const milliseconds = now.getTime();
  const time = String(config.timestamp_unit === "seconds" ? Math.floor(milliseconds / 1000) : milliseconds);
  if (config.timestamp_header !== undefined) fields[config.timestamp_header] = time;
  const content = signedContent({ rawBody, headers, config: settings }, config, time);
  const mac = await signHmac(HASHES[config.algorithm], key, content);
  fields[config.signature_header] = config.prefix + ENCODE[config.encoding](mac);
  return fields;
}
