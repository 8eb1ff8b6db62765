import { toBase64 } from "../bytes/mod.ts";
import { openEnvelope, sealEnvelope, webhookSecretPlace } from "./envelope.ts";
import { fingerprint } from "./fingerprint.ts";
import { keyIdOf, type Keyring, keyringOf, type MasterKeys } from "./keyring.ts";

/** The secret of a webhook endpoint as the database gives it: sealed, or as it is where nothing has sealed it yet. */
export type StoredEndpointSecret = string | SealedEndpointSecret;

/** A secret in its envelope. */
export interface SealedEndpointSecret {
  /** The row. */
  readonly id: string;
  /** Hexadecimal. */
  readonly envelope: string;
}

/** Secrets that were opened. */
export interface OpenedEndpointSecrets {
  readonly secrets: readonly string[];
  /** How many could not be: their master key is not there, or they were changed. */
  readonly unreadable: number;
}

/** A new secret, sealed, as `private.put_webhook_secret` takes it. */
export interface NewEndpointSecret {
  readonly id: string;
  /** Base64. */
  readonly envelope: string;
  readonly key_id: string;
  readonly last_four: string;
  /** Stands for the value in the idempotency keys; null = it is made anew by each request. */
  readonly fingerprint: string | null;
}

/** Opened secrets that an isolate keeps, about 1 KiB each. */
const MAX_KEPT = 1_000;

/** Organization, row and ciphertext → value. The one that was used longest ago goes first. */
const opened = new WeakMap<MasterKeys, Map<string, string>>();

/**
 * Opens the secrets of an endpoint. One that was opened before costs a look into a map: neither a call nor a key. The
 * ciphertext is what it is known by, so that a new secret, or one wrapped anew, is opened anew.
 *
 * @param env Its master keys.
 * @param organizationId The tenant that the secrets are bound to.
 * @param stored What the database gave.
 */
export async function openEndpointSecrets(
  env: { readonly masterKeys: MasterKeys | null },
  organizationId: string,
  stored: readonly StoredEndpointSecret[],
): Promise<OpenedEndpointSecrets> {
  const secrets: string[] = [];
  let unreadable = 0;
  for (const secret of stored) {
    const text = typeof secret === "string" ? secret : known(env, organizationId, secret) ??
      await open(env, organizationId, secret);
    if (text === undefined) unreadable++;
    else secrets.push(text);
  }
  return { secrets, unreadable };
}

function keyOf(organizationId: string, { id, envelope }: SealedEndpointSecret): string {
  return `${organizationId}|${id}|${envelope}`;
}

function known(
  { masterKeys }: { readonly masterKeys: MasterKeys | null },
  organizationId: string,
  secret: SealedEndpointSecret,
): string | undefined {
  const kept = masterKeys === null ? undefined : opened.get(masterKeys);
  if (kept === undefined) return undefined;
  const key = keyOf(organizationId, secret);
  const text = kept.get(key);
  if (text === undefined) return undefined;
  // Moved to the end: the first is the one that was used longest ago.
  if (kept.size === MAX_KEPT) {
    kept.delete(key);
    kept.set(key, text);
  }
  return text;
}

async function open(
  env: { readonly masterKeys: MasterKeys | null },
  organizationId: string,
  secret: SealedEndpointSecret,
): Promise<string | undefined> {
  const keyring = keyringOf(env);
  if (keyring === null || env.masterKeys === null) return undefined;
  try {
    const text = await openEnvelope(keyring, webhookSecretPlace(organizationId, secret.id), fromHex(secret.envelope));
    const kept = opened.get(env.masterKeys) ?? new Map<string, string>();
    opened.set(env.masterKeys, kept);
    if (kept.size >= MAX_KEPT) kept.delete(kept.keys().next().value!);
    kept.set(keyOf(organizationId, secret), text);
    return text;
  } catch {
    return undefined;
  }
}

/**
 * Seals a new secret of an endpoint.
 *
 * @param keyring The master keys.
 * @param organizationId The tenant of the endpoint.
 * @param secret The value.
 * @param given Whether the caller sent it, so that a repeated request is known by it.
 */
export async function sealEndpointSecret(
  keyring: Keyring,
  organizationId: string,
  secret: string,
  given: boolean,
): Promise<NewEndpointSecret> {
  const id = crypto.randomUUID();
  const envelope = await sealEnvelope(keyring, webhookSecretPlace(organizationId, id), secret);
  return {
    id,
    envelope: toBase64(envelope),
    key_id: keyIdOf(envelope) ?? keyring.current,
    last_four: secret.slice(-4),
    fingerprint: given ? await fingerprint(keyring, `${organizationId}|webhook endpoint`, secret) : null,
  };
}

function fromHex(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (byte) => parseInt(byte, 16));
}
