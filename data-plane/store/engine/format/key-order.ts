/**
 * Comparisons of keys that lie within larger arrays, without a view for each.
 */

/** Compares `key` from `from` on with `bytes[start, end)`: negative, zero or positive. */
export function compareWithin(key: Uint8Array, from: number, bytes: Uint8Array, start: number, end: number): number {
  const keyLeft = key.length - from;
  const left = end - start;
  const shared = keyLeft < left ? keyLeft : left;
  for (let i = 0; i < shared; i++) {
    const difference = key[from + i]! - bytes[start + i]!;
    if (difference !== 0) return difference;
  }
  return keyLeft - left;
}

/** How many first bytes are the same. */
export function sharedPrefix(a: Uint8Array, b: Uint8Array): number {
  const most = Math.min(a.length, b.length);
  let length = 0;
  while (length < most && a[length] === b[length]) length++;
  return length;
}
