/** Master keys as the environment holds them. */
export interface MasterKeys {
  /** The id of the key that wraps what is new. */
  readonly current: string;
  /** 32 bytes each, by id. */
  readonly keys: Readonly<Record<string, Uint8Array>>;
}

/** Where the length of the key's id stands in an envelope, and the id behind it. */
const ID_LENGTH_AT = 1;
const ID_AT = 2;

/**
 * The master keys of this isolate. They wrap and unwrap data keys and do nothing else; WebCrypto keeps them, so that
 * nothing that prints an object prints them.
 */
export class Keyring {
  /** The id of the key that wraps what is new. */
  readonly current: string;
  readonly #raw: MasterKeys["keys"];
  readonly #imported = new Map<string, Promise<CryptoKey>>();

  /** @param master The keys; `current` must be one of them. */
  constructor({ current, keys }: MasterKeys) {
    this.current = current;
    this.#raw = keys;
  }

  /** The ids of all keys. */
  get ids(): string[] {
    return Object.keys(this.#raw);
  }

  /** Whether there is a key of this id. */
  has(id: string): boolean {
    return Object.hasOwn(this.#raw, id);
  }

  /**
   * A key for AES-256-GCM.
   *
   * @throws {RangeError} When there is none of this id.
   */
  key(id: string): Promise<CryptoKey> {
    const bytes = this.has(id) ? this.#raw[id] : undefined;
    if (bytes === undefined) throw new RangeError(`There is no master key ${id}`);
    let key = this.#imported.get(id);
    if (key === undefined) {
      key = crypto.subtle.importKey("raw", bytes.slice(), "AES-GCM", false, ["encrypt", "decrypt"]);
      this.#imported.set(id, key);
    }
    return key;
  }

  /** Bytes that only who holds the current key can know, for a purpose of their own. */
  async derive(id: string, purpose: string): Promise<CryptoKey> {
    const bytes = this.has(id) ? this.#raw[id] : undefined;
    if (bytes === undefined) throw new RangeError(`There is no master key ${id}`);
    const base = await crypto.subtle.importKey("raw", bytes.slice(), "HKDF", false, ["deriveKey"]);
    const info = new TextEncoder().encode(`millrace ${purpose}`);
    return await crypto.subtle.deriveKey(
      { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(0), info },
      base,
      { name: "HMAC", hash: "SHA-256", length: 256 },
      false,
      ["sign"],
    );
  }
}

const keyrings = new WeakMap<MasterKeys, Keyring>();

/** The keyring of an environment, made once; null when it has no master keys. */
export function keyringOf(env: { readonly masterKeys: MasterKeys | null }): Keyring | null {
  if (env.masterKeys === null) return null;
  let keyring = keyrings.get(env.masterKeys);
  if (keyring === undefined) keyrings.set(env.masterKeys, keyring = new Keyring(env.masterKeys));
  return keyring;
}

/**
 * The id of the master key that an envelope, or its header, names.
 *
 * @returns Null when it is no envelope of a version that is known.
 */
export function keyIdOf(envelope: Uint8Array): string | null {
  const length = envelope[ID_LENGTH_AT] ?? 0;
  if (envelope[0] !== 1 || length < 1 || length > 32 || envelope.length < ID_AT + length) return null;
  return new TextDecoder().decode(envelope.subarray(ID_AT, ID_AT + length));
}
