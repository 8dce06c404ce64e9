/**
 * Tables for reflected cyclic redundancy checks, processed sixteen bytes at a time ("slicing", M. E. Kounavis and F. L. Berry, "Novel Table
 * Lookup-Based Algorithms for High-Performance CRC Generation", IEEE Transactions on Computers 2008).
 *
 * `table[k][b]` is the effect of byte `b` followed by `k` zero bytes.
 */

/** CRC-32C (Castagnoli), RFC 3720 appendix B.4; bit-reflected. */
export const crc32cPolynomial = 0x82f63b78;

/** CRC-32 (ISO-HDLC), RFC 1952 §8; bit-reflected. */
export const crc32Polynomial = 0xedb88320;

/** CRC-64/NVME (NVM Express base specification, "64b CRC polynomial"); bit-reflected. */
export const crc64NvmePolynomial = 0x9a6c9329ac4bc9b5n;

/** How many bytes a step takes. */
export const slices = 16;

/** The tables of a 32-bit check, one after the other. */
export function crc32Tables(polynomial: number): Uint32Array {
  const tables = new Uint32Array(slices * 256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1;
    tables[byte] = crc;
  }
  for (let i = 256; i < tables.length; i++) {
    const previous = tables[i - 256] ?? 0;
    tables[i] = (previous >>> 8) ^ (tables[previous & 0xff] ?? 0);
  }
  return tables;
}

/** The tables of a 64-bit check, one after the other. */
export function crc64Tables(polynomial: bigint): BigUint64Array {
  const tables = new BigUint64Array(slices * 256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = BigInt(byte);
    for (let bit = 0; bit < 8; bit++) crc = crc & 1n ? (crc >> 1n) ^ polynomial : crc >> 1n;
    tables[byte] = crc;
  }
  for (let i = 256; i < tables.length; i++) {
    const previous = tables[i - 256] ?? 0n;
    tables[i] = (previous >> 8n) ^ (tables[Number(previous & 0xffn)] ?? 0n);
  }
  return tables;
}
