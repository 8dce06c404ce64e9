/**
 * What one version of the store writes, as bytes: the entry that logs keep and storage servers apply. Kept on disk by both, so that every format there
 * ever was must be read for ever.
 *
 * Format 1, numbers big-endian: 1 (u8), the count of mutations (u32), then each: its code (u8) and two byte strings after their lengths (u32); `clear` has
 * one. There is no checksum: what carries or keeps an entry has its own.
 */
import { ByteReader, ByteWriter, MalformedBytesError } from "#foundation/binary";
import type { PlainMutation } from "./apply.ts";

const FORMAT = 1;

/** The code of a mutation is its place here, which never changes: new ones go to the end. */
const TYPES: readonly PlainMutation["type"][] = [
  "set",
  "clear",
  "clear_range",
  "add",
  "bit_and",
  "bit_or",
  "bit_xor",
  "append_if_fits",
  "max",
  "min",
  "byte_max",
  "byte_min",
  "compare_and_clear",
];

const CODES = new Map(TYPES.map((type, code) => [type, code]));

/** The code and one length: a count, however hostile, cannot promise more mutations than there are bytes. */
const MUTATION_BYTES_MIN = 5;

export function encodeMutations(mutations: readonly PlainMutation[]): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter(estimate(mutations));
  writer.u8(FORMAT);
  writer.u32(mutations.length);
  for (const mutation of mutations) {
    writer.u8(CODES.get(mutation.type)!);
    switch (mutation.type) {
      case "clear":
        writer.bytes(mutation.key);
        break;
      case "clear_range":
        writer.bytes(mutation.begin);
        writer.bytes(mutation.end);
        break;
      default:
        writer.bytes(mutation.key);
        writer.bytes(mutation.value);
    }
  }
  return writer.finish();
}

/**
 * Keys and values are views of `data`: whoever keeps a few of many for long copies them.
 *
 * @throws MalformedBytesError when nothing encodes to these bytes
 */
export function decodeMutations(data: Uint8Array): PlainMutation[] {
  const reader = new ByteReader(data);
  const format = reader.u8();
  if (format !== FORMAT) throw new MalformedBytesError(`no format of mutations has the number ${format}`);
  const mutations: PlainMutation[] = [];
  for (let left = reader.count(MUTATION_BYTES_MIN); left > 0; left--) mutations.push(readMutation(reader));
  reader.end();
  return mutations;
}

function readMutation(reader: ByteReader): PlainMutation {
  const type = TYPES[reader.u8()];
  const first = reader.bytes();
  switch (type) {
    case undefined:
      throw new MalformedBytesError("a mutation is of no known type");
    case "clear":
      return { type, key: first };
    case "clear_range":
      return { type, begin: first, end: reader.bytes() };
    default:
      return { type, key: first, value: reader.bytes() };
  }
}

function estimate(mutations: readonly PlainMutation[]): number {
  let bytes = 5;
  for (const mutation of mutations) {
    bytes += 9;
    if (mutation.type === "clear_range") bytes += mutation.begin.length + mutation.end.length;
    else bytes += mutation.key.length + (mutation.type === "clear" ? 0 : mutation.value.length);
  }
  return bytes;
}
