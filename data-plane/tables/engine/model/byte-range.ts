/** What Query and Scan read, as a range of key bytes. */
import {
  compareBytes,
  concatBytes,
  encodeKey,
  encodeKeyPart,
  encodeKeyPartPrefix,
  endOfPrefix,
} from "#data-plane/tables/values";
import type { KeyAttribute, RangeCondition } from "../port.ts";
import { behindHash } from "./item-key.ts";

/** Keys from `lower` (inclusive) to `upper` (exclusive). */
export interface ByteRange {
  readonly lower: Uint8Array;
  readonly upper: Uint8Array;
}

/**
 * Behind every key. The longest one is an index entry's: 2 × (2048 + 1024) escaped bytes of the index key, 2 × 2048 + 1024 of the table's, hashes and ends: less than 12 KiB.
 */
export const BEHIND_ALL = new Uint8Array(16 * 1024).fill(0xff);
const NOTHING = new Uint8Array(0);
export const ALL: ByteRange = { lower: NOTHING, upper: BEHIND_ALL };

/** The first bytes behind these very bytes. */
export function behind(bytes: Uint8Array): Uint8Array {
  const result = new Uint8Array(bytes.length + 1);
  result.set(bytes);
  return result;
}

/** All keys that begin with these bytes. */
export function allWith(prefix: Uint8Array): ByteRange {
  return { lower: prefix, upper: endOfPrefix(prefix) ?? BEHIND_ALL };
}

/** Nothing but these bytes. */
export function exactly(bytes: Uint8Array): ByteRange {
  return { lower: bytes, upper: behind(bytes) };
}

/**
 * Keys that begin with `partition` and meet the conditions on the range attributes, in their order.
 * @param bare whether the last range attribute ends the key (tables) or is followed by more (indexes)
 */
export function rangeOf(
  partition: Uint8Array,
  attributes: readonly KeyAttribute[],
  conditions: readonly RangeCondition[],
  bare: boolean,
): ByteRange {
  let range = allWith(partition);
  let prefix = partition;
  for (let at = 0; at < conditions.length; at++) {
    const ends = bare && at === attributes.length - 1;
    range = rangeOfOne(prefix, attributes[at]!, conditions[at]!, ends);
    prefix = range.lower;
  }
  return range;
}

function rangeOfOne(
  prefix: Uint8Array,
  { type }: KeyAttribute,
  { op, values }: RangeCondition,
  ends: boolean,
): ByteRange {
  const first = values[0]!;
  const whole = allWith(prefix);
  /** Where the keys with this value begin, and where they end. */
  const keysWith = (value = first): ByteRange =>
    ends
      ? exactly(concatBytes([prefix, encodeKey(type, value)]))
      : allWith(concatBytes([prefix, encodeKeyPart(type, value)]));
  switch (op) {
    case "=":
      return keysWith();
    case "<":
      return { lower: prefix, upper: keysWith().lower };
    case "<=":
      return { lower: prefix, upper: keysWith().upper };
    case ">":
      return { lower: keysWith().upper, upper: whole.upper };
    case ">=":
      return { lower: keysWith().lower, upper: whole.upper };
    case "BETWEEN":
      return { lower: keysWith().lower, upper: keysWith(values[1]!).upper };
    case "begins_with": {
      if (type === "N") throw new TypeError("a number does not begin with another one");
      const beginning = ends ? encodeKey(type, first) : encodeKeyPartPrefix(type, first);
      return allWith(concatBytes([prefix, beginning]));
    }
  }
}

/** The part `index` of `total` equal parts of all hashes. */
export function segmentOf(index: number, total: number): ByteRange {
  const border = (part: number): Uint8Array => behindHash(Math.floor((part * 2 ** 32) / total), NOTHING);
  return { lower: index === 0 ? NOTHING : border(index), upper: index === total - 1 ? BEHIND_ALL : border(index + 1) };
}

export function contains({ lower, upper }: ByteRange, bytes: Uint8Array): boolean {
  return compareBytes(lower, bytes) <= 0 && compareBytes(bytes, upper) < 0;
}

/** What is left of the range behind this key, in the direction of reading. */
export function restBehind(range: ByteRange, key: Uint8Array, backward: boolean): ByteRange {
  return backward ? { lower: range.lower, upper: key } : { lower: behind(key), upper: range.upper };
}
