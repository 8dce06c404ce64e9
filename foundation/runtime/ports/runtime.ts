/**
 * Everything that code may do to the world, in one bundle to inject.
 */

import type { Clock } from "./clock.ts";
import type { Disk } from "./disk.ts";
import type { Network } from "./network.ts";
import type { Random } from "./random.ts";
import type { Timers } from "./timers.ts";

/** Hooks through which a simulation reaches into product code. In production both do nothing. */
export interface SimulationHooks {
  /**
   * Whether to misbehave here, in a way that is allowed but rare: give up early, return a short batch, wait before answering. A simulation
   * switches each name on for some of its runs, and in those answers true with `probability` (0 … 1, default 0.05). Always false in
   * production, so that `if (runtime.hooks.buggify("log.short-batch")) limit = 1;` costs one call.
   */
  buggify(name: string, probability?: number): boolean;
  /** Records that this rare place was reached. A simulation reports the places that no run has reached. */
  probe(name: string): void;
}

/** What a program may do to the world. Take only the members you need as parameters. */
export interface Runtime {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly disk: Disk;
  readonly network: Network;
  readonly hooks: SimulationHooks;
  /**
   * Starts a task that nobody awaits, under a name that appears in failure and deadlock reports. A rejection is a defect of the program: it
   * ends a simulated run, and goes to the failure handler of the real runtime.
   */
  spawn(name: string, run: () => Promise<void>): void;
}
