/**
 * Reads all runs and checks what is only checked when it is read: every data block, the order of all keys, the counts.
 */
import { sleep, type Timers } from "#foundation/runtime";
import { compareKeys } from "../keys/index.ts";
import { EngineCorruptionError } from "./errors.ts";
import type { Layout } from "./layout.ts";
import type { Run } from "./runs/run.ts";

/** Blocks between two pauses. */
const SLICE_BLOCKS = 8;

/** @param check throws when there is no sense in going on. @throws EngineCorruptionError (as a rejection) */
export async function verifyRuns(layout: Layout, timers: Timers, check: () => void): Promise<void> {
  for (const run of layout.runs()) await verifyRun(run, timers, check);
}

async function verifyRun(run: Run, timers: Timers, check: () => void): Promise<void> {
  const { index, entry } = run;
  const disorder = (block: number) => new EngineCorruptionError(run.path, "keys out of order", index.offsetOf(block));
  let before: Uint8Array | undefined;
  let entries = 0;
  for (let first = 0; first < index.count; first += SLICE_BLOCKS) {
    const count = Math.min(SLICE_BLOCKS, index.count - first);
    const blocks = await run.readBlocks(first, count, false);
    for (const [i, block] of blocks.entries()) {
      entries += block.count;
      const from = index.keyOf(first + i);
      if (compareKeys(block.keyAt(0), from) < 0) throw disorder(first + i);
      for (let at = 0; at < block.count; at++) {
        const key = block.keyAt(at);
        if (before !== undefined && compareKeys(before, key) >= 0) throw disorder(first + i);
        before = key;
      }
      const within = compareKeys(entry.begin, block.keyAt(0)) <= 0 && compareKeys(before!, entry.end) < 0;
      if (!within) throw disorder(first + i);
    }
    await sleep(timers, 0);
    check();
  }
  if (entries !== entry.entries) throw new EngineCorruptionError(run.path, "another number of entries", 0);
}
