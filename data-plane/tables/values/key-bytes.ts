/**
 * Keys as bytes whose order is the order of the keys, so that an index is a plain sorted table of bytes.
 *
 * A key of one attribute is encoded bare: a string as UTF-8, binary as it is. In a key of several attributes every part but the last says where
 * it ends ({@link encodeKeyPart}), because otherwise `("a", "bc")` and `("ab", "c")` would be the same.
 */

import type { AttributeValue, ScalarKeyType } from "./attribute-value.ts";
import { type Decimal, exponentMin, formatDecimal, parseDecimal } from "./decimal.ts";

const utf8 = new TextEncoder();
// A leading U+FEFF belongs to the key.
const fromUtf8 = new TextDecoder("utf-8", { ignoreBOM: true });

/*
 * Numbers: a byte for the sign, a byte for the exponent (256 powers of ten from -130 to 125), digits in pairs as 1…100, a zero byte. The rest of
 * a negative number is complemented: the larger its magnitude, the earlier it sorts.
 */
const NEGATIVE = 1;
const ZERO = 2;
const POSITIVE = 3;
const END = 0;

/*
 * Delimited text and bytes: 00 becomes 00 FF, the end is 00 01. The end sorts before any continuation, also before a 00 (00 FF), so the order
 * is kept whatever follows.
 */
const ESCAPE = 0;
const ESCAPED_ZERO = 0xff;
const PART_END = 1;

/** The bytes of a key attribute that nothing follows. @throws TypeError when the value is of another type */
export function encodeKey(type: ScalarKeyType, value: AttributeValue): Uint8Array {
  switch (type) {
    case "S":
      if ("S" in value) return utf8.encode(value.S);
      break;
    case "N":
      if ("N" in value) return encodeNumber(value.N);
      break;
    case "B":
      if ("B" in value) return decodeBase64(value.B);
      break;
  }
  throw new TypeError(`a key attribute is not of its declared type ${type}`);
}

/** The bytes of a key attribute that others may follow: they say where they end. */
export function encodeKeyPart(type: ScalarKeyType, value: AttributeValue): Uint8Array {
  return delimitedKey(type, encodeKey(type, value));
}

/** What {@link encodeKeyPart} gives, from what {@link encodeKey} gave. */
export function delimitedKey(type: ScalarKeyType, bytes: Uint8Array): Uint8Array {
  return type === "N" ? bytes : delimit(bytes, true);
}

/**
 * The bytes with which every delimited part begins whose string or binary begins with the value: for `begins_with` on a part that is not the
 * last.
 */
export function encodeKeyPartPrefix(type: "S" | "B", value: AttributeValue): Uint8Array {
  return delimit(encodeKey(type, value), false);
}

/** One attribute of a key. */
export interface KeyPart {
  readonly type: ScalarKeyType;
  readonly value: AttributeValue;
}

/** The bytes of a key of several attributes: delimited parts, then a bare one. */
export function encodeCompositeKey(parts: readonly KeyPart[]): Uint8Array {
  const last = parts.length - 1;
  return concatBytes(
    parts.map(({ type, value }, i) => (i === last ? encodeKey(type, value) : encodeKeyPart(type, value))),
  );
}

/** The value that {@link encodeKey} encoded. */
export function decodeKey(type: ScalarKeyType, bytes: Uint8Array): AttributeValue {
  switch (type) {
    case "S":
      return { S: fromUtf8.decode(bytes) };
    case "B":
      return { B: encodeBase64(bytes) };
    case "N": {
      const { value, end } = decodeNumber(bytes, 0);
      if (end !== bytes.length) throw new TypeError("an encoded number is followed by other bytes");
      return { N: value };
    }
  }
}

/** The values that {@link encodeCompositeKey} encoded. */
export function decodeCompositeKey(types: readonly ScalarKeyType[], bytes: Uint8Array): AttributeValue[] {
  const values: AttributeValue[] = [];
  let start = 0;
  for (let i = 0; i < types.length; i++) {
    const type = types[i]!;
    if (i === types.length - 1) {
      values.push(decodeKey(type, bytes.subarray(start)));
    } else if (type === "N") {
      const { value, end } = decodeNumber(bytes, start);
      values.push({ N: value });
      start = end;
    } else {
      const { content, end } = undelimit(bytes, start);
      values.push(decodeKey(type, content));
      start = end;
    }
  }
  return values;
}

/** Where the part that begins at `start` ends, as {@link encodeKeyPart} delimited it. */
export function endOfKeyPart(type: ScalarKeyType, bytes: Uint8Array, start: number): number {
  return type === "N" ? decodeNumber(bytes, start).end : undelimit(bytes, start).end;
}

/** The first bytes after all that begin with these; undefined when there are none (nothing, or only FF). */
export function endOfPrefix(prefix: Uint8Array): Uint8Array | undefined {
  let length = prefix.length;
  while (length > 0 && prefix[length - 1] === 0xff) length--;
  if (length === 0) return undefined;
  // A copy whatever it is a part of: `slice` of a Buffer would be the prefix itself.
  const end = new Uint8Array(prefix.subarray(0, length));
  end[length - 1]!++;
  return end;
}

/** Unsigned byte order: negative, zero or positive. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  return Buffer.compare(a, b);
}

/** One array of all. */
export function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function encodeNumber(text: string): Uint8Array {
  const { negative, digits, exponent } = wholeNumber(text) ?? parseDecimal(text);
  if (digits === "") return new Uint8Array([ZERO]);
  const pairs = (digits.length + 1) >> 1;
  const bytes = new Uint8Array(3 + pairs);
  bytes[1] = exponent - exponentMin;
  for (let i = 0; i < pairs; i++) {
    const tens = digits.charCodeAt(2 * i) - 48;
    const units = 2 * i + 1 < digits.length ? digits.charCodeAt(2 * i + 1) - 48 : 0;
    bytes[2 + i] = tens * 10 + units + 1;
  }
  bytes[2 + pairs] = END;
  if (negative) for (let i = 1; i < bytes.length; i++) bytes[i] = 0xff - bytes[i]!;
  bytes[0] = negative ? NEGATIVE : POSITIVE;
  return bytes;
}

/** The parts of a canonical number without a fraction: those of nearly all keys. */
function wholeNumber(text: string): Decimal | undefined {
  if (text.includes(".")) return undefined;
  const negative = text.startsWith("-");
  const start = negative ? 1 : 0;
  let end = text.length;
  while (end > start && text.charCodeAt(end - 1) === 48) end--;
  return { negative, digits: text.slice(start, end), exponent: text.length - start - 1 };
}

function decodeNumber(bytes: Uint8Array, start: number): { value: string; end: number } {
  const sign = bytes[start];
  if (sign === ZERO) return { value: "0", end: start + 1 };
  if (sign !== NEGATIVE && sign !== POSITIVE) throw new TypeError("an encoded number has no sign");
  const negative = sign === NEGATIVE;
  const flip = negative ? 0xff : 0;
  const exponent = (bytes[start + 1]! ^ flip) + exponentMin;
  let digits = "";
  let at = start + 2;
  for (; ; at++) {
    const byte = bytes[at];
    if (byte === undefined) throw new TypeError("an encoded number has no end");
    const pair = byte ^ flip;
    if (pair === END) break;
    digits += pair <= 10 ? `0${pair - 1}` : `${pair - 1}`;
  }
  const decimal: Decimal = { negative, digits: digits.endsWith("0") ? digits.slice(0, -1) : digits, exponent };
  return { value: formatDecimal(decimal), end: at + 1 };
}

function delimit(bytes: Uint8Array, end: boolean): Uint8Array {
  let zeros = 0;
  for (let zero = bytes.indexOf(ESCAPE); zero >= 0; zero = bytes.indexOf(ESCAPE, zero + 1)) zeros++;
  const result = new Uint8Array(bytes.length + zeros + (end ? 2 : 0));
  let at = bytes.length + zeros;
  if (zeros === 0) {
    result.set(bytes);
  } else {
    at = 0;
    for (const byte of bytes) {
      result[at++] = byte;
      if (byte === ESCAPE) result[at++] = ESCAPED_ZERO;
    }
  }
  if (end) {
    result[at] = ESCAPE;
    result[at + 1] = PART_END;
  }
  return result;
}

function undelimit(bytes: Uint8Array, start: number): { content: Uint8Array; end: number } {
  const zeros: number[] = [];
  for (let at = bytes.indexOf(ESCAPE, start); at >= 0; at = bytes.indexOf(ESCAPE, at + 2)) {
    if (bytes[at + 1] === PART_END) return { content: unescaped(bytes.subarray(start, at), zeros, start), end: at + 2 };
    zeros.push(at);
  }
  throw new TypeError("a part of a key has no end");
}

/** @param zeros where the escaped ones are, counted from `start` bytes before */
function unescaped(bytes: Uint8Array, zeros: readonly number[], start: number): Uint8Array {
  if (zeros.length === 0) return bytes;
  const pieces: Uint8Array[] = [];
  let from = 0;
  for (const zero of zeros) {
    pieces.push(bytes.subarray(from, zero - start + 1));
    from = zero - start + 2;
  }
  pieces.push(bytes.subarray(from));
  return concatBytes(pieces);
}

function decodeBase64(text: string): Uint8Array {
  const bytes = Buffer.from(text, "base64");
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}

function encodeBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}
