/**
 * Values too large for a row of Postgres: kept in Storage under the hash of their content, a reference in their place.
 *
 * @module
 */
export { type BlobBucket, type BlobStore, RUN_ARCHIVES_BUCKET, RUN_DATA_BUCKET } from "./blob_store.ts";
export { LargeValues, type LargeValuesOptions } from "./large_values.ts";
export { MemoryBlobStore } from "./memory_blob_store.ts";
export {
  blobPath,
  type BlobReference,
  canonicalText,
  hashOf,
  INLINE_BYTES,
  isReserved,
  MAX_BLOB_BYTES,
  readReference,
} from "./reference.ts";
export {
  callerBlobStore,
  serviceBlobStore,
  StorageBlobStore,
  type StorageBlobStoreOptions,
} from "./storage_blob_store.ts";
