/** Contents that events name by their digests: files of descriptions, artifacts. */
export { BLOB_BYTES_MAX, BlobDamaged, type BlobHold, type BlobStore, createBlobStore } from "./blob-store.ts";
export { type BlobCollector, createBlobCollector } from "./collector.ts";
