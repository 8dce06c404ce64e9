/** Partition keys by hash: scans walk in hash order, and parallel scans cut it into segments. */

import type { AttributeValue, ScalarKeyType } from "./attribute-value.ts";
import { encodeKey } from "./key-bytes.ts";

/** Fixed for ever: stored rows are ordered by it. */
const SEED = 0x6b657973;

/** A uint32 that spreads partition keys evenly. Always the same for the same key, in any process. */
export function hashOfKey(type: ScalarKeyType, value: AttributeValue): number {
  return hashOfBytes(encodeKey(type, value));
}

/** The hash of encoded key bytes: MurmurHash3, x86, 32 bits (Austin Appleby, public domain). */
export function hashOfBytes(bytes: Uint8Array): number {
  let hash = SEED;
  const blocks = bytes.length & ~3;
  for (let i = 0; i < blocks; i += 4) {
    const block = bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24);
    hash ^= scramble(block);
    hash = (hash << 13) | (hash >>> 19);
    hash = (Math.imul(hash, 5) + 0xe6546b64) | 0;
  }
  let tail = 0;
  for (let i = bytes.length - 1; i >= blocks; i--) tail = (tail << 8) | bytes[i]!;
  hash ^= scramble(tail);
  hash ^= bytes.length;
  hash ^= hash >>> 16;
  hash = Math.imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2ae35);
  hash ^= hash >>> 16;
  return hash >>> 0;
}

function scramble(block: number): number {
  const mixed = Math.imul(block, 0xcc9e2d51);
  return Math.imul((mixed << 15) | (mixed >>> 17), 0x1b873593);
}
