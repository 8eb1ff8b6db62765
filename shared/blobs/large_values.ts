import { internal, isAppError } from "../errors/mod.ts";
import type { Json } from "../graph/mod.ts";
import { ValueCache } from "./_value_cache.ts";
import type { BlobStore } from "./blob_store.ts";
import {
  blobPath,
  type BlobReference,
  canonicalText,
  hashOf,
  INLINE_BYTES,
  isReserved,
  toReference,
} from "./reference.ts";

/** Bytes of JSON that may stay in a row if Storage is away: 1 MiB. */
const MAX_INLINE_BYTES = 1_048_576;

/** Options of {@linkcode LargeValues}. */
export interface LargeValuesOptions {
  /** Milliseconds to go on trying while Storage is away. Default 60,000, as long as for Postgres. */
  patienceMs?: number;
  /** The same where the value could stay in its row instead. Default 5,000. */
  shortPatienceMs?: number;
  /**
   * Bytes of JSON text kept for the next reader. Default 32 MiB: parsed it may be three times that, and an edge function
   * has 256 MB.
   */
  cacheBytes?: number;
  /** Told when a value stays in its row because Storage is away. */
  onInline?(error: unknown): void;
}

/** Moves large values to Storage and back. */
export class LargeValues {
  readonly #store: BlobStore;
  readonly #options: LargeValuesOptions;
  readonly #cache: ValueCache;
  /** Downloads that are under way, so that items of a region that begin together share one. */
  readonly #loading = new Map<string, Promise<Json>>();

  /** @param store Where they go. */
  constructor(store: BlobStore, options: LargeValuesOptions = {}) {
    this.#store = store;
    this.#options = options;
    this.#cache = new ValueCache(options.cacheBytes ?? 33_554_432);
  }

  /**
   * What to record for a value: the value, or a reference when it is large or could be taken for a reference. It is
   * stored when this resolves. While Storage is away it is tried again; what a row can bear stays there after a while.
   *
   * @param organizationId The organization of the run.
   * @param value A value that Postgres can keep.
   * @param signal Ends the trying.
   * @throws {AppError} `service_unavailable`, `internal`: what the store says in the end; `signal`'s reason.
   */
  async keep(organizationId: string, value: Json, signal?: AbortSignal): Promise<Json> {
    const reserved = isReserved(value);
    const text = canonicalText(value);
    // UTF-8 has at most three bytes for each UTF-16 unit, so short texts need no counting.
    if (!reserved && text.length * 3 <= INLINE_BYTES) return value;
    const bytes = new TextEncoder().encode(text);
    if (!reserved && bytes.length <= INLINE_BYTES) return value;
    const sha256 = await hashOf(bytes);
    const path = blobPath(organizationId, sha256);
    const mayStay = !reserved && bytes.length <= MAX_INLINE_BYTES;
    const { patienceMs = 60_000, shortPatienceMs = 5_000 } = this.#options;
    try {
      await patiently(() => this.#store.put(path, bytes), mayStay ? shortPatienceMs : patienceMs, signal);
    } catch (error) {
      if (!mayStay || signal?.aborted) throw error;
      this.#options.onInline?.(error);
      return value;
    }
    this.#cache.set(path, value, bytes.length);
    return toReference(sha256, bytes.length, text);
  }

  /**
   * The value that a reference stands for, frozen. While Storage is away it is tried again.
   *
   * @param organizationId The organization of the run that reads.
   * @param signal Ends the trying.
   * @throws {AppError} `service_unavailable`; `internal` when the value is gone or is not what the reference says.
   */
  async load(organizationId: string, { sha256 }: BlobReference, signal?: AbortSignal): Promise<Json> {
    const path = blobPath(organizationId, sha256);
    const known = this.#cache.get(path);
    if (known !== undefined) return known;
    signal?.throwIfAborted();
    let loading = this.#loading.get(path);
    if (loading === undefined) {
      // Without the signal: others may wait for the same.
      loading = this.#load(path, sha256).finally(() => this.#loading.delete(path));
      this.#loading.set(path, loading);
    }
    return await unlessAborted(loading, signal);
  }

  async #load(path: string, sha256: string): Promise<Json> {
    const bytes = await patiently(() => this.#store.get(path), this.#options.patienceMs ?? 60_000);
    if (bytes === null) throw internal(`The blob ${path} is gone`);
    if (await hashOf(bytes) !== sha256) throw internal(`The blob ${path} is not what it was`);
    const value = JSON.parse(new TextDecoder().decode(bytes)) as Json;
    this.#cache.set(path, value, bytes.length);
    return value;
  }
}

/** Does something again while the store is away, for so many milliseconds. */
async function patiently<T>(work: () => Promise<T>, patienceMs: number, signal?: AbortSignal): Promise<T> {
  const until = performance.now() + patienceMs;
  for (let pause = 200;; pause = Math.min(pause * 2, 2_000)) {
    signal?.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      if (!isAppError(error) || error.code !== "service_unavailable" || performance.now() + pause > until) throw error;
    }
    await sleep(pause, signal);
  }
}

/** What a promise gives, unless the signal comes first. */
async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return await promise;
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const end = () => reject(signal.reason);
  if (signal.aborted) end();
  else signal.addEventListener("abort", end);
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", end);
  }
}

async function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await new Promise<void>((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal?.addEventListener("abort", end);
  });
}
