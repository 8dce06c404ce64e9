/**
 * The machine's own clock.
 */

import type { Clock } from "../ports/clock.ts";

/** The clock of this machine. Pass it in; do not reach for it from a core. */
export const systemClock: Clock = Object.freeze({
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
});
