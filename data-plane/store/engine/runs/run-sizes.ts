/**
 * How much of a run lies within a range, by its index: to the size of a block.
 */
import { compareKeys, type KeyRange } from "../../keys/index.ts";
import type { Run } from "./run.ts";

/** The data blocks that may hold keys of the range: `[first, last)`. */
export function blocksWithin({ index, entry }: Run, { begin, end }: KeyRange): readonly [first: number, last: number] {
  if (index.count === 0 || compareKeys(end, entry.begin) <= 0 || compareKeys(entry.end, begin) <= 0) return [0, 0];
  const first = compareKeys(begin, entry.begin) <= 0 ? 0 : index.blockOf(begin);
  const last = compareKeys(entry.end, end) <= 0 ? index.count : index.blockOf(end) + 1;
  return [first, last];
}

/** Bytes on the disk. */
export function bytesWithin(run: Run, range: KeyRange): number {
  const [first, last] = blocksWithin(run, range);
  return run.index.offsetOf(last) - run.index.offsetOf(first);
}
