/**
 * The cleared ranges of a run, disjoint and in order: `count u32 | (begin, end) …`, keys with their length u32 before them. They hide what is in older
 * runs; the entries of their own run are newer than they.
 */
import { compareKeys, type KeyRange } from "../../keys/index.ts";
import { FRAME_BYTES } from "./block-frame.ts";
import { FieldReader, FieldWriter } from "./fields.ts";

/** With room for the frame. */
export function encodeTombstones(ranges: readonly KeyRange[]): Uint8Array {
  const fields = new FieldWriter().u32(ranges.length);
  for (const { begin, end } of ranges) fields.bytes(begin).bytes(end);
  return fields.finish(FRAME_BYTES);
}

/** @throws EngineCorruptionError */
export function decodeTombstones(payload: Uint8Array, file: string, offset: number): Tombstones {
  const reader = new FieldReader(payload, file, offset);
  const ranges: KeyRange[] = [];
  for (let left = reader.u32(); left > 0; left--) {
    const range = { begin: reader.bytes(), end: reader.bytes() };
    const before = ranges.at(-1);
    const ordered = before === undefined || compareKeys(before.end, range.begin) <= 0;
    if (!ordered || compareKeys(range.begin, range.end) >= 0) throw reader.corrupt("cleared ranges out of order");
    ranges.push(range);
  }
  reader.end();
  return new Tombstones(ranges);
}

/** Disjoint ranges in order. */
export class Tombstones {
  static readonly none = new Tombstones([]);

  constructor(readonly ranges: readonly KeyRange[]) {}

  get count(): number {
    return this.ranges.length;
  }

  get residentBytes(): number {
    let bytes = 0;
    for (const { begin, end } of this.ranges) bytes += begin.length + end.length + 150;
    return bytes;
  }

  /** The range that holds `key`. */
  covering(key: Uint8Array): KeyRange | undefined {
    const range = this.ranges[this.countFrom(key) - 1];
    return range !== undefined && compareKeys(key, range.end) < 0 ? range : undefined;
  }

  /** Whether one range holds all of `[begin, end)`. Ranges that touch are one: see `union`. */
  covers({ begin, end }: KeyRange): boolean {
    const range = this.covering(begin);
    return range !== undefined && compareKeys(end, range.end) <= 0;
  }

  /** How many ranges begin at `key` or before it. */
  private countFrom(key: Uint8Array): number {
    let low = 0;
    let high = this.ranges.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareKeys(this.ranges[middle]!.begin, key) <= 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** All keys of all of them; ranges that overlap or touch become one. */
export function union(all: readonly Tombstones[]): Tombstones {
  const ranges = all.flatMap((one) => one.ranges).sort((a, b) => compareKeys(a.begin, b.begin));
  if (ranges.length === 0) return Tombstones.none;
  const merged: { begin: Uint8Array; end: Uint8Array }[] = [];
  for (const { begin, end } of ranges) {
    const last = merged.at(-1);
    if (last === undefined || compareKeys(last.end, begin) < 0) merged.push({ begin, end });
    else if (compareKeys(last.end, end) < 0) last.end = end;
  }
  return new Tombstones(merged);
}
