/**
 * The order of keys: that of their unsigned bytes, a prefix before what it begins.
 */

/** Negative, zero or positive as `a` sorts before, with or after `b`. */
export function compareKeys(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    const difference = a[i]! - b[i]!;
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}
