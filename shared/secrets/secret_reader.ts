import { readBase64 } from "../bytes/mod.ts";
import { isAppError } from "../errors/mod.ts";
import { openEnvelope, secretPlace } from "./envelope.ts";
import type { Keyring } from "./keyring.ts";

/** Why a step cannot have a secret. */
export type SecretErrorCode =
  | "secret_missing"
  | "secret_expired"
  | "secret_unreadable"
  | "secrets_not_set_up"
  | "service_unavailable";

/** A secret that a step names cannot be read. The message names it and tells nothing of its value. */
export class SecretError extends Error {
  override readonly name = "SecretError";
  readonly code: SecretErrorCode;

  /**
   * @param code Why.
   * @param message A sentence for the flow's owner.
   * @param cause The error underneath, for operators.
   */
  constructor(code: SecretErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}

/** Who reads. */
export interface SecretUser {
  readonly organizationId: string;
  readonly runId: string;
  readonly nodeId: string;
}

/** How often a step read a secret. */
interface CountedUse {
  run_id: string;
  node_id: string;
  uses: number;
  /** Of past uses: the version that was read. */
  number?: number;
}

/** One secret in a call of `engine.read_secrets`. */
export interface SecretReading {
  organization_id: string;
  name: string;
  /** The version that is known already, which need not be sent again. */
  secret_id?: string;
  number?: number;
  uses: CountedUse[];
  past_uses: CountedUse[];
}

/** What it answers for one. */
export interface SecretReply {
  organization_id: string;
  name: string;
  status: "found" | "missing" | "expired";
  secret_id?: string;
  number?: number;
  /** Milliseconds; null = it does not expire. */
  expires_in_ms?: number | null;
  /** Base64; absent when the version is known, null when it is destroyed. */
  envelope?: string | null;
}

/** Where the encrypted values are. */
export interface SecretStore {
  readSecrets(readings: readonly SecretReading[]): Promise<SecretReply[]>;
}

/** What {@linkcode SecretReader} may be told. */
export interface SecretReaderOptions {
  /** Milliseconds for which a value is used again without asking. Default 3,000. */
  readonly freshMs?: number;
  /** The present, milliseconds. */
  readonly now?: () => number;
}

interface Known {
  readonly secretId: string;
  readonly number: number;
  readonly value: string;
  /** Until then nobody is asked. */
  freshUntil: number;
  /** What was read since the last call. */
  past: Map<string, CountedUse>;
}

interface Waiting {
  readonly user: SecretUser;
  readonly name: string;
  resolve(value: string): void;
  reject(error: unknown): void;
}

/** Values in memory at most. */
const MAX_KNOWN = 1_000;
/** Secrets of one call. */
const MAX_READINGS = 200;

/**
 * Reads secrets for the steps of an isolate: one call for all that steps ask for at the same time, and none for a few
 * seconds afterwards. Then it is asked whether the version is still the same, so that a new value, a deletion and an
 * expiry are known within seconds everywhere.
 */
export class SecretReader {
  readonly #store: SecretStore;
  readonly #keyring: Keyring | null;
  readonly #freshMs: number;
  readonly #now: () => number;
  readonly #known = new Map<string, Known>();
  #waiting: Waiting[] = [];

  /**
   * @param store Where the encrypted values are.
   * @param keyring The master keys; null = secrets are not set up, and every reading fails.
   * @param options Limits.
   */
  constructor(store: SecretStore, keyring: Keyring | null, options: SecretReaderOptions = {}) {
    this.#store = store;
    this.#keyring = keyring;
    this.#freshMs = options.freshMs ?? 3_000;
    this.#now = options.now ?? (() => performance.now());
  }

  /**
   * The values of secrets, by name.
   *
   * @throws {SecretError} One of them cannot be read.
   */
  async read(user: SecretUser, names: readonly string[]): Promise<ReadonlyMap<string, string>> {
    if (this.#keyring === null) {
      throw new SecretError("secrets_not_set_up", "Secrets are not set up here: MILLRACE_MASTER_KEYS is missing");
    }
    const values = await Promise.all(names.map((name) => this.#readOne(user, name)));
    return new Map(names.map((name, place) => [name, values[place] ?? ""]));
  }

  /** Writes down what was read and is not written down yet. Never rejects. */
  async flush(): Promise<void> {
    const readings: SecretReading[] = [];
    for (const [key, known] of this.#known) {
      if (known.past.size === 0) continue;
      const [organization_id = "", name = ""] = key.split("|");
      readings.push(this.#reading(organization_id, name, known, []));
    }
    try {
      for (let first = 0; first < readings.length; first += MAX_READINGS) {
        await this.#store.readSecrets(readings.slice(first, first + MAX_READINGS));
      }
    } catch {
      // The first reading of every few seconds is written down before the value is given: no reader is missing.
    }
  }

  #readOne(user: SecretUser, name: string): Promise<string> {
    const known = this.#known.get(keyOf(user.organizationId, name));
    if (known !== undefined && this.#now() < known.freshUntil) {
      count(known.past, { run_id: user.runId, node_id: user.nodeId, uses: 1, number: known.number });
      return Promise.resolve(known.value);
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ user, name, resolve, reject });
      // When all that is ready has asked.
      if (this.#waiting.length === 1) setTimeout(() => void this.#callAll(), 0);
    });
  }

  async #callAll(): Promise<void> {
    const groups = Map.groupBy(this.#waiting, ({ user, name }) => keyOf(user.organizationId, name));
    this.#waiting = [];
    const keys = [...groups.keys()];
    for (let first = 0; first < keys.length; first += MAX_READINGS) {
      const some = keys.slice(first, first + MAX_READINGS);
      await this.#call(new Map(some.map((key) => [key, groups.get(key) ?? []])));
    }
  }

  async #call(groups: ReadonlyMap<string, Waiting[]>): Promise<void> {
    const readings = [...groups].map(([key, waiting]) => {
      const uses = new Map<string, CountedUse>();
      for (const { user } of waiting) count(uses, { run_id: user.runId, node_id: user.nodeId, uses: 1 });
      const [organization_id = "", name = ""] = key.split("|");
      return this.#reading(organization_id, name, this.#known.get(key), [...uses.values()]);
    });
    let replies: SecretReply[];
    try {
      replies = await this.#store.readSecrets(readings);
    } catch (error) {
      const away = isAppError(error) && (error.code === "service_unavailable" || error.code === "timeout");
      const failure = away
        ? new SecretError("service_unavailable", "Secrets cannot be read at the moment", error)
        : error;
      for (const { reject } of [...groups.values()].flat()) reject(failure);
      return;
    }
    const found = new Map(replies.map((reply) => [keyOf(reply.organization_id, reply.name), reply]));
    await Promise.all([...groups].map(async ([key, waiting]) => {
      try {
        const value = await this.#accept(key, found.get(key));
        for (const { resolve } of waiting) resolve(value);
      } catch (error) {
        for (const { reject } of waiting) reject(error);
      }
    }));
  }

  #reading(organization_id: string, name: string, known: Known | undefined, uses: CountedUse[]): SecretReading {
    const past_uses = [...known?.past.values() ?? []];
    if (known !== undefined) known.past = new Map();
    return {
      organization_id,
      name,
      ...(known !== undefined && { secret_id: known.secretId, number: known.number }),
      uses,
      past_uses,
    };
  }

  /** Takes over what the store says of a secret; gives its value. */
  async #accept(key: string, reply: SecretReply | undefined): Promise<string> {
    const [organizationId = "", name = ""] = key.split("|");
    if (reply === undefined || reply.status !== "found") {
      this.#known.delete(key);
      throw reply?.status === "expired"
        ? new SecretError("secret_expired", `The secret ${name} has expired`)
        : new SecretError("secret_missing", `There is no secret ${name}`);
    }
    const { secret_id: secretId = "", number = 0, envelope, expires_in_ms } = reply;
    const known = this.#known.get(key);
    const freshUntil = this.#now() + Math.min(this.#freshMs, expires_in_ms ?? this.#freshMs);
    if (known?.secretId === secretId && known.number === number) {
      known.freshUntil = freshUntil;
      return known.value;
    }
    const value = await this.#open(organizationId, name, secretId, number, envelope);
    if (this.#known.size >= MAX_KNOWN) this.#known.delete(this.#known.keys().next().value ?? "");
    this.#known.set(key, { secretId, number, value, freshUntil, past: new Map() });
    return value;
  }

  async #open(
    organizationId: string,
    name: string,
    secretId: string,
    number: number,
    envelope: string | null | undefined,
  ): Promise<string> {
    if (typeof envelope !== "string" || this.#keyring === null) {
      throw new SecretError("secret_unreadable", `The value of the secret ${name} is gone`);
    }
    const bytes = readBase64(envelope);
    try {
      return await openEnvelope(this.#keyring, secretPlace(organizationId, secretId, number), bytes);
    } catch (error) {
      throw new SecretError(
        "secret_unreadable",
        `The secret ${name} cannot be decrypted with the keys of this place`,
        error,
      );
    }
  }
}

/** No name and no id holds a bar. */
function keyOf(organizationId: string, name: string): string {
  return `${organizationId}|${name}`;
}

function count(uses: Map<string, CountedUse>, use: CountedUse): void {
  const key = `${use.number ?? ""}|${use.run_id}|${use.node_id}`;
  const known = uses.get(key);
  if (known === undefined) uses.set(key, use);
  else known.uses += use.uses;
}
