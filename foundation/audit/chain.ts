/**
 * The chain: each record's hash covers the record and the hash before it, so that nothing can be changed, removed or put in between without changing every later hash.
 *
 *     hash(n) = SHA-256( hash(n − 1) ‖ UTF-8 of the canonical JSON of record n, its sequence included )
 *
 * hash(0) is 32 random bytes, made with the log: they name it, so that no record of one log fits into another. Whoever may write the file can make a whole new
 * chain; a checkpoint that was published before, on paper or in another system, then no longer matches.
 */

/** SHA-256 (FIPS 180-4). */
export const HASH_BYTES = 32;

/** A place in the chain that can be published: later histories must still pass through it. */
export interface AuditCheckpoint {
  readonly sequence: number;
  /** Lower-case hex. */
  readonly hash: string;
}

/** @param record canonical JSON, as text or as its UTF-8 bytes */
export function chainHash(previous: Uint8Array, record: string | Uint8Array): Uint8Array {
  return new Bun.CryptoHasher("sha256").update(previous).update(record).digest();
}

/** `17:9f86d0…`, for people and command lines. */
export function formatCheckpoint({ sequence, hash }: AuditCheckpoint): string {
  return `${sequence}:${hash}`;
}

/** Reads what `formatCheckpoint` wrote; undefined when it has another form. */
export function parseCheckpoint(text: string): AuditCheckpoint | undefined {
  const match = /^(\d{1,15}):([0-9a-fA-F]{64})$/.exec(text.trim());
  return match === null ? undefined : { sequence: Number(match[1]), hash: match[2]!.toLowerCase() };
}

/** Bytes as lower-case hex. */
export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex");
}
