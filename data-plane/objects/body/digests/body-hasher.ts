/** Digests of a body that comes piece by piece. */
import { type ChecksumAlgorithm, MultiHasher } from "#foundation/aws/checksums";

export type BodyDigests = ReadonlyMap<ChecksumAlgorithm, Uint8Array>;

export interface BodyHasher {
  /**
   * Takes the next piece. A promise asks to wait, and to leave the piece as it is until then; it never rejects. Without one the piece may be reused at once.
   * @throws what made the hashing fail
   */
  update(piece: Uint8Array): Promise<void> | undefined;
  /** Nothing follows: the last bytes are hashed while the caller does something else. */
  end(): void;
  /** The digests, after `end`. Rejects with what made the hashing fail. */
  digests(): Promise<BodyDigests>;
  /** Nobody wants the digests any more. Harmless after the end. */
  abandon(): void;
}

/** Hashes on the calling thread. */
export function hashHere(algorithms: readonly ChecksumAlgorithm[]): BodyHasher {
  const hasher = new MultiHasher(algorithms);
  return {
    update(piece) {
      hasher.update(piece);
      return undefined;
    },
    end: () => undefined,
    digests: async () => hasher.digests(),
    abandon: () => undefined,
  };
}
