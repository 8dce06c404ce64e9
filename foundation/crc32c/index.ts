/**
 * CRC-32C (Castagnoli, RFC 3720 §12.1), eight bytes at a time, for records that are mostly short; `foundation/aws/checksums` is faster for long ones.
 */

const SLICES = 8;
/** `TABLES[slice * 256 + byte]`: the checksum of the byte followed by `slice` zeros; signed, so that the loop has no numbers beyond 32 bits. */
const TABLES = new Int32Array(SLICES * 256);
for (let byte = 0; byte < 256; byte++) {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1;
  TABLES[byte] = value;
}
for (let at = 256; at < TABLES.length; at++) {
  const before = TABLES[at - 256]!;
  TABLES[at] = (before >>> 8) ^ TABLES[before & 0xff]!;
}

/** The checksum of `bytes[start, end)`, all when left out; pass the checksum of what comes before to go on from there. */
export function crc32c(bytes: Uint8Array, before = 0, start = 0, end = bytes.length): number {
  let value = ~before;
  let at = start;
  for (const stop = end - 7; at < stop; at += 8) {
    value ^= bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    value =
      TABLES[1792 + (value & 0xff)]! ^
      TABLES[1536 + ((value >>> 8) & 0xff)]! ^
      TABLES[1280 + ((value >>> 16) & 0xff)]! ^
      TABLES[1024 + (value >>> 24)]! ^
      TABLES[768 + bytes[at + 4]!]! ^
      TABLES[512 + bytes[at + 5]!]! ^
      TABLES[256 + bytes[at + 6]!]! ^
      TABLES[bytes[at + 7]!]!;
  }
  for (; at < end; at++) value = TABLES[(value ^ bytes[at]!) & 0xff]! ^ (value >>> 8);
  // Not `>>> 0`: compiled for small results it is thrown away again and again, and after some times the loop stays uncompiled.
  const signed = ~value;
  return signed < 0 ? signed + 0x1_0000_0000 : signed;
}
