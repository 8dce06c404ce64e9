/**
 * Key selectors, as FoundationDB defines them: from the last key before `key` (or at it, with `orEqual`), `offset` keys on. What lies beyond the first
 * or the last key is the end of the keys there.
 */
import type { KeySelector } from "./overlay/index.ts";

/** The first key that is `key` or after it. */
export function firstGreaterOrEqual(key: Uint8Array): KeySelector {
  return { key, orEqual: false, offset: 1 };
}

export function firstGreaterThan(key: Uint8Array): KeySelector {
  return { key, orEqual: true, offset: 1 };
}

/** The last key that is `key` or before it. */
export function lastLessOrEqual(key: Uint8Array): KeySelector {
  return { key, orEqual: true, offset: 0 };
}

export function lastLessThan(key: Uint8Array): KeySelector {
  return { key, orEqual: false, offset: 0 };
}

/** The selector of the key that is `keys` further on; before, when it is negative. */
export function moved(selector: KeySelector, keys: number): KeySelector {
  return { ...selector, offset: selector.offset + keys };
}

/** A bound given as a key is the first key from there on. */
export function toSelector(bound: Uint8Array | KeySelector): KeySelector {
  return bound instanceof Uint8Array ? firstGreaterOrEqual(bound) : bound;
}
