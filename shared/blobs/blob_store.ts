import { MAX_BLOB_BYTES } from "./reference.ts";

/** A bucket of Storage, as it is made where the migration found no Storage to make it in. */
export interface BlobBucket {
  readonly name: string;
  /** The content type of everything in it. */
  readonly contentType: string;
  /** Bytes that one object may have. */
  readonly maxBytes: number;
}

/** The private bucket for what runs give: values up to 16 MiB. */
export const RUN_DATA_BUCKET: BlobBucket = {
  name: "run-data",
  contentType: "application/json",
  maxBytes: MAX_BLOB_BYTES,
};

/** The private bucket for runs that fell out of retention: objects up to 48 MiB. */
export const RUN_ARCHIVES_BUCKET: BlobBucket = {
  name: "run-archives",
  contentType: "application/gzip",
  maxBytes: 50_331_648,
};

/**
 * A place for bytes under paths. What lies at a path never changes: a path names its content by a hash.
 *
 * All methods reject with an `AppError`: `service_unavailable` when it may help to try again, `internal` when not.
 */
export interface BlobStore {
  /** Stores bytes; those that are there already count as stored. */
  put(path: string, bytes: Uint8Array): Promise<void>;
  /** The bytes at a path; null when there are none, or the caller may not read them. */
  get(path: string): Promise<Uint8Array | null>;
  /**
   * Some of the bytes at a path; null as for {@linkcode BlobStore.get}.
   *
   * @param first The first byte, from 0.
   * @param end The byte behind the last one.
   */
  getRange(path: string, first: number, end: number): Promise<Uint8Array | null>;
  /** The same as {@linkcode BlobStore.get}, as a stream. */
  stream(path: string): Promise<ReadableStream<Uint8Array> | null>;
  /** Removes what is at paths; those where there is nothing count as removed. */
  remove(paths: readonly string[]): Promise<void>;
}
