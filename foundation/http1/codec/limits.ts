/** How large a message may be. Every one has a code that says which limit was passed. */

export interface MessageLimits {
  /** Octets of a target → `target-too-long`. */
  readonly maxTargetBytes: number;
  /** Octets from the first line to the empty line → `head-too-large`. */
  readonly maxHeadBytes: number;
  /** Field lines → `too-many-fields`. */
  readonly maxFields: number;
  /** Octets of a trailer section with its empty line → `trailers-too-large`. */
  readonly maxTrailerBytes: number;
}

const KIB = 1024;

export const DEFAULT_MESSAGE_LIMITS: MessageLimits = {
  maxTargetBytes: 16 * KIB,
  maxHeadBytes: 32 * KIB,
  maxFields: 128,
  maxTrailerBytes: 16 * KIB,
};

/** Longer than any registered method (the longest has 17 letters). */
export const METHOD_BYTES_MAX = 32;

/** Empty lines that are skipped before a request: some clients send one behind a body (RFC 9112 §2.2). */
export const EMPTY_LINES_MAX = 4;

/** 13 hexadecimal digits stay exact below 2^53. */
export const CHUNK_SIZE_DIGITS_MAX = 13;

/** Of one chunk: nobody uses extensions. */
export const CHUNK_EXTENSION_BYTES_MAX = KIB;

/** Of all chunks of a body: extensions must not be a way to be busy without sending anything. */
export const CHUNK_EXTENSION_BYTES_OF_ALL_MAX = 16 * KIB;

/** 1xx responses before the final one. */
export const INFORMATIONAL_MAX = 16;
