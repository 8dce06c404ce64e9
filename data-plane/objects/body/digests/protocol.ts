/** What the intake and a digest thread say to each other. Bytes never cross: both sides see them in shared memory. */
import type { ChecksumAlgorithm } from "#foundation/aws/checksums";

/** Bytes of one segment: large enough that a message for each costs little, small enough that hashing begins early. */
export const SEGMENT_BYTES = 256 * 1024;
/** Segments of one body at most: one being filled, one being hashed, two between them, so that neither side waits for the other's turn. */
export const SEGMENTS = 4;

/** Messages about one body come in order: `begin`, any number of `segment`s, then `end` or `abandon`. */
export type ToDigestThread =
  | {
      readonly type: "begin";
      readonly body: number;
      readonly algorithms: readonly ChecksumAlgorithm[];
    }
  /** The next bytes are the first `length` of `memory`, which must not change until `taken`. */
  | { readonly type: "segment"; readonly body: number; readonly memory: SharedArrayBuffer; readonly length: number }
  /** The memory of what was sent is wanted by others: hash it now, not together with segments of other bodies that may come. */
  | { readonly type: "hurry"; readonly body: number }
  | { readonly type: "end"; readonly body: number }
  | { readonly type: "abandon"; readonly body: number };

/** Each body is named in `taken` once for each of its segments, in order. */
export type FromDigestThread =
  | { readonly type: "taken"; readonly bodies: readonly number[] }
  | {
      readonly type: "digests";
      readonly body: number;
      readonly digests: readonly (readonly [ChecksumAlgorithm, Uint8Array])[];
    };
