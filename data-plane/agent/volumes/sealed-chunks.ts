/**
 * Backups as a stream of locked chunks: 4 MiB each, AES-256-GCM, each bound to the backup and to its place in it. Pure.
 *
 * The object is: 12 bytes of base nonce, then the chunks, each as the length of what follows (4 bytes, big-endian), its ciphertext and its tag. The nonce of chunk i is the base plus i
 * (96 bits, big-endian). The last chunk says so in what it is bound to, so that a backup that was cut off is not taken for a whole one.
 */
import { createCipheriv, createDecipheriv, createHash } from "node:crypto";

export const CHUNK_BYTES = 4 * 1024 * 1024;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const LENGTH_BYTES = 4;

/** What a backup belongs to: it opens as nothing else. */
export interface BackupContext {
  readonly accountId: string;
  readonly volumeId: string;
  readonly snapshotId: string;
}

/** The bytes are not those of this backup, or not all of them. */
export class BackupDamaged extends Error {
  override readonly name = "BackupDamaged";
}

const boundTo = ({ accountId, volumeId, snapshotId }: BackupContext, index: number, last: boolean): Buffer =>
  Buffer.from(`biplane-backup-v1|${accountId}|${volumeId}|${snapshotId}|${index}|${last ? "last" : "more"}`, "utf8");

/** The base plus the index, as 96-bit numbers; beyond 2^96 it begins again, which no backup reaches. */
export function nonceOf(base: Uint8Array, index: number): Buffer {
  const nonce = Buffer.from(base);
  let carry = index;
  for (let at = NONCE_BYTES - 1; at >= 0 && carry > 0; at--) {
    const sum = nonce[at]! + (carry % 256);
    nonce[at] = sum & 0xff;
    carry = Math.floor(carry / 256) + (sum > 0xff ? 1 : 0);
  }
  return nonce;
}

export interface SealedTotals {
  /** Of the plain bytes. */
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly chunks: number;
}

/** Locks a stream. What it was in all is known once it has ended. */
export class ChunkSealer {
  readonly #key: Uint8Array;
  readonly #base: Uint8Array;
  readonly #context: BackupContext;
  readonly #hash = createHash("sha256");
  #size = 0;
  #chunks = 0;

  /** @param base 12 random bytes */
  constructor(key: Uint8Array, base: Uint8Array, context: BackupContext) {
    this.#key = key;
    this.#base = base;
    this.#context = context;
  }

  get totals(): SealedTotals {
    return { sizeBytes: this.#size, sha256: this.#hash.copy().digest("hex"), chunks: this.#chunks };
  }

  async *seal(plain: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, void> {
    yield this.#base;
    const held = new HeldBytes();
    for await (const bytes of plain) {
      this.#hash.update(bytes);
      this.#size += bytes.length;
      held.add(bytes);
      // One is always held back: only the end shows which is the last.
      while (held.length > CHUNK_BYTES) yield this.#chunk(held.take(CHUNK_BYTES), false);
    }
    yield this.#chunk(held.take(held.length), true);
  }

  #chunk(plain: Uint8Array, last: boolean): Buffer {
    const index = this.#chunks++;
    const cipher = createCipheriv("aes-256-gcm", this.#key, nonceOf(this.#base, index));
    cipher.setAAD(boundTo(this.#context, index, last));
    const body = Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
    const length = Buffer.alloc(LENGTH_BYTES);
    length.writeUInt32BE(body.length);
    return Buffer.concat([length, body]);
  }
}

/** Opens a stream. @throws BackupDamaged for anything but the whole of this backup, at the latest at its end */
export async function* openChunks(
  key: Uint8Array,
  context: BackupContext,
  chunks: number,
  sealed: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, void> {
  const held = new HeldBytes();
  let base: Buffer | undefined;
  let length: number | undefined;
  let index = 0;
  for await (const bytes of sealed) {
    held.add(bytes);
    if (base === undefined) {
      if (held.length < NONCE_BYTES) continue;
      base = held.take(NONCE_BYTES);
    }
    for (;;) {
      if (length === undefined) {
        if (held.length < LENGTH_BYTES) break;
        length = held.take(LENGTH_BYTES).readUInt32BE(0);
        if (length < TAG_BYTES || length > CHUNK_BYTES + TAG_BYTES)
          throw new BackupDamaged(`chunk ${index} has an impossible length`);
        if (index >= chunks) throw new BackupDamaged("there is more than belongs to it");
      }
      if (held.length < length) break;
      yield openChunk(key, base, context, index, index === chunks - 1, held.take(length));
      length = undefined;
      index++;
    }
  }
  if (index !== chunks || held.length > 0 || length !== undefined)
    throw new BackupDamaged(`it ends after ${index} of ${chunks} chunks`);
}

/** Bytes that have come and are not a whole chunk yet; joined once, when they are taken. */
class HeldBytes {
  #parts: Uint8Array[] = [];
  length = 0;

  add(bytes: Uint8Array): void {
    this.#parts.push(bytes);
    this.length += bytes.length;
  }

  /** @param count at most {@link length} */
  take(count: number): Buffer {
    const all = this.#parts.length === 1 ? Buffer.from(this.#parts[0]!) : Buffer.concat(this.#parts);
    const rest = all.subarray(count);
    this.#parts = rest.length === 0 ? [] : [rest];
    this.length = rest.length;
    return all.subarray(0, count);
  }
}

function openChunk(
  key: Uint8Array,
  base: Uint8Array,
  context: BackupContext,
  index: number,
  last: boolean,
  body: Uint8Array,
): Buffer {
  try {
    const decipher = createDecipheriv("aes-256-gcm", key, nonceOf(base, index));
    decipher.setAAD(boundTo(context, index, last));
    decipher.setAuthTag(body.subarray(body.length - TAG_BYTES));
    return Buffer.concat([decipher.update(body.subarray(0, body.length - TAG_BYTES)), decipher.final()]);
  } catch {
    throw new BackupDamaged(`chunk ${index} was changed, or is another backup's`);
  }
}
