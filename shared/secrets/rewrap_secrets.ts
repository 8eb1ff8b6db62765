import { readBase64, toBase64 } from "../bytes/mod.ts";
import { rewrapHeader, sealEnvelope, secretPlace, webhookSecretPlace, webhookSubscriptionPlace } from "./envelope.ts";
import { keyIdOf, type Keyring } from "./keyring.ts";

/** A value of which the data key is wrapped by another key than the current one. */
export interface StaleSecret {
  /** `endpoint`: the secret of a webhook endpoint, `secret_id` is its row; `signing`, `headers`: of a subscription. */
  readonly kind: "secret" | "endpoint" | "signing" | "headers";
  readonly secret_id: string;
  readonly number: number;
  readonly organization_id: string;
  readonly key_id: string;
  /** The beginning of its envelope, Base64. */
  readonly header: string;
}

/** The secret of a webhook endpoint that is not sealed yet. */
export interface PlainEndpointSecret {
  readonly id: string;
  readonly organization_id: string;
  readonly secret: string;
}

/** An envelope for one. */
export interface SealedRow {
  readonly id: string;
  /** Base64. */
  readonly envelope: string;
  readonly key_id: string;
}

/** Calls of the database; all of them bear repetition. */
export interface RewrapStore {
  /** The next values, in their order, those of `skip` left out. */
  next(keyId: string, limit: number, skip: readonly { secret_id: string; number: number }[]): Promise<StaleSecret[]>;
  /** Puts new headers in the place of old ones where they are still the same; says how many. */
  write(rows: readonly (RewrappedSecret)[]): Promise<number>;
  /** How many secrets of endpoints are not sealed yet, and the next of them; 0 = none. */
  nextPlain(limit: number): Promise<{ readonly left: number; readonly rows: readonly PlainEndpointSecret[] }>;
  /** Puts envelopes in the place of secrets that still are not sealed; says how many. */
  writeSealed(rows: readonly SealedRow[]): Promise<number>;
  /** Values by key. */
  count(): Promise<Record<string, number>>;
}

/** A new header. */
export interface RewrappedSecret {
  readonly kind: StaleSecret["kind"];
  readonly secret_id: string;
  readonly number: number;
  readonly old_header: string;
  readonly header: string;
  readonly key_id: string;
}

/** How far a rotation is. */
export interface RewrapProgress {
  /** The key that everything is wrapped by at the end. */
  readonly current: string;
  /** Wrapped anew by this call. */
  readonly rewrapped: number;
  /** Secrets of endpoints sealed by this call. */
  readonly sealed: number;
  /** Those that are not sealed yet. */
  readonly plain: number;
  /** Values by key, the current one included. */
  readonly values: Readonly<Record<string, number>>;
  /** Values that could not be unwrapped: their key is not in the environment, or they were changed. */
  readonly unreadable: number;
  /** Keys of the environment that protect nothing any more and may be removed from it. */
  readonly removable: readonly string[];
  /** Whether nothing is left to do. */
  readonly done: boolean;
}

/** What {@linkcode rewrapSecrets} may be told. */
export interface RewrapOptions {
  /** Values a call. Default 200. */
  readonly batch?: number;
  /** Ends it after the batch that is under way. */
  readonly signal?: AbortSignal;
  /** Called after every batch. */
  onProgress?(progress: RewrapProgress): void;
}

/** Unreadable values after which it gives up: they have to be named in every call. */
const MAX_UNREADABLE = 500;

/**
 * Seals the secrets of endpoints that are not sealed yet, and wraps all data keys by the current master key. Only the
 * wrapped keys change, the ciphertexts stay where they are. Readers go on meanwhile: they hold both keys. Killed at any
 * point it goes on where it was: what is done is known by its key.
 *
 * @param keyring The current key, and those it takes the place of.
 * @param store The database.
 * @param options Size of batches, progress.
 * @returns How far it came.
 */
export async function rewrapSecrets(
  keyring: Keyring,
  store: RewrapStore,
  { batch = 200, signal, onProgress }: RewrapOptions = {},
): Promise<RewrapProgress> {
  const done = { rewrapped: 0, sealed: 0 };
  const unreadable: { secret_id: string; number: number }[] = [];
  const tell = async (): Promise<RewrapProgress> => {
    const progress = await progressOf(keyring, store, done, unreadable.length);
    onProgress?.(progress);
    return progress;
  };
  while (signal?.aborted !== true) {
    const { rows } = await store.nextPlain(batch);
    if (rows.length === 0) break;
    done.sealed += await store.writeSealed(await Promise.all(rows.map((row) => seal(keyring, row))));
    await tell();
  }
  while (signal?.aborted !== true && unreadable.length < MAX_UNREADABLE) {
    const stale = await store.next(keyring.current, batch, unreadable);
    if (stale.length === 0) break;
    const rows: RewrappedSecret[] = [];
    for (const secret of stale) {
      const row = await rewrap(keyring, secret);
      if (row === null) unreadable.push({ secret_id: secret.secret_id, number: secret.number });
      else rows.push(row);
    }
    if (rows.length > 0) done.rewrapped += await store.write(rows);
    await tell();
  }
  return await progressOf(keyring, store, done, unreadable.length);
}

async function seal(keyring: Keyring, { id, organization_id, secret }: PlainEndpointSecret): Promise<SealedRow> {
  const envelope = await sealEnvelope(keyring, webhookSecretPlace(organization_id, id), secret);
  return { id, envelope: toBase64(envelope), key_id: keyIdOf(envelope) ?? keyring.current };
}

async function rewrap(keyring: Keyring, secret: StaleSecret): Promise<RewrappedSecret | null> {
  const { kind, secret_id, number, organization_id, header: old_header } = secret;
  const place = kind === "endpoint"
    ? webhookSecretPlace(organization_id, secret_id)
    : kind === "secret"
    ? secretPlace(organization_id, secret_id, number)
    : webhookSubscriptionPlace(organization_id, secret_id, kind, number);
  try {
    const bytes = readBase64(old_header);
    const header = await rewrapHeader(keyring, place, bytes);
    return {
      kind,
      secret_id,
      number,
      old_header,
      header: toBase64(header),
      key_id: keyIdOf(header) ?? keyring.current,
    };
  } catch {
    return null;
  }
}

async function progressOf(
  keyring: Keyring,
  store: RewrapStore,
  done: { readonly rewrapped: number; readonly sealed: number },
  unreadable: number,
): Promise<RewrapProgress> {
  const [values, { left: plain }] = await Promise.all([store.count(), store.nextPlain(0)]);
  const removable = keyring.ids.filter((id) => id !== keyring.current && (values[id] ?? 0) === 0);
  const left = Object.entries(values).reduce((sum, [id, number]) => id === keyring.current ? sum : sum + number, 0);
  return { current: keyring.current, ...done, plain, values, unreadable, removable, done: left + plain === 0 };
}
