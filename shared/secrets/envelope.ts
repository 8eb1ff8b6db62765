/**
 * Values encrypted at rest: version ‖ length and id of the master key ‖ wrapped data key ‖ IV ‖ ciphertext ‖ tag.
 *
 * Every value has a data key of its own (AES-256-GCM), which the master key wraps (AES-256-GCM as well). Both are bound
 * to the place where the value belongs: moved to another row, tenant or version, or put back after a newer one, it
 * cannot be opened. Changing the master key changes the wrapped data key and nothing else.
 *
 * @module
 */
import { keyIdOf, type Keyring } from "./keyring.ts";

/** Where a value belongs. */
export interface EnvelopePlace {
  readonly table: string;
  readonly column: string;
  /** Id of the organization. */
  readonly tenant: string;
  readonly row: string;
  readonly version: number;
}

const FORMAT = 1;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const DATA_KEY_BYTES = 32;
const WRAPPED_BYTES = IV_BYTES + DATA_KEY_BYTES + TAG_BYTES;

/** The place of a version of a secret. */
export function secretPlace(tenant: string, secretId: string, version: number): EnvelopePlace {
  return { table: "private.secret_versions", column: "envelope", tenant, row: secretId, version };
}

/**
 * The place of what is kept for a webhook subscription.
 *
 * @param kind `signing` = a secret that deliveries are signed with; `headers` = the values of headers, as JSON.
 */
export function webhookSubscriptionPlace(
  tenant: string,
  subscriptionId: string,
  kind: "signing" | "headers",
  number: number,
): EnvelopePlace {
  return { table: "private.webhook_subscription_secrets", column: kind, tenant, row: subscriptionId, version: number };
}

/** The place of the secret of a webhook endpoint. A secret is a row that never changes: it has one version. */
export function webhookSecretPlace(tenant: string, rowId: string): EnvelopePlace {
  return { table: "private.webhook_secrets", column: "envelope", tenant, row: rowId, version: 1 };
}

/**
 * Encrypts a value under a fresh data key and the current master key.
 *
 * @param keyring The master keys.
 * @param place Where the value belongs.
 * @param value The value.
 * @returns The envelope.
 */
export async function sealEnvelope(keyring: Keyring, place: EnvelopePlace, value: string) {
  const dataKey = crypto.getRandomValues(new Uint8Array(DATA_KEY_BYTES));
  const header = await wrap(keyring, place, dataKey);
  const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
  const key = await crypto.subtle.importKey("raw", dataKey, "AES-GCM", false, ["encrypt"]);
  dataKey.fill(0);
  const plain = new TextEncoder().encode(value);
  const sealed = await crypto.subtle.encrypt(
    { name: "AES-GCM", iv, additionalData: bound(place, "value") },
    key,
    plain,
  );
  plain.fill(0);
  return join(header, iv, new Uint8Array(sealed));
}

/**
 * Decrypts a value.
 *
 * @throws {RangeError} It is no envelope, or its master key is not there.
 * @throws {DOMException} It was changed, or belongs to another place.
 */
export async function openEnvelope(keyring: Keyring, place: EnvelopePlace, envelope: Uint8Array): Promise<string> {
  const length = headerLength(envelope);
  const dataKey = await unwrap(keyring, place, envelope.subarray(0, length));
  const key = await crypto.subtle.importKey("raw", dataKey, "AES-GCM", false, ["decrypt"]);
  dataKey.fill(0);
  const iv = envelope.slice(length, length + IV_BYTES);
  const algorithm = { name: "AES-GCM", iv, additionalData: bound(place, "value") };
  const plain = await crypto.subtle.decrypt(algorithm, key, envelope.slice(length + IV_BYTES));
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(plain);
}

/**
 * Wraps the data key of a value anew, under the current master key.
 *
 * @param header The beginning of its envelope, up to the IV.
 * @returns What takes its place.
 * @throws As {@linkcode openEnvelope}.
 */
export async function rewrapHeader(keyring: Keyring, place: EnvelopePlace, header: Uint8Array) {
  if (headerLength(header) !== header.length) throw new RangeError("This is no header of an envelope");
  const dataKey = await unwrap(keyring, place, header);
  try {
    return await wrap(keyring, place, dataKey);
  } finally {
    dataKey.fill(0);
  }
}

async function wrap(keyring: Keyring, place: EnvelopePlace, dataKey: Uint8Array) {
  const id = new TextEncoder().encode(keyring.current);
  const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
  const algorithm = { name: "AES-GCM", iv, additionalData: bound(place, `key ${keyring.current}`) };
  const wrapped = await crypto.subtle.encrypt(algorithm, await keyring.key(keyring.current), dataKey.slice());
  return join(new Uint8Array([FORMAT, id.length]), id, iv, new Uint8Array(wrapped));
}

async function unwrap(keyring: Keyring, place: EnvelopePlace, header: Uint8Array) {
  const id = keyIdOf(header) ?? "";
  const wrapped = header.slice(header.length - WRAPPED_BYTES);
  const algorithm = {
    name: "AES-GCM",
    iv: wrapped.slice(0, IV_BYTES),
    additionalData: bound(place, `key ${id}`),
  };
  return new Uint8Array(await crypto.subtle.decrypt(algorithm, await keyring.key(id), wrapped.slice(IV_BYTES)));
}

/** Bytes before the IV of the value. */
function headerLength(envelope: Uint8Array): number {
  if (keyIdOf(envelope) === null) throw new RangeError("This is no envelope of a version that is known");
  const length = 2 + (envelope[1] ?? 0) + WRAPPED_BYTES;
  if (envelope.length < length) throw new RangeError("The envelope is too short");
  return length;
}

/** What a ciphertext is bound to, as bytes. No part can hold a bar: names are ours, ids are UUIDs. */
function bound({ table, column, tenant, row, version }: EnvelopePlace, what: string) {
  const parts = [table, column, tenant, row];
  if (parts.some((part) => part.includes("|"))) throw new RangeError("A place holds no bars");
  return new TextEncoder().encode([...parts, version, what].join("|"));
}

function join(...parts: Uint8Array[]) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
