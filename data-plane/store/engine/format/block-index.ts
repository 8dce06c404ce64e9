/**
 * The index of a run: for each data block its length, its checksum, and the key from which on it may hold keys, the shortest one that sorts after
 * everything before: `count u32 | (block bytes u32 | checksum u32 | key length u32 | key) …`. The first one's key is empty.
 */
import { EngineCorruptionError } from "../errors.ts";
import { FRAME_BYTES } from "./block-frame.ts";
import { FieldReader, FieldWriter } from "./fields.ts";
import { compareWithin, sharedPrefix } from "./key-order.ts";

export class BlockIndexBuilder {
  private readonly fields = new FieldWriter();
  private count = 0;

  /** @param before the last key of the block before, @param first the first key of this one */
  add(blockBytes: number, checksum: number, before: Uint8Array | undefined, first: Uint8Array): void {
    const key = before === undefined ? first.subarray(0, 0) : first.subarray(0, sharedPrefix(before, first) + 1);
    this.fields.u32(blockBytes).u32(checksum).bytes(key);
    this.count++;
  }

  /** With room for the frame. */
  encode(): Uint8Array {
    return new FieldWriter().u32(this.count).raw(this.fields.finish()).finish(FRAME_BYTES);
  }
}

/** An index in memory: one array for all keys, and where they begin. */
export class BlockIndex {
  readonly count: number;
  /** Where each block begins in the file, and, one past the last, where the blocks end. */
  private readonly blockAt: Float64Array;
  private readonly checksums: Uint32Array;
  private readonly keyAt: Uint32Array;
  private readonly keys: Uint8Array;

  /** @param firstBlockAt where the blocks begin. @throws EngineCorruptionError */
  constructor(payload: Uint8Array, firstBlockAt: number, file: string, offset: number) {
    const reader = new FieldReader(payload, file, offset);
    this.count = reader.u32();
    // Each entry takes 12 bytes at least: nothing is reserved by what a damaged count claims.
    if (this.count > payload.length / 12) throw reader.corrupt("more blocks than there can be");
    this.blockAt = new Float64Array(this.count + 1);
    this.checksums = new Uint32Array(this.count);
    this.keyAt = new Uint32Array(this.count + 1);
    this.blockAt[0] = firstBlockAt;
    const keys: Uint8Array[] = [];
    for (let block = 0; block < this.count; block++) {
      this.blockAt[block + 1] = this.blockAt[block]! + reader.u32();
      this.checksums[block] = reader.u32();
      const key = reader.bytes();
      this.keyAt[block + 1] = this.keyAt[block]! + key.length;
      const before = keys[block - 1];
      const ordered = before === undefined ? key.length === 0 : compareWithin(key, 0, before, 0, before.length) > 0;
      if (!ordered) throw new EngineCorruptionError(file, "an index out of order", offset);
      keys.push(key);
    }
    reader.end();
    this.keys = new Uint8Array(this.keyAt[this.count]!);
    for (let block = 0; block < this.count; block++) this.keys.set(keys[block]!, this.keyAt[block]!);
  }

  get residentBytes(): number {
    return this.keys.length + 16 * (this.count + 1);
  }

  /** The only block that may hold `key`; 0 when there is none. */
  blockOf(key: Uint8Array): number {
    let low = 0;
    let high = this.count;
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if (compareWithin(key, 0, this.keys, this.keyAt[middle]!, this.keyAt[middle + 1]!) >= 0) low = middle;
      else high = middle;
    }
    return low;
  }

  /** Where a block begins in the file; for `count`, where the last one ends. */
  offsetOf(block: number): number {
    return this.blockAt[block]!;
  }

  bytesOf(block: number): number {
    return this.blockAt[block + 1]! - this.blockAt[block]!;
  }

  checksumOf(block: number): number {
    return this.checksums[block]!;
  }

  /** The key from which on a block may hold keys. A copy. */
  keyOf(block: number): Uint8Array {
    return this.keys.slice(this.keyAt[block]!, this.keyAt[block + 1]!);
  }
}
