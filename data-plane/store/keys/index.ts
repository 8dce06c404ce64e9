/**
 * Keys of the store: byte strings in the order of their unsigned bytes, and the ranges `[begin, end)` that share a prefix.
 */

export { compareKeys } from "./compare-keys.ts";
export { SortedKeys } from "./sorted-keys.ts";

/** Keys from `begin` on, up to but without `end`. */
export interface KeyRange {
  readonly begin: Uint8Array;
  readonly end: Uint8Array;
}

/**
 * The first key that does not begin with `prefix` and sorts after all that do (FoundationDB's `strinc`).
 *
 * @throws RangeError when there is none: the prefix is empty or holds nothing but 0xFF
 */
export function strinc(prefix: Uint8Array): Uint8Array {
  let length = prefix.length;
  while (length > 0 && prefix[length - 1] === 0xff) length--;
  if (length === 0) throw new RangeError("A prefix must hold a byte other than 0xFF for a key to come after it.");
  // Not `slice`: that of a Buffer shares its memory, and the prefix of the caller would change.
  const after = new Uint8Array(prefix.subarray(0, length));
  after[length - 1] = after[length - 1]! + 1;
  return after;
}

/** All keys that begin with `prefix`. Throws as `strinc` does. */
export function prefixRange(prefix: Uint8Array): KeyRange {
  return { begin: prefix, end: strinc(prefix) };
}

/** The first key after `key`: nothing sorts between the two. */
export function keyAfter(key: Uint8Array): Uint8Array {
  const after = new Uint8Array(key.length + 1);
  after.set(key);
  return after;
}
