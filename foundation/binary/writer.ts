/**
 * Writing into a buffer that grows.
 */

const FIRST_BYTES = 256;
const UTF8 = new TextEncoder();
const U64_MAX = 2n ** 64n - 1n;

/** Appends numbers, byte strings and texts. */
export class ByteWriter {
  private buffer: Uint8Array<ArrayBuffer>;
  private view: DataView;
  private length = 0;

  /** @param expectedBytes how much will be written, when it is known */
  constructor(expectedBytes = FIRST_BYTES) {
    this.buffer = new Uint8Array(expectedBytes);
    this.view = new DataView(this.buffer.buffer);
  }

  /** How much was written. */
  get size(): number {
    return this.length;
  }

  u8(value: number): void {
    this.reserve(1);
    this.view.setUint8(this.length++, value);
  }

  u16(value: number): void {
    this.reserve(2);
    this.view.setUint16(this.length, value);
    this.length += 2;
  }

  u32(value: number): void {
    this.reserve(4);
    this.view.setUint32(this.length, value);
    this.length += 4;
  }

  /** @throws RangeError when the value has more than 64 bits, or a sign: it would be written as another */
  u64(value: bigint): void {
    if (value < 0n || value > U64_MAX) throw new RangeError(`not a number of 64 bits: ${value}`);
    this.reserve(8);
    this.view.setBigUint64(this.length, value);
    this.length += 8;
  }

  /** A whole number of 0 … 2^53 − 1, in eight bytes. @throws RangeError for any other */
  whole(value: number): void {
    if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`not a whole number: ${value}`);
    this.u32(Math.floor(value / 0x1_0000_0000));
    this.u32(value >>> 0);
  }

  /** Bytes without their length. */
  raw(value: Uint8Array): void {
    this.reserve(value.length);
    this.buffer.set(value, this.length);
    this.length += value.length;
  }

  /** Bytes after their length (u32). */
  bytes(value: Uint8Array): void {
    this.u32(value.length);
    this.raw(value);
  }

  /** A text in UTF-8 after its length (u32). */
  text(value: string): void {
    // At most three bytes for each UTF-16 unit.
    this.reserve(4 + value.length * 3);
    const { written } = UTF8.encodeInto(value, this.buffer.subarray(this.length + 4));
    this.view.setUint32(this.length, written);
    this.length += 4 + written;
  }

  /** Overwrites four bytes that were written before, for a length or checksum that is known only now. */
  setU32(at: number, value: number): void {
    if (at + 4 > this.length) throw new RangeError(`nothing was written at ${at} yet`);
    this.view.setUint32(at, value);
  }

  /** A view of what was written after `size`, valid until more is written. */
  writtenSince(size: number): Uint8Array {
    return this.buffer.subarray(size, this.length);
  }

  /** Takes back what was written after `size`. */
  cutTo(size: number): void {
    if (size > this.length) throw new RangeError(`only ${this.length} bytes were written`);
    this.length = size;
  }

  /** What was written, sharing the memory of the writer. Write nothing more afterwards. */
  finish(): Uint8Array<ArrayBuffer> {
    return this.buffer.subarray(0, this.length);
  }

  private reserve(more: number): void {
    const needed = this.length + more;
    if (needed <= this.buffer.length) return;
    const grown = new Uint8Array(Math.max(this.buffer.length * 2, needed));
    grown.set(this.buffer.subarray(0, this.length));
    this.buffer = grown;
    this.view = new DataView(grown.buffer);
  }
}
