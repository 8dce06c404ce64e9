/** Values of the protocol that `foundation/binary` does not have: with signs, of variable length, texts with sixteen bits of length. */
import { type ByteReader, type ByteWriter, MalformedBytesError } from "#foundation/binary";

export const writeI16 = (to: ByteWriter, value: number): void => to.u16(value & 0xffff);
export const writeI32 = (to: ByteWriter, value: number): void => to.u32(value >>> 0);
export const writeI64 = (to: ByteWriter, value: bigint): void => to.u64(BigInt.asUintN(64, value));

export function writeString(to: ByteWriter, value: string | undefined): void {
  if (value === undefined) {
    writeI16(to, -1);
    return;
  }
  const bytes = Buffer.from(value);
  if (bytes.length > 0x7fff) throw new RangeError("a text of the protocol has at most 32,767 octets");
  to.u16(bytes.length);
  to.raw(bytes);
}

/** Zigzag: small numbers are short, with either sign. @param value of 32 bits */
export function writeVarint(to: ByteWriter, value: number): void {
  let rest = ((value << 1) ^ (value >> 31)) >>> 0;
  for (; rest > 0x7f; rest >>>= 7) to.u8((rest & 0x7f) | 0x80);
  to.u8(rest);
}

export const readI16 = (from: ByteReader): number => (from.u16() << 16) >> 16;
export const readI32 = (from: ByteReader): number => from.u32() | 0;
export const readI64 = (from: ByteReader): bigint => BigInt.asIntN(64, from.u64());

export function readString(from: ByteReader): string | undefined {
  const length = readI16(from);
  if (length === -1) return undefined;
  if (length < 0) throw new MalformedBytesError("a text has a length below zero");
  return Buffer.from(from.raw(length)).toString();
}

export function readText(from: ByteReader): string {
  const text = readString(from);
  if (text === undefined) throw new MalformedBytesError("a text is missing");
  return text;
}

export function readBytes(from: ByteReader): Uint8Array {
  const length = readI32(from);
  if (length < 0) return new Uint8Array();
  return from.raw(length);
}

/** @param bytesEach of an item at least: a list cannot be longer than what is there */
export function readArray<Item>(from: ByteReader, bytesEach: number, read: () => Item): Item[] {
  const count = readI32(from);
  if (count < -1 || count * bytesEach > from.left) throw new MalformedBytesError("a list is longer than its bytes");
  return Array.from({ length: Math.max(0, count) }, read);
}
