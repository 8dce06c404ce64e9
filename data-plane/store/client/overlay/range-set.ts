/**
 * A set of key ranges, kept disjoint: ranges that overlap or touch are one.
 */
import { compareKeys, type KeyRange, keyAfter } from "../../keys/index.ts";
import { OrderedMap } from "../../ordered-map/index.ts";

export class RangeSet {
  private constructor(private readonly ends: OrderedMap<Uint8Array>) {}

  static empty(): RangeSet {
    return new RangeSet(new OrderedMap());
  }

  /** A range that ends before or where it begins holds no key and adds nothing. */
  add({ begin, end }: KeyRange): void {
    if (compareKeys(begin, end) >= 0) return;
    const before = this.lastFrom(keyAfter(begin));
    const joinsBefore = before !== undefined && compareKeys(before.end, begin) >= 0;
    const from = joinsBefore ? before.begin : begin;
    // The range that begins last may reach beyond the end, or be the one before.
    const last = this.lastFrom(keyAfter(end));
    const to = last !== undefined && compareKeys(last.end, end) > 0 ? last.end : end;
    this.ends.clearRange(from, keyAfter(end));
    this.ends.set(from, to);
  }

  /** The range that holds `key`. */
  around(key: Uint8Array): KeyRange | undefined {
    const range = this.lastFrom(keyAfter(key));
    return range !== undefined && compareKeys(key, range.end) < 0 ? range : undefined;
  }

  /** The last range that begins before `key`. */
  lastFrom(key: Uint8Array): KeyRange | undefined {
    for (const [begin, end] of this.ends.reversed({ end: key })) return { begin, end };
    return undefined;
  }

  /** The first range that begins at or after `key`. */
  firstFrom(key: Uint8Array): KeyRange | undefined {
    for (const [begin, end] of this.ends.entries({ begin: key })) return { begin, end };
    return undefined;
  }

  /** In the order of their keys. */
  ranges(): KeyRange[] {
    return Array.from(this.ends.entries(), ([begin, end]) => ({ begin, end }));
  }

  snapshot(): RangeSet {
    return new RangeSet(this.ends.snapshot());
  }
}
