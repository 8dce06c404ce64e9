/**
 * The real runtime: the bundle of everything in this folder.
 */

import type { Runtime, SimulationHooks } from "../ports/runtime.ts";
import { systemClock } from "./clock.ts";
import { systemDisk } from "./disk.ts";
import { systemNetwork } from "./network.ts";
import { systemRandom } from "./random.ts";
import { systemTimers } from "./timers.ts";

const noHooks: SimulationHooks = Object.freeze({ buggify: () => false, probe: () => {} });

/**
 * The runtime of a shipped program.
 *
 * @param onTaskFailure hears of every spawned task that rejected, by its name; a program usually logs it and stops.
 */
export function createSystemRuntime(onTaskFailure: (name: string, error: unknown) => void): Runtime {
  return Object.freeze<Runtime>({
    clock: systemClock,
    timers: systemTimers,
    random: systemRandom,
    disk: systemDisk,
    network: systemNetwork,
    hooks: noHooks,
    spawn(name, run) {
      // The task starts in a turn of its own, so that a synchronous throw takes the same way as a rejection.
      Promise.resolve()
        .then(run)
        .catch((error: unknown) => onTaskFailure(name, error));
    },
  });
}
