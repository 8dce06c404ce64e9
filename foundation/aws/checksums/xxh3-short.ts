/** XXH128 of at most 240 bytes, seed 0 (xxHash specification, "XXH3-128 … small inputs" and "medium inputs"). */

import {
  avalanche3,
  avalanche64,
  foldedProduct,
  prime32x2,
  prime64x1,
  prime64x2,
  prime64x4,
  primeMix2,
  read32,
  read64,
  wrap,
  xxh3Secret,
} from "./xx-constants.ts";

/** High and low half. */
type Halves = readonly [high: bigint, low: bigint];

/** The hash of a short input. */
export function shortXxh128(input: Uint8Array): Halves {
  const { length } = input;
  if (length > 128) return upTo240(input);
  if (length > 16) return upTo128(input);
  if (length > 8) return upTo16(input);
  if (length > 3) return upTo8(input);
  if (length > 0) return upTo3(input);
  return [avalanche64(secret(80) ^ secret(88)), avalanche64(secret(64) ^ secret(72))];
}

function secret(at: number): bigint {
  return read64(xxh3Secret, at);
}

function upTo3(input: Uint8Array): Halves {
  const { length } = input;
  const first = BigInt(input[0] ?? 0);
  const middle = BigInt(input[length >> 1] ?? 0);
  const last = BigInt(input[length - 1] ?? 0);
  const low = (first << 16n) | (middle << 24n) | last | (BigInt(length) << 8n);
  const swapped = swap32(low);
  const high = BigInt.asUintN(32, (swapped << 13n) | (swapped >> 19n));
  return [
    avalanche64(high ^ read32(xxh3Secret, 8) ^ read32(xxh3Secret, 12)),
    avalanche64(low ^ read32(xxh3Secret, 0) ^ read32(xxh3Secret, 4)),
  ];
}

function upTo8(input: Uint8Array): Halves {
  const { length } = input;
  const both = read32(input, 0) + (read32(input, length - 4) << 32n);
  const product = (both ^ secret(16) ^ secret(24)) * wrap(prime64x1 + BigInt(length << 2));
  let low = wrap(product);
  const high = wrap((product >> 64n) + (low << 1n));
  low ^= high >> 3n;
  low = wrap((low ^ (low >> 35n)) * primeMix2);
  low ^= low >> 28n;
  return [avalanche3(high), low];
}

function upTo16(input: Uint8Array): Halves {
  const { length } = input;
  const start = read64(input, 0);
  const end = read64(input, length - 8);
  const product = (start ^ end ^ secret(32) ^ secret(40)) * prime64x1;
  const low = wrap(wrap(product) + (BigInt(length - 1) << 54n));
  const keyed = end ^ secret(48) ^ secret(56);
  const high = wrap((product >> 64n) + keyed + BigInt.asUintN(32, keyed) * (prime32x2 - 1n));
  const second = (low ^ swap64(high)) * prime64x2;
  return [avalanche3(wrap((second >> 64n) + high * prime64x2)), avalanche3(wrap(second))];
}

function upTo128(input: Uint8Array): Halves {
  const { length } = input;
  let sum: Halves = [0n, wrap(BigInt(length) * prime64x1)];
  // From the inside out: the middle of a long input first.
  for (let i = Math.floor((length - 1) / 32); i >= 0; i--) {
    sum = mix32(sum, input, 16 * i, length - 16 * (i + 1), 32 * i);
  }
  return finish(sum, length);
}

function upTo240(input: Uint8Array): Halves {
  const { length } = input;
  let sum: Halves = [0n, wrap(BigInt(length) * prime64x1)];
  for (let at = 32; at < 160; at += 32) sum = mix32(sum, input, at - 32, at - 16, at - 32);
  sum = [avalanche3(sum[0]), avalanche3(sum[1])];
  for (let at = 160; at <= length; at += 32) sum = mix32(sum, input, at - 32, at - 16, 3 + at - 160);
  sum = mix32(sum, input, length - 16, length - 32, 136 - 17 - 16);
  return finish(sum, length);
}

function mix32([high, low]: Halves, input: Uint8Array, first: number, second: number, at: number): Halves {
  const newLow = wrap(low + mix16(input, first, at)) ^ wrap(read64(input, second) + read64(input, second + 8));
  const newHigh = wrap(high + mix16(input, second, at + 16)) ^ wrap(read64(input, first) + read64(input, first + 8));
  return [newHigh, newLow];
}

function mix16(input: Uint8Array, from: number, at: number): bigint {
  return foldedProduct(read64(input, from) ^ secret(at), read64(input, from + 8) ^ secret(at + 8));
}

function finish([high, low]: Halves, length: number): Halves {
  const mixed = wrap(low * prime64x1 + high * prime64x4 + BigInt(length) * prime64x2);
  return [wrap(-avalanche3(mixed)), avalanche3(wrap(low + high))];
}

function swap32(value: bigint): bigint {
  return ((value & 0xffn) << 24n) | ((value & 0xff00n) << 8n) | ((value >> 8n) & 0xff00n) | ((value >> 24n) & 0xffn);
}

function swap64(value: bigint): bigint {
  return (swap32(BigInt.asUintN(32, value)) << 32n) | swap32(value >> 32n);
}
