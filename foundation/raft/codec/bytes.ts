/**
 * Numbers and byte strings, one after the other. Little endian.
 */

/** The bytes are not what they should be: torn, foreign or hostile. */
export class MalformedBytesError extends Error {
  override readonly name = "MalformedBytesError";
}

/** The largest whole number that is exact. */
const WHOLE_MAX = Number.MAX_SAFE_INTEGER;

/** Writes into a buffer that grows. */
export class ByteWriter {
  private buffer = new Uint8Array(256);
  private view = new DataView(this.buffer.buffer);
  private length = 0;

  u8(value: number): void {
    this.reserve(1);
    this.view.setUint8(this.length, value);
    this.length += 1;
  }

  u32(value: number): void {
    this.reserve(4);
    this.view.setUint32(this.length, value, true);
    this.length += 4;
  }

  /** A whole number of 0 … 2^53 − 1, in eight bytes. */
  whole(value: number): void {
    if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`not a whole number: ${value}`);
    this.u32(value >>> 0);
    this.u32(Math.floor(value / 0x1_0000_0000));
  }

  wholes(values: readonly number[]): void {
    this.u32(values.length);
    for (const value of values) this.whole(value);
  }

  bytes(value: Uint8Array): void {
    this.u32(value.length);
    this.reserve(value.length);
    this.buffer.set(value, this.length);
    this.length += value.length;
  }

  text(value: string): void {
    this.bytes(new TextEncoder().encode(value));
  }

  /** What was written. Write nothing more afterwards. */
  finish(): Uint8Array {
    return this.buffer.subarray(0, this.length);
  }

  private reserve(more: number): void {
    if (this.length + more <= this.buffer.length) return;
    const grown = new Uint8Array(Math.max(this.buffer.length * 2, this.length + more));
    grown.set(this.buffer.subarray(0, this.length));
    this.buffer = grown;
    this.view = new DataView(grown.buffer);
  }
}

/** Reads what a `ByteWriter` wrote. Every method throws `MalformedBytesError` where the bytes end or cannot be. */
export class ByteReader {
  private readonly buffer: Uint8Array;
  private readonly view: DataView;
  private at = 0;

  constructor(buffer: Uint8Array) {
    this.buffer = buffer;
    this.view = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
  }

  u8(): number {
    return this.view.getUint8(this.take(1));
  }

  u32(): number {
    return this.view.getUint32(this.take(4), true);
  }

  whole(): number {
    const low = this.u32();
    const value = this.u32() * 0x1_0000_0000 + low;
    if (value > WHOLE_MAX) throw new MalformedBytesError("a number is too large");
    return value;
  }

  wholes(): readonly number[] {
    const count = this.count(8);
    return Array.from({ length: count }, () => this.whole());
  }

  /** A copy, so that a small part does not keep a large buffer alive. */
  bytes(): Uint8Array {
    const length = this.u32();
    const start = this.take(length);
    return this.buffer.slice(start, start + length);
  }

  text(): string {
    return new TextDecoder().decode(this.bytes());
  }

  flag(): boolean {
    const value = this.u8();
    if (value > 1) throw new MalformedBytesError("a flag is neither 0 nor 1");
    return value === 1;
  }

  /** The number of items that follow, each of at least `bytesEach` bytes: never more than there can be. */
  count(bytesEach: number): number {
    const count = this.u32();
    if (count * bytesEach > this.buffer.length - this.at)
      throw new MalformedBytesError("a list is longer than its bytes");
    return count;
  }

  end(): void {
    if (this.at !== this.buffer.length) throw new MalformedBytesError("bytes are left over");
  }

  private take(length: number): number {
    const start = this.at;
    if (start + length > this.buffer.length) throw new MalformedBytesError("the bytes end early");
    this.at = start + length;
    return start;
  }
}
