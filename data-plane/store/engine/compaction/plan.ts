/**
 * What to compact next. Pure: from the layout alone.
 *
 * Levels as in LevelDB: what is flushed lies on level 0, run over run; each level below is one group and about ten times as large as the one above.
 * Level 0 is merged as a whole into level 1; a level that has grown too large gives one run at a time to the level below. What is mostly cleared goes
 * down even when there is room, so that the space that it hides is given back. Small flushes are first merged with each other: to put some kilobytes that
 * lie all over the keys into level 1 means to write all of it anew.
 */
import { compareKeys, type KeyRange } from "../../keys/index.ts";
import { LEVELS } from "../format/manifest.ts";
import type { Group } from "../layout.ts";
import type { Run } from "../runs/run.ts";
import { bytesWithin } from "../runs/run-sizes.ts";

/** Level 0 is merged when it holds so many groups: each costs every read a probe of its filter. */
export const FLUSHES_MAX = 4;
/** Level 0 is merged into level 1 when it rewrites at most so many bytes there for each of its own. */
const REWRITE_RATIO = 8;
/** A flush is merged with newer ones when it is at most so many times as large as they are together: so each byte is written anew a few times only. */
const NEIGHBOUR_RATIO = 4;
/** How much larger each level is than the one above. */
const LEVEL_RATIO = 10;

export interface CompactionPlan {
  /** What is merged, the newest first. */
  readonly inputs: readonly (readonly Run[])[];
  /** Where the result goes. */
  readonly level: number;
  /** Nothing older lies below: cleared keys and ranges need not be remembered. */
  readonly isBottom: boolean;
  /** The runs only change their level. */
  readonly moves: boolean;
  /** How urgent it is: 1 and more, a limit was reached; below, it only saves space. */
  readonly need: number;
}

export interface PlanLimits {
  /** How large level 1 may be. */
  readonly levelBytes: number;
  readonly runBytes: number;
  /** Where the last compaction of a level has ended: the next one goes on from there. */
  readonly resumeAt: ReadonlyMap<number, Uint8Array>;
}

/** Undefined: nothing to do. */
export function planCompaction(groups: readonly Group[], limits: PlanLimits): CompactionPlan | undefined {
  const [need, level] = mostNeedy(groups, limits);
  if (need >= 1) {
    if (level === 0) return planSmallFlushes(groups, need) ?? planFlushes(groups, limits, need);
    const group = groups.find((one) => one.level === level)!;
    const resumeAt = limits.resumeAt.get(level);
    const next = group.runs.find((run) => resumeAt === undefined || compareKeys(run.entry.begin, resumeAt) >= 0);
    return planRun(groups, next ?? group.runs[0]!, level, limits, need);
  }
  for (const group of groups) {
    if (group.level === 0 || group.level === LEVELS - 1) continue;
    const run = group.runs.find((one) => isMostlyCleared(one, group.level, groups));
    if (run !== undefined) return planRun(groups, run, group.level, limits, 0.5);
  }
  return undefined;
}

/** The next step on the way to a single group without anything cleared in it. Undefined: that is how it is. */
export function planWholeCompaction(groups: readonly Group[], limits: PlanLimits): CompactionPlan | undefined {
  const first = groups[0];
  if (first === undefined) return undefined;
  if (first.level === 0) return planFlushes(groups, limits, 1);
  if (groups.length > 1) return planRun(groups, first.runs[0]!, first.level, limits, 1);
  const clearing = first.runs.find((run) => run.tombstones.count > 0 || run.entry.clearedKeys > 0);
  if (clearing === undefined) return undefined;
  return { inputs: [[clearing]], level: first.level, isBottom: true, moves: false, need: 1 };
}

/** Bytes that lie beyond the limits of their levels: what compaction still has to move. */
export function compactionDebt(groups: readonly Group[], limits: PlanLimits): number {
  let debt = 0;
  const flushes = groups.filter(({ level }) => level === 0);
  if (flushes.length >= FLUSHES_MAX) for (const group of flushes) debt += bytesOf(group.runs);
  for (const { level, runs } of groups) {
    if (level > 0 && level < LEVELS - 1) debt += Math.max(0, bytesOf(runs) - levelLimit(level, limits));
  }
  return debt;
}

/** The smallest range that holds all of some runs. */
export function hullOf(runs: readonly Run[]): KeyRange {
  let { begin, end } = runs[0]!.entry;
  for (const { entry } of runs) {
    if (compareKeys(entry.begin, begin) < 0) begin = entry.begin;
    if (compareKeys(entry.end, end) > 0) end = entry.end;
  }
  return { begin, end };
}

function mostNeedy(groups: readonly Group[], limits: PlanLimits): readonly [need: number, level: number] {
  let need = groups.filter(({ level }) => level === 0).length / FLUSHES_MAX;
  let needy = 0;
  for (const { level, runs } of groups) {
    if (level === 0 || level === LEVELS - 1) continue;
    const fullness = bytesOf(runs) / levelLimit(level, limits);
    if (fullness > need && fullness > 1) [need, needy] = [fullness, level];
  }
  return [need, needy];
}

function levelLimit(level: number, { levelBytes }: PlanLimits): number {
  return levelBytes * LEVEL_RATIO ** (level - 1);
}

/** The newest groups of level 0 into one of them; undefined when they are better merged into level 1. */
function planSmallFlushes(groups: readonly Group[], need: number): CompactionPlan | undefined {
  const flushes = groups.filter(({ level }) => level === 0).map(({ runs }) => runs);
  const range = hullOf(flushes.flat());
  const below = groups.find(({ level }) => level === 1)?.runs.filter((run) => run.overlaps(range)) ?? [];
  if (bytesOf(below) <= REWRITE_RATIO * bytesOf(flushes.flat())) return undefined;
  const inputs: (readonly Run[])[] = [];
  let bytes = 0;
  for (const runs of flushes) {
    if (inputs.length > 0 && bytesOf(runs) > NEIGHBOUR_RATIO * bytes) break;
    inputs.push(runs);
    bytes += bytesOf(runs);
  }
  return inputs.length < 2 ? undefined : { inputs, level: 0, isBottom: false, moves: false, need };
}

/** All of level 0 into level 1: its groups overlap, and the older ones may not stay above the newer. */
function planFlushes(groups: readonly Group[], limits: PlanLimits, need: number): CompactionPlan {
  const inputs = groups.filter(({ level }) => level === 0).map(({ runs }) => runs);
  return plan(groups, inputs, 1, limits, need);
}

function planRun(groups: readonly Group[], run: Run, level: number, limits: PlanLimits, need: number): CompactionPlan {
  return plan(groups, [[run]], level + 1, limits, need);
}

function plan(
  groups: readonly Group[],
  upper: readonly (readonly Run[])[],
  level: number,
  { runBytes }: PlanLimits,
  need: number,
): CompactionPlan {
  const moved = upper.flat();
  const range = hullOf(moved);
  const lower = groups.find((group) => group.level === level)?.runs.filter((run) => run.overlaps(range)) ?? [];
  const inputs = lower.length === 0 ? upper : [...upper, lower];
  const whole = hullOf(inputs.flat());
  const isBottom = !groups.some((group) => group.level > level && group.runs.some((run) => run.overlaps(whole)));
  // Small runs are rather put together: every run costs an open file.
  const large = moved.every(({ entry }) => entry.sizeBytes >= runBytes / 4);
  const clears = isBottom && moved.some((run) => run.tombstones.count > 0 || run.entry.clearedKeys > 0);
  const moves = lower.length === 0 && large && !clears && areDisjoint(moved);
  return { inputs, level, isBottom, moves, need };
}

function areDisjoint(runs: readonly Run[]): boolean {
  const sorted = [...runs].sort((a, b) => compareKeys(a.entry.begin, b.entry.begin));
  return sorted.every((run, i) => i === 0 || compareKeys(sorted[i - 1]!.entry.end, run.entry.begin) <= 0);
}

function isMostlyCleared(run: Run, level: number, groups: readonly Group[]): boolean {
  if (run.entry.clearedKeys * 2 > run.entry.entries) return true;
  if (run.tombstones.count === 0) return false;
  let hidden = 0;
  for (const group of groups) {
    if (group.level <= level) continue;
    for (const older of group.runs) {
      if (!older.overlaps(run.entry)) continue;
      for (const range of run.tombstones.ranges) hidden += bytesWithin(older, range);
    }
  }
  return hidden * 2 >= run.entry.sizeBytes;
}

function bytesOf(runs: readonly Run[]): number {
  return runs.reduce((sum, { entry }) => sum + entry.sizeBytes, 0);
}
