/**
 * Tuples to bytes that sort as the tuples do.
 */
import type { KeyRange } from "../keys/index.ts";
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

/** Bytes that grow. One is enough: packing never waits and runs no code of others. */
let buffer = new Uint8Array(1024);
let length = 0;
/** Where the 10 bytes of each incomplete versionstamp begin. */
let incomplete: number[] = [];

const encoder = new TextEncoder();

function reserve(more: number): void {
  if (length + more <= buffer.length) return;
  const larger = new Uint8Array(Math.max(buffer.length * 2, length + more));
  larger.set(buffer.subarray(0, length));
  buffer = larger;
}

function begin(prefix: Uint8Array | undefined): void {
  length = 0;
  incomplete = [];
  if (prefix === undefined) return;
  reserve(prefix.length);
  buffer.set(prefix);
  length = prefix.length;
}

/**
 * The key of a tuple.
 *
 * @param prefix what stands before it
 * @throws TupleError for values no tuple can hold, and for incomplete versionstamps (see `packWithVersionstamp`)
 */
export function pack(tuple: Tuple, prefix?: Uint8Array): Uint8Array {
  begin(prefix);
  for (const element of tuple) write(element, 0);
  if (incomplete.length > 0) throw new TupleError("Pack an incomplete versionstamp with packWithVersionstamp.");
  return buffer.slice(0, length);
}

/**
 * The operand of a versionstamped key or value: the packed tuple, then the place of its one incomplete versionstamp in four bytes,
 * little-endian (API version 520 and later).
 *
 * @throws TupleError unless exactly one versionstamp is incomplete
 */
export function packWithVersionstamp(tuple: Tuple, prefix?: Uint8Array): Uint8Array {
  begin(prefix);
  for (const element of tuple) write(element, 0);
  if (incomplete.length !== 1) {
    throw new TupleError(`Exactly one versionstamp must be incomplete, not ${incomplete.length}.`);
  }
  const place = incomplete[0]!;
  for (let shift = 0; shift < 32; shift += 8) put((place >>> shift) & 0xff);
  return buffer.slice(0, length);
}

/** All tuples that begin with `tuple` and go on. */
export function tupleRange(tuple: Tuple, prefix?: Uint8Array): KeyRange {
  const packed = pack(tuple, prefix);
  const first = new Uint8Array(packed.length + 1);
  first.set(packed);
  const end = first.slice();
  end[packed.length] = 0xff;
  return { begin: first, end };
}

function put(byte: number): void {
  reserve(1);
  buffer[length++] = byte;
}

function write(element: TupleElement, depth: number): void {
  if (element === null) {
    put(TYPE.NULL);
    // Inside a tuple 00 alone is the end.
    if (depth > 0) put(0xff);
  } else if (typeof element === "string") writeString(element);
  else if (typeof element === "number") writeNumber(element);
  else if (typeof element === "bigint") writeBigint(element);
  else if (typeof element === "boolean") put(element ? TYPE.TRUE : TYPE.FALSE);
  else if (element instanceof Uint8Array) writeTerminated(TYPE.BYTES, element);
  else if (element instanceof TupleDouble) writeFloating(TYPE.DOUBLE, element.bits, 8);
  else if (element instanceof TupleFloat) writeFloating(TYPE.FLOAT, BigInt(element.bits), 4);
  else if (element instanceof TupleUuid) writeRaw(TYPE.UUID, element.bytes);
  else if (element instanceof Versionstamp) writeVersionstamp(element);
  else if (Array.isArray(element)) writeNested(element, depth);
  else throw new TupleError("A tuple cannot hold this value.");
}

function writeNested(tuple: Tuple, depth: number): void {
  if (depth >= NESTING_MAX) throw new TupleError(`Tuples are nested at most ${NESTING_MAX} deep.`);
  put(TYPE.NESTED);
  for (const element of tuple) write(element, depth + 1);
  put(0);
}

function writeString(text: string): void {
  if (!text.isWellFormed()) throw new TupleError("A string with half a surrogate pair has no UTF-8.");
  writeTerminated(TYPE.STRING, encoder.encode(text));
}

function writeTerminated(type: number, bytes: Uint8Array): void {
  reserve(2 * bytes.length + 2);
  buffer[length++] = type;
  for (const byte of bytes) {
    buffer[length++] = byte;
    if (byte === 0) buffer[length++] = 0xff;
  }
  buffer[length++] = 0;
}

function writeRaw(type: number, bytes: Uint8Array): void {
  reserve(bytes.length + 1);
  buffer[length++] = type;
  buffer.set(bytes, length);
  length += bytes.length;
}

function writeNumber(value: number): void {
  if (!Number.isSafeInteger(value)) throw new TupleError("A number must be a safe integer; use bigint or TupleDouble.");
  let rest = Math.abs(value);
  let count = 0;
  for (let left = rest; left > 0; left = Math.floor(left / 256)) count++;
  reserve(count + 1);
  buffer[length++] = value < 0 ? TYPE.INT_ZERO - count : TYPE.INT_ZERO + count;
  // One's complement, so that smaller negatives sort first.
  const flip = value < 0 ? 0xff : 0;
  for (let i = count - 1; i >= 0; i--) {
    buffer[length + i] = (rest % 256) ^ flip;
    rest = Math.floor(rest / 256);
  }
  length += count;
}

function writeBigint(value: bigint): void {
  const negative = value < 0n;
  const flip = negative ? 0xff : 0;
  const magnitude = negative ? -value : value;
  const digits = magnitude === 0n ? "" : magnitude.toString(16);
  const count = (digits.length + 1) >> 1;
  if (count > 255) throw new TupleError("An integer has at most 255 bytes.");
  reserve(count + 2);
  if (count <= 8) buffer[length++] = negative ? TYPE.INT_ZERO - count : TYPE.INT_ZERO + count;
  else {
    buffer[length++] = negative ? TYPE.INT_NEGATIVE_LONG : TYPE.INT_POSITIVE_LONG;
    buffer[length++] = count ^ flip;
  }
  const even = digits.padStart(2 * count, "0");
  for (let i = 0; i < count; i++) buffer[length++] = Number.parseInt(even.slice(2 * i, 2 * i + 2), 16) ^ flip;
}

/** Positive: the sign bit is set. Negative: every bit is flipped. The bits then sort as the numbers do. */
function writeFloating(type: number, bits: bigint, count: number): void {
  const sign = 1n << BigInt(8 * count - 1);
  let rest = (bits & sign) !== 0n ? bits ^ (2n * sign - 1n) : bits | sign;
  reserve(count + 1);
  buffer[length++] = type;
  for (let i = count - 1; i >= 0; i--) {
    buffer[length + i] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  length += count;
}

function writeVersionstamp(stamp: Versionstamp): void {
  reserve(13);
  buffer[length++] = TYPE.VERSIONSTAMP;
  if (stamp.transaction === undefined) {
    incomplete.push(length);
    buffer.fill(0xff, length, length + 10);
  } else buffer.set(stamp.transaction, length);
  length += 10;
  buffer[length++] = stamp.user >>> 8;
  buffer[length++] = stamp.user & 0xff;
}
