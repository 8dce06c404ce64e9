/**
 * A set of key ranges, kept disjoint: ranges that overlap or touch are one.
 */
import { compareKeys, type KeyRange, keyAfter } from "../../keys/index.ts";
import { OrderedMap } from "../../ordered-map/index.ts";

/** A part of a range that is within the set as a whole, or outside it as a whole. */
export interface Segment extends KeyRange {
  readonly inside: boolean;
}

export class RangeSet {
  private constructor(private readonly ends: OrderedMap<Uint8Array>) {}

  static empty(): RangeSet {
    return new RangeSet(new OrderedMap());
  }

  get isEmpty(): boolean {
    return this.ends.isEmpty;
  }

  /** A range that ends before or where it begins holds no key and adds nothing. */
  add({ begin, end }: KeyRange): void {
    if (compareKeys(begin, end) >= 0) return;
    const before = this.lastFrom(keyAfter(begin));
    // The usual case: the same is read again.
    if (before !== undefined && compareKeys(before.end, end) >= 0) return;
    const joinsBefore = before !== undefined && compareKeys(before.end, begin) >= 0;
    const from = joinsBefore ? before.begin : begin;
    // The range that begins last may reach beyond the end, or be the one before.
    const last = this.lastFrom(keyAfter(end));
    const to = last !== undefined && compareKeys(last.end, end) > 0 ? last.end : end;
    this.ends.clearRange(from, keyAfter(end));
    this.ends.set(from, to);
  }

  remove({ begin, end }: KeyRange): void {
    if (compareKeys(begin, end) >= 0) return;
    const before = this.around(begin);
    const last = this.lastFrom(end);
    this.ends.clearRange(begin, end);
    if (before !== undefined && compareKeys(before.begin, begin) < 0) this.ends.set(before.begin, begin);
    if (last !== undefined && compareKeys(last.end, end) > 0) this.ends.set(end, last.end);
  }

  /** The part of a range that comes first in the order of reading. The range holds at least one key. */
  firstSegment({ begin, end }: KeyRange, reverse: boolean): Segment {
    if (this.ends.isEmpty) return { begin, end, inside: false };
    if (reverse) {
      const last = this.lastFrom(end);
      if (last === undefined || compareKeys(last.end, begin) <= 0) return { begin, end, inside: false };
      if (compareKeys(last.end, end) < 0) return { begin: last.end, end, inside: false };
      return { begin: laterKey(last.begin, begin), end, inside: true };
    }
    const around = this.around(begin);
    if (around !== undefined) return { begin, end: earlierKey(around.end, end), inside: true };
    const next = this.firstFrom(begin);
    return { begin, end: next === undefined ? end : earlierKey(next.begin, end), inside: false };
  }

  /** The range that holds `key`. */
  around(key: Uint8Array): KeyRange | undefined {
    const range = this.lastFrom(keyAfter(key));
    return range !== undefined && compareKeys(key, range.end) < 0 ? range : undefined;
  }

  /** The last range that begins before `key`. */
  lastFrom(key: Uint8Array): KeyRange | undefined {
    const last = this.ends.lastBefore(key);
    return last && { begin: last[0], end: last[1] };
  }

  /** The first range that begins at or after `key`. */
  firstFrom(key: Uint8Array): KeyRange | undefined {
    const first = this.ends.firstFrom(key);
    return first && { begin: first[0], end: first[1] };
  }

  /** In the order of their keys. */
  ranges(): KeyRange[] {
    return Array.from(this.ends.entries(), ([begin, end]) => ({ begin, end }));
  }

  snapshot(): RangeSet {
    return new RangeSet(this.ends.snapshot());
  }
}

export function earlierKey(a: Uint8Array, b: Uint8Array): Uint8Array {
  return compareKeys(a, b) <= 0 ? a : b;
}

export function laterKey(a: Uint8Array, b: Uint8Array): Uint8Array {
  return compareKeys(a, b) >= 0 ? a : b;
}
