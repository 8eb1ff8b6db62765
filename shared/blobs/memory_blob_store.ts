import { internal, serviceUnavailable } from "../errors/mod.ts";
import type { BlobStore } from "./blob_store.ts";

/** A {@linkcode BlobStore} in memory, for tests: what was asked of it can be read, and it can be made to fail. */
export class MemoryBlobStore implements BlobStore {
  /** What it holds, by path. */
  readonly blobs: Map<string, Uint8Array> = new Map();
  /** The calls so far, as `put path` and `get path`. */
  readonly calls: string[] = [];
  /** Calls that will fail as if the store could not be reached. */
  failures = 0;
  /** Whether every call fails for good, as if the store refused us. */
  refuses = false;

  /** See {@linkcode BlobStore.put}. */
  put(path: string, bytes: Uint8Array): Promise<void> {
    return this.#call(`put ${path}`, () => {
      this.blobs.set(path, bytes);
    });
  }

  /** See {@linkcode BlobStore.get}. */
  get(path: string): Promise<Uint8Array | null> {
    return this.#call(`get ${path}`, () => this.blobs.get(path) ?? null);
  }

  /** See {@linkcode BlobStore.getRange}. */
  getRange(path: string, first: number, end: number): Promise<Uint8Array | null> {
    return this.#call(`get ${path} ${first}-${end}`, () => this.blobs.get(path)?.slice(first, end) ?? null);
  }

  /** See {@linkcode BlobStore.remove}. */
  remove(paths: readonly string[]): Promise<void> {
    return this.#call(`remove ${paths.join(" ")}`, () => {
      for (const path of paths) this.blobs.delete(path);
    });
  }

  /** See {@linkcode BlobStore.stream}. */
  async stream(path: string): Promise<ReadableStream<Uint8Array> | null> {
    const bytes = await this.get(path);
    return bytes === null ? null : ReadableStream.from([bytes]);
  }

  async #call<T>(name: string, work: () => T): Promise<T> {
    this.calls.push(name);
    if (this.refuses) throw internal("The store refuses");
    if (this.failures > 0) {
      this.failures--;
      throw serviceUnavailable("The store is away");
    }
    return await Promise.resolve(work());
  }
}
