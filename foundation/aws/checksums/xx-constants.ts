/** The constants of the xxHash family (xxHash specification) and its arithmetic on 64-bit numbers. */

export const prime32x1 = 0x9e3779b1n;
export const prime32x2 = 0x85ebca77n;
export const prime32x3 = 0xc2b2ae3dn;
export const prime64x1 = 0x9e3779b185ebca87n;
export const prime64x2 = 0xc2b2ae3d27d4eb4fn;
export const prime64x3 = 0x165667b19e3779f9n;
export const prime64x4 = 0x85ebca77c2b2ae63n;
export const prime64x5 = 0x27d4eb2f165667c5n;
export const primeMix1 = 0x165667919e3779f9n;
export const primeMix2 = 0x9fb21c651e98df25n;

/** The default secret of XXH3. */
export const xxh3Secret: Uint8Array = Buffer.from(
  "b8fe6c3923a44bbe7c01812cf721ad1cded46de9839097db7240a4a4b7b3671f" +
    "cb79e64eccc0e578825ad07dccff7221b8084674f743248ee03590e6813a264c" +
    "3c2852bb91c300cb88d0658b1b532ea371644897a20df94e3819ef46a9deacd8" +
    "a8fa763fe39c343ff9dcbbc7c70b4f1d8a51e04bcdb45931c89f7ec9d9787364" +
    "eac5ac8334d3ebc3c581a0fffa1363eb170ddd51b7f0da49d316552629d4689e" +
    "2b16be587d47a1fc8ff8b8d17ad031ce45cb3a8f95160428afd7fbcabb4b407e",
  "hex",
);

const mask = 0xffffffffffffffffn;

/** Modulo 2^64. */
export function wrap(value: bigint): bigint {
  return value & mask;
}

export function rotateLeft(value: bigint, bits: bigint): bigint {
  return wrap((value << bits) | (value >> (64n - bits)));
}

/** Both halves of the 128-bit product, combined by exclusive or. */
export function foldedProduct(a: bigint, b: bigint): bigint {
  const product = a * b;
  return (product & mask) ^ (product >> 64n);
}

/** The finish of XXH64. */
export function avalanche64(value: bigint): bigint {
  let h = value;
  h = wrap((h ^ (h >> 33n)) * prime64x2);
  h = wrap((h ^ (h >> 29n)) * prime64x3);
  return h ^ (h >> 32n);
}

/** The finish of XXH3. */
export function avalanche3(value: bigint): bigint {
  const h = wrap((value ^ (value >> 37n)) * primeMix1);
  return h ^ (h >> 32n);
}

/** Little-endian 64-bit number. */
export function read64(bytes: Uint8Array, at: number): bigint {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).readBigUInt64LE(at);
}

/** Little-endian 32-bit number. */
export function read32(bytes: Uint8Array, at: number): bigint {
  return BigInt(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).readUInt32LE(at));
}

/** Most significant byte first, as canonical xxHash values are written. */
export function bigEndian(...words: readonly bigint[]): Uint8Array {
  const bytes = Buffer.allocUnsafe(8 * words.length);
  for (const [i, value] of words.entries()) bytes.writeBigUInt64BE(value, 8 * i);
  return bytes;
}
