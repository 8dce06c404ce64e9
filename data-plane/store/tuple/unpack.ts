/**
 * Bytes back to the tuple that packs to them. Bytes of others: everything is checked, nothing is guessed.
 */
import {
  NESTING_MAX,
  type Tuple,
  TupleDouble,
  type TupleElement,
  TupleError,
  TupleFloat,
  TupleUuid,
  TYPE,
  Versionstamp,
} from "./elements.ts";

/** The byte order mark is a character like any other. */
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * The tuple that `bytes` hold.
 *
 * @throws TupleError when they are cut off, hold an unknown type or text that is not UTF-8, or are nested too deep
 */
export function unpack(bytes: Uint8Array): Tuple {
  const reader = new Reader(bytes);
  const tuple: TupleElement[] = [];
  while (!reader.done) tuple.push(reader.element(0));
  return tuple;
}

class Reader {
  private at = 0;

  constructor(private readonly bytes: Uint8Array) {}

  get done(): boolean {
    return this.at >= this.bytes.length;
  }

  element(depth: number): TupleElement {
    const type = this.byte();
    switch (type) {
      case TYPE.NULL:
        return null;
      case TYPE.BYTES:
        return this.terminated();
      case TYPE.STRING:
        return text(this.terminated());
      case TYPE.NESTED:
        return this.nested(depth + 1);
      case TYPE.FLOAT:
        return new TupleFloat(Number(this.floating(4)));
      case TYPE.DOUBLE:
        return new TupleDouble(this.floating(8));
      case TYPE.FALSE:
        return false;
      case TYPE.TRUE:
        return true;
      case TYPE.UUID:
        return new TupleUuid(new Uint8Array(this.take(16)));
      case TYPE.VERSIONSTAMP:
        return this.versionstamp();
      case TYPE.INT_NEGATIVE_LONG:
        return this.integer(this.byte() ^ 0xff, true);
      case TYPE.INT_POSITIVE_LONG:
        return this.integer(this.byte(), false);
    }
    if (type > TYPE.INT_NEGATIVE_LONG && type < TYPE.INT_POSITIVE_LONG) {
      return this.integer(Math.abs(type - TYPE.INT_ZERO), type < TYPE.INT_ZERO);
    }
    throw new TupleError(`No element of a tuple begins with the byte ${type}.`);
  }

  private byte(): number {
    const byte = this.bytes[this.at];
    if (byte === undefined) throw new TupleError("The tuple is cut off.");
    this.at++;
    return byte;
  }

  private take(count: number): Uint8Array {
    if (this.at + count > this.bytes.length) throw new TupleError("The tuple is cut off.");
    this.at += count;
    return this.bytes.subarray(this.at - count, this.at);
  }

  private terminated(): Uint8Array {
    const { bytes, at: start } = this;
    let escaped = 0;
    let end = start;
    for (; ; end++) {
      end = bytes.indexOf(0, end);
      if (end < 0) throw new TupleError("A string in the tuple has no end.");
      if (bytes[end + 1] !== 0xff) break;
      escaped++;
      end++;
    }
    this.at = end + 1;
    // Not `slice`: that of a Buffer shares its memory.
    if (escaped === 0) return new Uint8Array(bytes.subarray(start, end));
    const plain = new Uint8Array(end - start - escaped);
    for (let from = start, to = 0; from < end; from++) {
      plain[to++] = bytes[from]!;
      if (bytes[from] === 0) from++;
    }
    return plain;
  }

  private nested(depth: number): Tuple {
    if (depth > NESTING_MAX) throw new TupleError(`Tuples are nested at most ${NESTING_MAX} deep.`);
    const tuple: TupleElement[] = [];
    for (;;) {
      if (this.bytes[this.at] !== 0) tuple.push(this.element(depth));
      else if (this.bytes[this.at + 1] === 0xff) {
        this.at += 2;
        tuple.push(null);
      } else {
        this.at++;
        return tuple;
      }
    }
  }

  private integer(count: number, negative: boolean): number | bigint {
    const flip = negative ? 0xff : 0;
    let magnitude = 0n;
    for (const byte of this.take(count)) magnitude = (magnitude << 8n) | BigInt(byte ^ flip);
    const value = negative ? -magnitude : magnitude;
    return magnitude <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;
  }

  private floating(count: number): bigint {
    let bits = 0n;
    for (const byte of this.take(count)) bits = (bits << 8n) | BigInt(byte);
    const sign = 1n << BigInt(8 * count - 1);
    return (bits & sign) !== 0n ? bits ^ sign : bits ^ (2n * sign - 1n);
  }

  private versionstamp(): Versionstamp {
    const transaction = new Uint8Array(this.take(10));
    const user = (this.byte() << 8) | this.byte();
    return new Versionstamp(transaction.every((byte) => byte === 0xff) ? undefined : transaction, user);
  }
}

function text(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw new TupleError("A string in the tuple is not UTF-8.");
  }
}
