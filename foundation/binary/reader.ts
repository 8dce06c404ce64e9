/**
 * Reading what a `ByteWriter` wrote, or what somebody wants us to believe it did.
 */
import { MalformedBytesError } from "./malformed.ts";

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Reads from the beginning on. Every method throws `MalformedBytesError` where the bytes end or cannot be. */
export class ByteReader {
  private readonly view: DataView;
  private at = 0;

  constructor(private readonly buffer: Uint8Array) {
    this.view = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
  }

  /** How many bytes have been read. */
  get position(): number {
    return this.at;
  }

  /** How many bytes are left. */
  get left(): number {
    return this.buffer.length - this.at;
  }

  u8(): number {
    return this.view.getUint8(this.take(1));
  }

  u16(): number {
    return this.view.getUint16(this.take(2));
  }

  u32(): number {
    return this.view.getUint32(this.take(4));
  }

  u64(): bigint {
    return this.view.getBigUint64(this.take(8));
  }

  whole(): number {
    const high = this.u32();
    const value = high * 0x1_0000_0000 + this.u32();
    if (!Number.isSafeInteger(value)) throw new MalformedBytesError("a number is too large");
    return value;
  }

  flag(): boolean {
    const value = this.u8();
    if (value > 1) throw new MalformedBytesError("a flag is neither 0 nor 1");
    return value === 1;
  }

  /** `length` bytes as a view of the source: who keeps them for long copies them, so that a small part does not keep a large message alive. */
  raw(length: number): Uint8Array {
    const start = this.take(length);
    return this.buffer.subarray(start, start + length);
  }

  /** Bytes after their length, as a view. */
  bytes(): Uint8Array {
    return this.raw(this.u32());
  }

  text(): string {
    const encoded = this.bytes();
    try {
      return UTF8.decode(encoded);
    } catch {
      throw new MalformedBytesError("a text is not UTF-8");
    }
  }

  /** The number of items that follow, each of at least `bytesEach` bytes: never more than there can be. */
  count(bytesEach: number): number {
    const count = this.u32();
    if (count * bytesEach > this.left) throw new MalformedBytesError("a list is longer than its bytes");
    return count;
  }

  /** @throws MalformedBytesError when anything is left */
  end(): void {
    if (this.left > 0) throw new MalformedBytesError("bytes are left over");
  }

  private take(length: number): number {
    const start = this.at;
    if (length > this.buffer.length - start) throw new MalformedBytesError("the bytes end early");
    this.at = start + length;
    return start;
  }
}
