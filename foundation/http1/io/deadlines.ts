/** Deadlines of many connections at little cost: one sweep over all instead of a timer for each. */

import type { Clock, TimerHandle, Timers } from "#foundation/runtime";
import { lookNow } from "./turns.ts";

export const NEVER = Number.POSITIVE_INFINITY;

/** Something that waits. */
export interface Timed {
  /** Milliseconds on the clock of `Deadlines`; `NEVER` while nothing is awaited. May be moved at any time. */
  deadline: number;
  /** The deadline has passed; it is `NEVER` now. */
  expire(): void;
}

/** Time as it passes outside. */
export interface Time {
  readonly clock: Pick<Clock, "monotonicMs">;
  readonly timers: Timers;
}

export class Deadlines {
  #now: number;
  readonly #time: Time;
  readonly #sweepMs: number;
  readonly #entries = new Set<Timed>();
  #timer: TimerHandle | undefined;

  constructor(time: Time, sweepMs: number) {
    this.#time = time;
    this.#sweepMs = sweepMs;
    this.#now = time.clock.monotonicMs();
  }

  /** Monotonic milliseconds of the last sweep, or of now while nothing is watched: deadlines are kept to two sweeps. */
  get now(): number {
    if (this.#timer === undefined) this.#now = this.#time.clock.monotonicMs();
    return this.#now;
  }

  /** Watches until `remove`. Nothing runs while nothing is watched. */
  add(entry: Timed): void {
    this.#entries.add(entry);
    if (this.#timer !== undefined) return;
    this.#now = this.#time.clock.monotonicMs();
    this.#timer = this.#time.timers.every(this.#sweepMs, () => this.#sweep());
  }

  remove(entry: Timed): void {
    this.#entries.delete(entry);
    if (this.#entries.size > 0) return;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #sweep(): void {
    lookNow();
    this.#now = this.#time.clock.monotonicMs();
    for (const entry of this.#entries) {
      if (entry.deadline > this.#now) continue;
      entry.deadline = NEVER;
      entry.expire();
    }
  }
}
