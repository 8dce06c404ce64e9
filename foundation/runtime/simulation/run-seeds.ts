/**
 * Runs a simulation over many seeds, and says how to repeat the one that failed.
 */

import { runTwice, type SimulationOptions, type SimulationResult, simulate } from "./simulate.ts";
import type { SimulationFailure } from "./world.ts";

/** Set this to a number to run that seed alone. */
export const SEED_VARIABLE = "BIPLANE_SEED";
/** Set this to a number to run so many seeds instead of the few that a test asks for. */
export const SEED_COUNT_VARIABLE = "BIPLANE_SEEDS";

/** Which seeds to run, and how to say it. */
export interface SeedRange {
  /** The first seed; the others follow. Default 1. */
  readonly first?: number;
  /** How many, unless the environment asks for more. */
  readonly count: number;
  /** One seed in this many runs twice, and both runs must be the same to the last draw. Default 10; 0: none. */
  readonly twiceEvery?: number;
  /** The command that runs this simulation, for the report: for example `scripts/bun test control-plane/cluster/raft.test.ts`. */
  readonly command: string;
}

/** What a range of seeds amounted to. */
export interface SeedReport {
  readonly seeds: number;
  readonly steps: number;
  readonly virtualMs: number;
  /** Totals over all runs: a fault, probe or site that stays at 0 or is missing was never exercised. */
  readonly faults: ReadonlyMap<string, number>;
  readonly probes: ReadonlyMap<string, number>;
  readonly buggified: ReadonlyMap<string, number>;
}

/** A seed failed. The message says which and how to run it again. */
export class SeedFailure extends Error {
  override readonly name = "SeedFailure";
  readonly seed: number;
  readonly failure: SimulationFailure;

  constructor(failure: SimulationFailure, text: string) {
    super(text, { cause: failure });
    this.seed = failure.seed;
    this.failure = failure;
  }
}

/**
 * Runs every seed of the range and throws `SeedFailure` at the first that fails.
 *
 * @param makeOptions makes the simulation for one seed, with collections of its own
 * @example
 * runSeeds({ count: 200, command: "scripts/bun test control-plane/cluster" }, (seed) => ({ seed, machines, scenario }));
 */
export function runSeeds(range: SeedRange, makeOptions: (seed: number) => SimulationOptions): SeedReport {
  const only = wholeNumber(SEED_VARIABLE);
  const first = only ?? range.first ?? 1;
  const count = only === undefined ? (wholeNumber(SEED_COUNT_VARIABLE) ?? range.count) : 1;
  const twiceEvery = only === undefined ? (range.twiceEvery ?? 10) : 1;
  const total = { seeds: 0, steps: 0, virtualMs: 0, faults: newCounts(), probes: newCounts(), buggified: newCounts() };
  for (let seed = first; seed < first + count; seed++) {
    const twice = twiceEvery > 0 && (seed - first) % twiceEvery === 0;
    const result = twice ? runTwice(() => makeOptions(seed)) : simulate(makeOptions(seed));
    if (result.failure !== undefined) throw new SeedFailure(result.failure, describeFailure(result, range.command));
    total.seeds++;
    total.steps += result.steps;
    total.virtualMs += result.virtualMs;
    addCounts(total.faults, result.faults);
    addCounts(total.probes, result.probes);
    addCounts(total.buggified, result.buggified);
  }
  return total;
}

/**
 * Looks for a seed that fails, and returns the run; undefined when none of `count` seeds does. For tests that plant a bug and must see it
 * found.
 */
export function findFailingSeed(
  count: number,
  makeOptions: (seed: number) => SimulationOptions,
): SimulationResult | undefined {
  for (let seed = 1; seed <= count; seed++) {
    const result = simulate(makeOptions(seed));
    if (result.failure !== undefined) return result;
  }
  return undefined;
}

function describeFailure(result: SimulationResult, command: string): string {
  const { failure, seed } = result;
  const injected = [...result.faults].map(([name, count]) => `${name} ${count}`).join(", ");
  return [
    `seed ${seed}: ${failure?.message}`,
    `  after ${result.steps} steps and ${result.virtualMs.toFixed(0)} ms of virtual time`,
    `  swizzles: ${result.swizzles.join(", ") || "none"}`,
    `  injected: ${injected || "nothing"}`,
    `  run it again: ${SEED_VARIABLE}=${seed} ${command}`,
  ].join("\n");
}

function wholeNumber(variable: string): number | undefined {
  const text = process.env[variable];
  if (text === undefined || text === "") return undefined;
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0)
    throw new RangeError(`${variable} must be a whole number; got '${text}'`);
  return value;
}

function newCounts(): Map<string, number> {
  return new Map();
}

function addCounts(total: Map<string, number>, more: ReadonlyMap<string, number>): void {
  for (const [name, count] of more) total.set(name, (total.get(name) ?? 0) + count);
}
