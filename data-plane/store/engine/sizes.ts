/**
 * Sizes of ranges, and keys that split them, by the indexes alone.
 */
import { compareKeys, type KeyRange } from "../keys/index.ts";
import type { Layout } from "./layout.ts";
import { blocksWithin, bytesWithin } from "./runs/run-sizes.ts";

/** How many blocks are looked at to split a range, so that it takes some milliseconds however large the range is. */
const SAMPLES_MAX = 4096;

/** About how many bytes of a range there are, what is replaced or cleared and not yet compacted included. */
export function approximateSize(layout: Layout, range: KeyRange): number {
  let bytes = 0;
  for (const run of layout.runs()) bytes += bytesWithin(run, range);
  return bytes;
}

/** Keys that split a range into parts of about the same size. */
export function splitPoints(layout: Layout, range: KeyRange, parts: number): readonly Uint8Array[] {
  let blocks = 0;
  for (const run of layout.runs()) {
    const [first, last] = blocksWithin(run, range);
    blocks += last - first;
  }
  const stride = Math.max(1, Math.ceil(blocks / SAMPLES_MAX));
  const samples: { readonly key: Uint8Array; readonly bytes: number }[] = [];
  let total = 0;
  for (const run of layout.runs()) {
    const [first, last] = blocksWithin(run, range);
    for (let block = first; block < last; block += stride) {
      const bytes = run.index.offsetOf(Math.min(last, block + stride)) - run.index.offsetOf(block);
      // The index knows no more of the first block than that it is the first.
      samples.push({ key: block === 0 ? run.entry.begin : run.index.keyOf(block), bytes });
      total += bytes;
    }
  }
  samples.sort((a, b) => compareKeys(a.key, b.key));
  const keys: Uint8Array[] = [];
  let before = 0;
  for (const { key, bytes } of samples) {
    const wanted = ((keys.length + 1) * total) / parts;
    const last = keys.at(-1) ?? range.begin;
    if (keys.length < parts - 1 && before >= wanted && compareKeys(last, key) < 0 && compareKeys(key, range.end) < 0) {
      keys.push(key);
    }
    before += bytes;
  }
  return keys;
}
