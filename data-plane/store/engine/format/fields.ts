/**
 * The fields of the engine's formats: big-endian numbers, byte strings with their length before them. The reader trusts nothing: whatever ends early
 * or cannot be is an `EngineCorruptionError`.
 */
import { EngineCorruptionError } from "../errors.ts";

/** Puts fields together; grows as needed. */
export class FieldWriter {
  private buffer = new Uint8Array(256);
  private view = new DataView(this.buffer.buffer);
  private length = 0;

  u8(value: number): this {
    // The buffer may be another one after the room is reserved.
    const at = this.reserve(1);
    this.buffer[at] = value;
    return this;
  }

  u32(value: number): this {
    const at = this.reserve(4);
    this.view.setUint32(at, value);
    return this;
  }

  /** A whole number below 2^53. */
  whole(value: number): this {
    return this.u64(BigInt(value));
  }

  u64(value: bigint): this {
    const at = this.reserve(8);
    this.view.setBigUint64(at, value);
    return this;
  }

  /** The length u32, then the bytes. */
  bytes(value: Uint8Array): this {
    this.u32(value.length);
    return this.raw(value);
  }

  raw(value: Uint8Array): this {
    const at = this.reserve(value.length);
    this.buffer.set(value, at);
    return this;
  }

  /** What was put so far, with `room` zero bytes behind it. */
  finish(room = 0): Uint8Array {
    const result = new Uint8Array(this.length + room);
    result.set(this.buffer.subarray(0, this.length));
    return result;
  }

  private reserve(count: number): number {
    const at = this.length;
    this.length += count;
    if (this.length > this.buffer.length) {
      const larger = new Uint8Array(Math.max(this.length, this.buffer.length * 2));
      larger.set(this.buffer.subarray(0, at));
      this.buffer = larger;
      this.view = new DataView(larger.buffer);
    }
    return at;
  }
}

/** Takes fields apart, in the order in which they were put. */
export class FieldReader {
  private readonly view: DataView;
  private at = 0;

  /** @param file @param offset where the bytes come from, for what is said of a damage */
  constructor(
    private readonly source: Uint8Array,
    private readonly file: string,
    private readonly offset: number,
  ) {
    this.view = new DataView(source.buffer, source.byteOffset, source.byteLength);
  }

  u8(): number {
    return this.source[this.take(1)]!;
  }

  u32(): number {
    return this.view.getUint32(this.take(4));
  }

  u64(): bigint {
    return this.view.getBigUint64(this.take(8));
  }

  whole(): number {
    const value = this.u64();
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw this.corrupt("an impossible number");
    return Number(value);
  }

  /** A copy. */
  bytes(): Uint8Array {
    return this.raw(this.u32());
  }

  /** A copy of so many bytes. */
  raw(count: number): Uint8Array {
    const at = this.take(count);
    return new Uint8Array(this.source.subarray(at, at + count));
  }

  /** @throws EngineCorruptionError when something is left over. */
  end(): void {
    if (this.at !== this.source.length) throw this.corrupt("bytes that nobody has written");
  }

  corrupt(what: string): EngineCorruptionError {
    return new EngineCorruptionError(this.file, what, this.offset + this.at);
  }

  private take(count: number): number {
    const at = this.at;
    if (count > this.source.length - at) throw this.corrupt("an early end");
    this.at += count;
    return at;
  }
}
