/**
 * Which runs there are, at one moment. A reader holds on to a layout while it reads; a run's file goes when no layout that anyone holds has it.
 */
import { compareKeys, type KeyRange } from "../keys/index.ts";
import { hashKey } from "./format/bloom-filter.ts";
import type { DataBlock } from "./format/data-block.ts";
import { Tombstones, union } from "./format/tombstones.ts";
import { countBeginning, type Run } from "./runs/run.ts";

/** Runs that do not overlap, in order. */
export interface Group {
  readonly level: number;
  readonly runs: readonly Run[];
  /** The cleared ranges of all runs; those that touch are one. */
  readonly tombstones: Tombstones;
}

export function groupOf(level: number, runs: readonly Run[]): Group {
  const clearing = runs.filter((run) => run.tombstones.count > 0);
  const tombstones = clearing.length === 0 ? Tombstones.none : union(clearing.map((run) => run.tombstones));
  return { level, runs, tombstones };
}

/** Stands where a lookup cannot go on without a block that is not in memory. */
export class MissingBlock {
  constructor(
    readonly group: number,
    readonly run: Run,
    readonly number: number,
  ) {}
}

export class Layout {
  private references = 0;

  /** @param groups the newest first @param onUnused called with each run that no layout holds any more */
  constructor(
    readonly groups: readonly Group[],
    private readonly onUnused: (run: Run) => void,
  ) {}

  *runs(): IterableIterator<Run> {
    for (const { runs } of this.groups) yield* runs;
  }

  acquire(): this {
    if (this.references++ === 0) for (const run of this.runs()) run.references++;
    return this;
  }

  release(): void {
    if (--this.references > 0) return;
    for (const run of this.runs()) if (--run.references === 0) this.onUnused(run);
  }

  /** The value of a key (a copy), as far as blocks in memory tell. */
  get(key: Uint8Array): Uint8Array | undefined | MissingBlock {
    return this.search(0, key, hashKey(key), undefined);
  }

  /** Goes on with a lookup, the missing block at hand. */
  getWith(missing: MissingBlock, block: DataBlock, key: Uint8Array): Uint8Array | undefined | MissingBlock {
    return this.search(missing.group, key, hashKey(key), block);
  }

  private search(
    from: number,
    key: Uint8Array,
    hash: number,
    known: DataBlock | undefined,
  ): Uint8Array | undefined | MissingBlock {
    const { groups } = this;
    for (let at = from; at < groups.length; at++) {
      const { runs, tombstones } = groups[at]!;
      const run = runHolding(runs, key);
      if (run === undefined) continue;
      if (run.filter.mayHold(hash)) {
        const number = run.index.blockOf(key);
        const block = known !== undefined && at === from ? known : run.cachedBlock(number);
        if (block === undefined) return new MissingBlock(at, run, number);
        const entry = block.find(key);
        if (entry >= 0) return block.valueOf(entry);
      }
      if (tombstones.count > 0 && tombstones.covering(key) !== undefined) return undefined;
    }
    return undefined;
  }
}

/** The run within whose bounds a key lies. */
function runHolding(runs: readonly Run[], key: Uint8Array): Run | undefined {
  const run = runs[countBeginning(runs, key) - 1];
  return run !== undefined && compareKeys(key, run.entry.end) < 0 ? run : undefined;
}

/** The groups without some runs. */
export function withoutRuns(groups: readonly Group[], gone: (run: Run) => boolean): readonly Group[] {
  return groups.flatMap((group) => {
    if (!group.runs.some(gone)) return [group];
    const runs = group.runs.filter((run) => !gone(run));
    return runs.length === 0 ? [] : [groupOf(group.level, runs)];
  });
}

/** The groups with runs more. On level 0 they are the newest group; elsewhere they overlap none of their level. */
export function withRuns(groups: readonly Group[], level: number, runs: readonly Run[]): readonly Group[] {
  if (runs.length === 0) return groups;
  if (level === 0) return [groupOf(0, runs), ...groups];
  const before = groups.filter((group) => group.level < level);
  const there = groups.find((group) => group.level === level)?.runs ?? [];
  const sorted = [...there, ...runs].sort((a, b) => compareKeys(a.entry.begin, b.entry.begin));
  return [...before, groupOf(level, sorted), ...groups.filter((group) => group.level > level)];
}

/** The groups with some runs in the place of others: those of a level, or, on level 0, of neighbouring groups. */
export function exchangeRuns(
  groups: readonly Group[],
  gone: ReadonlySet<Run>,
  level: number,
  runs: readonly Run[],
): readonly Group[] {
  const isGone = (run: Run) => gone.has(run);
  if (level > 0) return withRuns(withoutRuns(groups, isGone), level, runs);
  // Newer than what is older than the inputs, and older than what was flushed since.
  const at = groups.findIndex((group) => group.runs.some(isGone));
  const made = runs.length === 0 ? [] : [groupOf(0, runs)];
  return [...groups.slice(0, at), ...made, ...withoutRuns(groups.slice(at), isGone)];
}

export function isWithin(run: Run, { begin, end }: KeyRange): boolean {
  return compareKeys(begin, run.entry.begin) <= 0 && compareKeys(run.entry.end, end) <= 0;
}
