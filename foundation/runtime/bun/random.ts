/**
 * The operating system's cryptographic randomness behind the port.
 */

import type { Random } from "../ports/random.ts";

/** One request to the kernel serves 4 KiB / 4 B = 1,024 draws of `uint32`; a request per draw costs about a microsecond each. */
const POOL_BYTES = 4096;
/** `crypto.getRandomValues` refuses more than 65,536 bytes at once (Web Cryptography API §10.1.1). */
const LARGEST_REQUEST_BYTES = 65_536;

const pool = new Uint32Array(POOL_BYTES / 4);
let used = pool.length;

function uint32(): number {
  if (used === pool.length) {
    crypto.getRandomValues(pool);
    used = 0;
  }
  const draw = pool[used]!;
  // A number handed out must not stay readable in the process's memory.
  pool[used] = 0;
  used++;
  return draw;
}

function float(): number {
  // 21 high bits and 32 low bits make a 53-bit whole number, all that a double holds.
  return ((uint32() >>> 11) * 0x1_0000_0000 + uint32()) / 2 ** 53;
}

function bytes(length: number): Uint8Array {
  const result = new Uint8Array(length);
  for (let offset = 0; offset < length; offset += LARGEST_REQUEST_BYTES) {
    crypto.getRandomValues(result.subarray(offset, Math.min(length, offset + LARGEST_REQUEST_BYTES)));
  }
  return result;
}

/** Cryptographic randomness. Forks are the same source: no seed exists that could leak or repeat. */
export const systemRandom: Random = Object.freeze({ uint32, float, bytes, fork: () => systemRandom });
