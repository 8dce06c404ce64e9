/** A clock that a test sets forward. */
import { type Clock, systemClock } from "#foundation/runtime";

export interface ShiftingClock extends Clock {
  advance(milliseconds: number): void;
}

export function createShiftingClock(): ShiftingClock {
  let shift = 0;
  return {
    now: () => systemClock.now() + shift,
    monotonicMs: () => systemClock.monotonicMs() + shift,
    advance(milliseconds) {
      shift += milliseconds;
    },
  };
}
