/** Where a key lies for an id: a number that looks random, and is the same everywhere. Pure. */

/**
 * In (0, 1), never 0 nor 1.
 *
 * FNV-1a over both texts in two lanes, then the finalizer of MurmurHash3 so that ids that differ in one character lie far apart.
 */
export function keyedPoint(key: string, id: string): number {
  const high = mixed(hashed(id, hashed(key, 0x811c9dc5)));
  const low = mixed(hashed(id, hashed(key, 0x9747b28c)));
  // 53 bits, in the middle of their interval.
  return ((high >>> 0) * 2 ** 21 + (low >>> 11) + 0.5) / 2 ** 53;
}

function hashed(text: string, seed: number): number {
  let hash = seed;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  // The end of a text counts, so that ("ab", "c") is not ("a", "bc").
  return Math.imul(hash ^ 0x10000, 0x01000193);
}

function mixed(hash: number): number {
  let value = hash ^ (hash >>> 16);
  value = Math.imul(value, 0x85ebca6b);
  value ^= value >>> 13;
  value = Math.imul(value, 0xc2b2ae35);
  return value ^ (value >>> 16);
}
