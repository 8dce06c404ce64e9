/**
 * The entries of a data block, in the order of their keys:
 * `count u32 | prefix length u16 | prefix | start u32 of each entry | entries`, an entry being `suffix length u16 | value length u32 | suffix | value`.
 *
 * All keys of a block share the prefix, which stands there once; otherwise nothing is compressed. So a key is found by bisection over the bytes as they
 * are, and nothing is decoded or copied that nobody asked for. A value length of 2^32 − 1 says that the key was cleared.
 */
import { EngineCorruptionError } from "../errors.ts";
import { FRAME_BYTES } from "./block-frame.ts";
import { compareWithin, sharedPrefix } from "./key-order.ts";

/** Suffixes and prefixes have 16 bits for their length. */
export const KEY_BYTES_MAX = 0xffff;
/** Far beyond what the store allows (100 kB), and far below the mark of a cleared key. */
export const VALUE_BYTES_MAX = 0x0fff_ffff;

const CLEARED = 0xffff_ffff;
const ENTRY_HEAD_BYTES = 6;

/** Collects the entries of one block. Keys and values are kept, not copied, until `encode`. */
export class DataBlockBuilder {
  private keys: Uint8Array[] = [];
  private values: (Uint8Array | undefined)[] = [];
  /** Of the keys whole and the values. */
  private contentBytes = 0;

  get count(): number {
    return this.keys.length;
  }

  /** About how large the block becomes. */
  get sizeBytes(): number {
    return this.contentBytes + this.keys.length * (ENTRY_HEAD_BYTES + 4);
  }

  /** Keys come in ascending order. Undefined: cleared. */
  add(key: Uint8Array, value: Uint8Array | undefined): void {
    this.keys.push(key);
    this.values.push(value);
    this.contentBytes += key.length + (value === undefined ? 0 : value.length);
  }

  /** The block with room for its frame; the builder is empty afterwards. */
  encode(): Uint8Array {
    const { keys, values } = this;
    const count = keys.length;
    const first = keys[0]!;
    const prefix = sharedPrefix(first, keys[count - 1]!);
    const head = 6 + prefix + 4 * count;
    const size = head + this.contentBytes - count * prefix + count * ENTRY_HEAD_BYTES;
    const block = new Uint8Array(size + FRAME_BYTES);
    const view = new DataView(block.buffer);
    view.setUint32(0, count);
    view.setUint16(4, prefix);
    for (let i = 0; i < prefix; i++) block[6 + i] = first[i]!;
    let at = head;
    for (let entry = 0; entry < count; entry++) {
      const key = keys[entry]!;
      const value = values[entry];
      view.setUint32(6 + prefix + 4 * entry, at);
      view.setUint16(at, key.length - prefix);
      view.setUint32(at + 2, value === undefined ? CLEARED : value.length);
      at += ENTRY_HEAD_BYTES;
      for (let i = prefix; i < key.length; i++) block[at++] = key[i]!;
      if (value === undefined) continue;
      block.set(value, at);
      at += value.length;
    }
    this.keys = [];
    this.values = [];
    this.contentBytes = 0;
    return block;
  }
}

/** A data block in memory. */
export class DataBlock {
  readonly count: number;
  private readonly prefixBytes: number;
  /** Where suffix and value of each entry begin. One past the last stands where the next suffix would. */
  private readonly suffixAt: Uint32Array;
  private readonly valueAt: Uint32Array;

  /** @param payload kept. @throws EngineCorruptionError when it is no data block */
  constructor(
    private readonly payload: Uint8Array,
    file: string,
    offset: number,
  ) {
    const corrupt = (at: number) => new EngineCorruptionError(file, "entries that cannot be", offset + at);
    if (payload.length < 6) throw corrupt(0);
    const view = new DataView(payload.buffer, payload.byteOffset, payload.length);
    this.count = view.getUint32(0);
    this.prefixBytes = view.getUint16(4);
    const starts = 6 + this.prefixBytes;
    if (this.count === 0 || starts + this.count * (4 + ENTRY_HEAD_BYTES) > payload.length) throw corrupt(0);
    this.suffixAt = new Uint32Array(this.count + 1);
    this.valueAt = new Uint32Array(this.count);
    let at = starts + 4 * this.count;
    for (let entry = 0; entry < this.count; entry++) {
      if (view.getUint32(starts + 4 * entry) !== at || at + ENTRY_HEAD_BYTES > payload.length) throw corrupt(at);
      const valueBytes = view.getUint32(at + 2);
      this.suffixAt[entry] = at + ENTRY_HEAD_BYTES;
      this.valueAt[entry] = at + ENTRY_HEAD_BYTES + view.getUint16(at);
      const end = this.valueAt[entry]! + (valueBytes === CLEARED ? 0 : valueBytes);
      if (end > payload.length) throw corrupt(at);
      at = end;
    }
    if (at !== payload.length) throw corrupt(at);
    this.suffixAt[this.count] = at + ENTRY_HEAD_BYTES;
  }

  /** What the block takes of the memory. */
  get residentBytes(): number {
    return this.payload.length + FRAME_BYTES + 8 * this.count + 200;
  }

  /** How many entries sort before `key`. */
  lowerBound(key: Uint8Array): number {
    const order = compareWithin(key, 0, this.payload, 6, 6 + this.prefixBytes);
    if (order !== 0 && !this.hasPrefix(key)) return order < 0 ? 0 : this.count;
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.compare(key, middle) > 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The place of the entry of `key`, or −1. */
  find(key: Uint8Array): number {
    if (!this.hasPrefix(key)) return -1;
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const order = this.compare(key, middle);
      if (order === 0) return middle;
      if (order > 0) low = middle + 1;
      else high = middle;
    }
    return -1;
  }

  /** A copy of the key of an entry. */
  keyAt(entry: number): Uint8Array {
    const { payload, prefixBytes } = this;
    const start = this.suffixAt[entry]!;
    const length = this.valueAt[entry]! - start;
    const key = new Uint8Array(prefixBytes + length);
    for (let i = 0; i < prefixBytes; i++) key[i] = payload[6 + i]!;
    for (let i = 0; i < length; i++) key[prefixBytes + i] = payload[start + i]!;
    return key;
  }

  /** A copy of the value of an entry; undefined when the key was cleared. */
  valueOf(entry: number): Uint8Array | undefined {
    if (this.isCleared(entry)) return undefined;
    return this.payload.slice(this.valueAt[entry]!, this.suffixAt[entry + 1]! - ENTRY_HEAD_BYTES);
  }

  isCleared(entry: number): boolean {
    // No value is longer than `VALUE_BYTES_MAX`, so the first byte of its length tells.
    return this.payload[this.suffixAt[entry]! - 4] === 0xff;
  }

  private hasPrefix(key: Uint8Array): boolean {
    const { payload, prefixBytes } = this;
    if (key.length < prefixBytes) return false;
    for (let i = 0; i < prefixBytes; i++) if (key[i] !== payload[6 + i]) return false;
    return true;
  }

  private compare(key: Uint8Array, entry: number): number {
    return compareWithin(key, this.prefixBytes, this.payload, this.suffixAt[entry]!, this.valueAt[entry]!);
  }
}
