/**
 * The order of keys, and where it ends.
 */

/** Behind every key, those of the store itself as well. */
export const KEYS_END = Uint8Array.of(0xff, 0xff);

/** Negative, zero, positive: by bytes without sign, and a prefix first. */
export function compareKeys(a: Uint8Array, b: Uint8Array): number {
  const common = Math.min(a.length, b.length);
  for (let place = 0; place < common; place++) if (a[place] !== b[place]) return a[place]! - b[place]!;
  return a.length - b.length;
}
