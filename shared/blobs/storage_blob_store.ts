import type { StorageClient } from "@supabase/storage-js";
import type { Env } from "../env/mod.ts";
import { internal, serviceUnavailable } from "../errors/mod.ts";
import { type BlobBucket, type BlobStore, RUN_DATA_BUCKET } from "./blob_store.ts";

/** Milliseconds that one call may take, the body included. */
const TIMEOUT_MS = 30_000;

/** Who uses Storage, and where. */
export interface StorageBlobStoreOptions {
  /** The project's address. */
  url: string;
  apikey: string;
  /** The secret key, or the caller's access token: then RLS decides. */
  token: string;
  /** Which bucket; that for what runs give when absent. */
  bucket?: BlobBucket | undefined;
  /** Another fetch, for tests. */
  fetch?: typeof fetch | undefined;
}

/** What {@linkcode serviceBlobStore} and {@linkcode callerBlobStore} take besides. */
export type BlobStoreOptions = Pick<StorageBlobStoreOptions, "bucket" | "fetch">;

/** An error as Storage reports it: hosted, most of them are a 400 with the real status in the body. */
interface StorageFault {
  status?: number | undefined;
  statusCode?: string | undefined;
  code?: string | undefined;
  message: string;
}

/** A bucket of Supabase Storage. */
export class StorageBlobStore implements BlobStore {
  readonly #options: StorageBlobStoreOptions;
  readonly #bucket: BlobBucket;

  /** @param options Who uses it. */
  constructor(options: StorageBlobStoreOptions) {
    this.#options = options;
    this.#bucket = options.bucket ?? RUN_DATA_BUCKET;
  }

  /** See {@linkcode BlobStore.put}. The bucket is made when there is none: the migration finds Storage not everywhere. */
  async put(path: string, bytes: Uint8Array): Promise<void> {
    await this.#call(async (storage) => {
      let error = await upload(storage, this.#bucket, path, bytes);
      if (error !== null && statusOf(error) === 404) {
        await createBucket(storage, this.#bucket);
        error = await upload(storage, this.#bucket, path, bytes);
      }
      if (error !== null) throw toAppError(error);
    });
  }

  /** See {@linkcode BlobStore.get}. */
  async get(path: string): Promise<Uint8Array | null> {
    return await this.#call(async (storage) => {
      const { data, error } = await storage.from(this.#bucket.name).download(path);
      if (error !== null) return orNull(error);
      return new Uint8Array(await data.arrayBuffer());
    });
  }

  /** See {@linkcode BlobStore.getRange}. */
  async getRange(path: string, first: number, end: number): Promise<Uint8Array | null> {
    return await this.#call(async (storage) => {
      const { data, error } = await storage.from(this.#bucket.name).download(path);
      if (error !== null) return orNull(error);
      const bytes = new Uint8Array(await data.arrayBuffer());
      // Whoever takes no notice of ranges gives everything.
      return bytes.length > end - first ? bytes.slice(first, end) : bytes;
    }, { Range: `bytes=${first}-${end - 1}` });
  }

  /** See {@linkcode BlobStore.remove}. */
  async remove(paths: readonly string[]): Promise<void> {
    await this.#call(async (storage) => {
      const { error } = await storage.from(this.#bucket.name).remove([...paths]);
      if (error !== null && statusOf(error) !== 404) throw toAppError(error);
    });
  }

  /** See {@linkcode BlobStore.stream}. The body itself may take as long as it needs. */
  async stream(path: string): Promise<ReadableStream<Uint8Array> | null> {
    return await this.#call(async (storage) => {
      const { data, error } = await storage.from(this.#bucket.name).download(path).asStream();
      return error === null ? data as ReadableStream<Uint8Array> : orNull(error);
    });
  }

  async #call<T>(work: (storage: StorageClient) => Promise<T>, more: Record<string, string> = {}): Promise<T> {
    const { url, apikey, token, fetch: send = fetch } = this.#options;
    // Loaded only by who needs it (2 to 7 ms): few flows give that much.
    const { StorageClient } = await import("@supabase/storage-js");
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(), TIMEOUT_MS);
    const headers = { ...more, apikey, Authorization: `Bearer ${token}` };
    const limited: typeof fetch = (input, init) => send(input, { ...init, signal: limit.signal });
    try {
      return await work(new StorageClient(`${url}/storage/v1`, headers, limited));
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Storage as `service_role`: what a run gives has no caller. Listed in docs/security.md. */
export function serviceBlobStore(env: Env, options: BlobStoreOptions = {}): BlobStore {
  const key = env.secretKeys.default;
  return new StorageBlobStore({ ...options, url: env.supabaseUrl, apikey: key, token: key });
}

/**
 * Storage as a user: RLS says what may be read.
 *
 * @param jwt The verified access token.
 */
export function callerBlobStore(env: Env, jwt: string, options: BlobStoreOptions = {}): BlobStore {
  const apikey = env.publishableKeys.default ?? Object.values(env.publishableKeys)[0] ?? "";
  return new StorageBlobStore({ ...options, url: env.supabaseUrl, apikey, token: jwt });
}

async function upload(
  storage: StorageClient,
  { name, contentType }: BlobBucket,
  path: string,
  bytes: Uint8Array,
): Promise<StorageFault | null> {
  const body = new Blob([Uint8Array.from(bytes)], { type: contentType });
  // The name says the content: what is there already is replaced by the same.
  return (await storage.from(name).upload(path, body, { contentType, upsert: true })).error;
}

async function createBucket(storage: StorageClient, { name, contentType, maxBytes }: BlobBucket): Promise<void> {
  const { error } = await storage.createBucket(name, {
    public: false,
    fileSizeLimit: maxBytes,
    allowedMimeTypes: [contentType],
  });
  // Somebody else may have been faster.
  if (error !== null && statusOf(error) !== 409) throw toAppError(error);
}

/** A blob that is not there, or not for this caller, is null; everything else is an error. */
function orNull(error: StorageFault): null {
  const status = statusOf(error);
  if (status === 404 || status === 403) return null;
  throw toAppError(error);
}

function statusOf({ status, statusCode, code }: StorageFault): number | undefined {
  if (code === "NoSuchKey" || code === "NoSuchBucket") return 404;
  const inner = Number(statusCode);
  return Number.isInteger(inner) && inner >= 400 ? inner : status;
}

function toAppError(error: StorageFault) {
  const status = statusOf(error);
  // No status = no answer.
  const mayPass = status === undefined || status >= 500 || status === 429 || status === 408;
  return mayPass
    ? serviceUnavailable("Storage cannot be reached", error)
    : internal(`Storage refused the call with ${status}`, error);
}
