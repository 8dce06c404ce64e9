/** How large the parts of a chunked body may be. */

/** `<16 hex digits>;chunk-signature=<64 hex digits>` and line end are 99 bytes; the rest is for unknown extensions. */
export const chunkHeaderBytesMax = 256;

/** The largest object of a single PUT: 5 GiB. */
export const chunkBytesMax = 5 * 1024 * 1024 * 1024;

/** A trailer holds one checksum and a signature, below 300 bytes; S3 permits a few more. */
export const trailerBytesMax = 8 * 1024;

/** Most trailer fields. */
export const trailerFieldsMax = 16;
