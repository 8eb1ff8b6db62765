/** The private bucket for what runs give. */
export const RUN_DATA_BUCKET = "run-data";

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
  /** The same as a stream. */
  stream(path: string): Promise<ReadableStream<Uint8Array> | null>;
}
