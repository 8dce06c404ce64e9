/**
 * Runs a scenario in a simulated world, from a seed.
 */

import type { Swizzle } from "./fault-plan.ts";
import { withForbiddenGlobals } from "./forbidden-globals.ts";
import type { TraceOptions, TraceRecording } from "./trace.ts";
import { type SimulationFailure, World, type WorldOptions } from "./world.ts";

/** An hour of virtual time. */
const DEFAULT_VIRTUAL_MS_MAX = 3_600_000;
/** At about a million steps a second, ten seconds of real time. */
const DEFAULT_STEPS_MAX = 10_000_000;

/** What to simulate. */
export interface SimulationOptions extends WorldOptions {
  /** Plays the operator and the judge; the run ends when it does, and fails when it rejects. */
  readonly scenario: (world: World) => Promise<void>;
  /** The run fails when it has not ended after this much virtual time. */
  readonly virtualMsMax?: number;
  /** The run fails when it has not ended after this many steps. */
  readonly stepsMax?: number;
  /** Replace `Date.now`, `Math.random`, `setTimeout` and the like by errors while the run lasts (default true). */
  readonly guardGlobals?: boolean;
}

/** What became of a run. */
export interface SimulationResult {
  readonly seed: number;
  /** Undefined when the scenario ended well. */
  readonly failure: SimulationFailure | undefined;
  readonly steps: number;
  readonly virtualMs: number;
  /** A hash of every event and every draw, in order: equal for equal seeds of an unchanged program. */
  readonly traceHash: string;
  readonly traceEntries: number;
  /** The entries themselves, when `trace.record` was asked for. */
  readonly recording: TraceRecording;
  readonly swizzles: readonly Swizzle[];
  /** How often each fault was really injected. */
  readonly faults: ReadonlyMap<string, number>;
  /** How often each `probe` was reached. */
  readonly probes: ReadonlyMap<string, number>;
  /** How often each `buggify` site misbehaved; 0: met, but switched off or never drawn. */
  readonly buggified: ReadonlyMap<string, number>;
}

/**
 * Runs one simulation, synchronously, to its end. A failing program does not throw: read `failure`.
 *
 * @example
 * const result = simulate({
 *   seed: 7,
 *   machines: { a: server, b: server, client: { program: client, spared: true } },
 *   faults: drawPlan(),
 *   scenario: async (world) => {
 *     await world.sleep(10_000);
 *     world.calm();
 *     await world.until("all agree", () => agreed());
 *   },
 * });
 */
export function simulate(options: SimulationOptions): SimulationResult {
  const world = new World(options);
  const run = (): void => play(world, options);
  if (options.guardGlobals === false) run();
  else withForbiddenGlobals(run);
  const { trace, scheduler, plan } = world;
  world.checkDivergence(true);
  return {
    seed: options.seed,
    failure: world.failure,
    steps: scheduler.steps,
    virtualMs: world.nowMs,
    traceHash: trace.hash,
    traceEntries: trace.count,
    recording: trace.recording(),
    swizzles: plan.swizzles,
    faults: world.faults.counts,
    probes: world.hooks.probes,
    buggified: world.hooks.buggified,
  };
}

function play(world: World, options: SimulationOptions): void {
  let finished = false;
  const label = world.trace.label("scenario");
  world.scheduler.schedule(0, label, undefined, () => {
    options.scenario(world).then(
      () => {
        finished = true;
      },
      (error: unknown) => {
        const text = error instanceof Error ? error.message : String(error);
        world.fail("error", `the scenario failed at ${world.nowMs.toFixed(3)} ms: ${text}`, error);
      },
    );
  });
  const virtualMsMax = options.virtualMsMax ?? DEFAULT_VIRTUAL_MS_MAX;
  const stepsMax = options.stepsMax ?? DEFAULT_STEPS_MAX;
  const end = world.run({ until: () => finished, forMs: virtualMsMax, stepsMax });
  if (end === "idle") {
    const head = `deadlock at ${world.nowMs.toFixed(3)} ms: nothing is scheduled, and the scenario has not ended`;
    world.fail("deadlock", `${head}\n${world.describeWaits()}`);
  } else if (end === "time") {
    const head = `the scenario has not ended after ${virtualMsMax} ms of virtual time`;
    world.fail("time-limit", `${head}\n${world.describeWaits()}`);
  } else if (end === "steps") {
    const head = `the scenario has not ended after ${stepsMax} steps (${world.nowMs.toFixed(3)} ms of virtual time)`;
    world.fail("step-limit", `${head}\n${world.describeWaits()}`);
  }
}

/**
 * Runs the same simulation twice and compares every event and draw. A difference is a failure of kind `divergence` that shows the first one.
 *
 * `options` are made anew for each run, because state that programs keep between runs is the usual culprit, and legitimate collections
 * of results must start empty.
 */
export function runTwice(makeOptions: () => SimulationOptions): SimulationResult {
  const withTrace = (trace: TraceOptions): SimulationOptions => ({ ...makeOptions(), trace });
  const first = simulate(withTrace({ record: true }));
  const options = withTrace({ expected: first.recording });
  return simulate(options);
}
