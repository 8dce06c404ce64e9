/**
 * What the engine says of itself.
 */
import { LEVELS } from "./format/manifest.ts";
import type { Layout } from "./layout.ts";
import type { BlockCache } from "./runs/block-cache.ts";

export interface EngineStats {
  /** About how many keys there are: exact after a whole compaction, else more by what is replaced or cleared by ranges and not yet compacted. */
  readonly keysApproximately: number;
  /** Of all run files. */
  readonly bytes: number;
  readonly runs: number;
  /** Runs on each level, from level 0 on. */
  readonly runsPerLevel: readonly number[];
  /** Groups on level 0: what was flushed and not merged into level 1 yet. A read looks at each of them. */
  readonly flushes: number;
  readonly bytesPerLevel: readonly number[];
  /** What indexes, filters and cleared ranges take of the memory: about 1.25 bytes a key and 30 bytes a block, beside the keys of the index. */
  readonly residentBytes: number;
  /** What data blocks take of the memory; at most `cacheBytes`. */
  readonly cachedBytes: number;
  readonly cacheHits: number;
  readonly cacheMisses: number;
  /** What lies beyond the limits of its level, and is still to be merged. */
  readonly compactionDebtBytes: number;
  readonly compacting: boolean;
  /** Why compaction had to give up for now: no room on the disk. It is tried again after the next flush. */
  readonly compactionRefusal: Error | undefined;
}

interface CompactionState {
  readonly debtBytes: number;
  readonly isRunning: boolean;
  readonly lastRefusal: Error | undefined;
}

export function statsOf(layout: Layout, cache: BlockCache, compaction: CompactionState): EngineStats {
  const runsPerLevel = new Array<number>(LEVELS).fill(0);
  const bytesPerLevel = new Array<number>(LEVELS).fill(0);
  let keys = 0;
  let residentBytes = 0;
  for (const { level, runs } of layout.groups) {
    runsPerLevel[level]! += runs.length;
    for (const run of runs) {
      const { entries, clearedKeys, sizeBytes } = run.entry;
      bytesPerLevel[level]! += sizeBytes;
      // A cleared key is counted once itself and hides one more.
      keys += entries - 2 * clearedKeys;
      residentBytes += run.residentBytes;
    }
  }
  const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0);
  return {
    keysApproximately: Math.max(0, keys),
    bytes: sum(bytesPerLevel),
    runs: sum(runsPerLevel),
    runsPerLevel,
    flushes: layout.groups.filter(({ level }) => level === 0).length,
    bytesPerLevel,
    residentBytes,
    cachedBytes: cache.residentBytes,
    cacheHits: cache.hits,
    cacheMisses: cache.misses,
    compactionDebtBytes: compaction.debtBytes,
    compacting: compaction.isRunning,
    compactionRefusal: compaction.lastRefusal,
  };
}
