/**
 * Which faults a run suffers: a choice of named swizzles, drawn from the seed or given by the scenario.
 */

import type { Random } from "../ports/random.ts";
import { CALM_DISK, CALM_LINK, type DiskConditions, type LinkConditions } from "./conditions.ts";
import { between, chance } from "./seeded-random.ts";

/** Swizzles that set the conditions of the whole run. */
export const CONDITION_SWIZZLES = [
  "slow-network",
  "lossy-network",
  "duplicating-network",
  "reordering-network",
  "slow-disk",
  "failing-disk",
  "rotting-disk",
  "wrong-clocks",
] as const;

/** Swizzles that strike and pass, again and again, while the run goes on. */
export const STRIKE_SWIZZLES = [
  "partitions",
  "one-way-partitions",
  "clogs",
  "power-losses",
  "process-kills",
  "pauses",
  "clock-jumps",
  "full-disks",
] as const;

export type ConditionSwizzle = (typeof CONDITION_SWIZZLES)[number];
export type StrikeSwizzle = (typeof STRIKE_SWIZZLES)[number];
export type Swizzle = ConditionSwizzle | StrikeSwizzle;

/** Every swizzle that a correct distributed program survives without losing what it acknowledged, failing and rotting disks excepted. */
export const SURVIVABLE_SWIZZLES: readonly Swizzle[] = [
  ...CONDITION_SWIZZLES.filter((name) => name !== "failing-disk" && name !== "rotting-disk"),
  ...STRIKE_SWIZZLES,
];

/** The faults of one run. */
export interface FaultPlan {
  /** For reports, and which strikes there are. */
  readonly swizzles: readonly Swizzle[];
  readonly link: LinkConditions;
  readonly disk: DiskConditions;
  /** Each machine's wall clock is wrong by up to this much in either direction. */
  readonly skewMsMax: number;
  /** Each machine's clocks run fast or slow by up to this many parts per million; quartz is within 100. */
  readonly driftPpmMax: number;
  /** The mean time between strikes. */
  readonly strikeIntervalMs: number;
  /** The mean time a strike lasts. */
  readonly strikeDurationMs: number;
  /** How many machines may be off, paused or cut off by strikes at once; undefined: any number but all. */
  readonly struckMax: number | undefined;
  /** The share of `buggify` sites that the run switches on (FoundationDB uses a quarter). */
  readonly buggifyShare: number;
}

/** No faults; only delays differ from seed to seed. */
export const CALM_PLAN: FaultPlan = Object.freeze<FaultPlan>({
  swizzles: [],
  link: CALM_LINK,
  disk: CALM_DISK,
  skewMsMax: 0,
  driftPpmMax: 0,
  strikeIntervalMs: 500,
  strikeDurationMs: 1000,
  struckMax: undefined,
  buggifyShare: 0,
});

/** Makes a plan from a fixed choice of swizzles, with intensities drawn from `random`. */
export function planOf(swizzles: readonly Swizzle[], random: Random): FaultPlan {
  const on = new Set(swizzles);
  const slowNetwork = on.has("slow-network") ? between(random, 5, 100) : 1;
  const slowDisk = on.has("slow-disk") ? between(random, 5, 50) : 1;
  const level = (name: Swizzle, minimum: number, maximum: number): number =>
    on.has(name) ? between(random, minimum, maximum) : 0;
  const errors = level("failing-disk", 0.0005, 0.02);
  return {
    ...CALM_PLAN,
    swizzles,
    link: {
      latency: {
        minMs: CALM_LINK.latency.minMs,
        meanExtraMs: CALM_LINK.latency.meanExtraMs * slowNetwork,
        tailProbability: on.has("slow-network") ? 0.05 : CALM_LINK.latency.tailProbability,
        tailMs: CALM_LINK.latency.tailMs * slowNetwork,
      },
      dropProbability: level("lossy-network", 0.01, 0.3),
      duplicateProbability: level("duplicating-network", 0.01, 0.3),
      reorderProbability: level("reordering-network", 0.05, 0.5),
    },
    disk: {
      latency: { ...CALM_DISK.latency, meanExtraMs: CALM_DISK.latency.meanExtraMs * slowDisk },
      syncLatency: {
        ...CALM_DISK.syncLatency,
        meanExtraMs: CALM_DISK.syncLatency.meanExtraMs * slowDisk,
        tailMs: CALM_DISK.syncLatency.tailMs * slowDisk,
      },
      readErrorProbability: errors,
      writeErrorProbability: errors,
      syncErrorProbability: errors * 4,
      bitRotProbability: level("rotting-disk", 0.001, 0.02),
    },
    skewMsMax: level("wrong-clocks", 10, 60_000),
    driftPpmMax: level("wrong-clocks", 10, 500),
    strikeIntervalMs: between(random, 200, 2000),
    strikeDurationMs: between(random, 50, 3000),
    buggifyShare: 0.25,
  };
}

/** A plan drawn from the seed: each of the allowed swizzles is on in half of the runs. Pass it as `faults`. */
export function drawPlan(allowed: readonly Swizzle[] = SURVIVABLE_SWIZZLES): (random: Random) => FaultPlan {
  return (random) =>
    planOf(
      allowed.filter(() => chance(random, 0.5)),
      random,
    );
}
