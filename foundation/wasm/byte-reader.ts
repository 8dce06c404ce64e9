/** Reads the binary format (WebAssembly 2.0 §5), octet by octet, never beyond its end. */
import { type Span, WasmRefused } from "./module-shape.ts";

const DECODER = new TextDecoder("utf-8", { fatal: true });

export class ByteReader {
  at: number;
  readonly end: number;

  constructor(
    readonly bytes: Uint8Array,
    { start, end }: Span = { start: 0, end: bytes.length },
  ) {
    this.at = start;
    this.end = end;
  }

  get isAtEnd(): boolean {
    return this.at >= this.end;
  }

  byte(): number {
    if (this.at >= this.end) throw new WasmRefused(`it breaks off at octet ${this.at}`);
    return this.bytes[this.at++]!;
  }

  skip(count: number): void {
    if (count > this.end - this.at) throw new WasmRefused(`it breaks off at octet ${this.at}`);
    this.at += count;
  }

  /** LEB128 without sign, at most five octets (§5.2.2). */
  u32(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte();
      if (shift === 28 && byte > 0x0f) break;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new WasmRefused(`a number at octet ${this.at} is too large`);
  }

  /** LEB128 that nobody needs the value of. @param octets at most */
  skipLeb(octets: number): void {
    for (let count = 0; count < octets; count++) if (this.byte() < 0x80) return;
    throw new WasmRefused(`a number at octet ${this.at} is too long`);
  }

  name(): string {
    const length = this.u32();
    const start = this.at;
    this.skip(length);
    try {
      return DECODER.decode(this.bytes.subarray(start, this.at));
    } catch {
      throw new WasmRefused(`a name at octet ${start} is not UTF-8`);
    }
  }

  /** A part with its length in front. */
  span(): Span {
    const length = this.u32();
    const start = this.at;
    this.skip(length);
    return { start, end: this.at };
  }
}
