/**
 * The clock and the timers of one life of a simulated machine.
 */

import type { Clock } from "../ports/clock.ts";
import { assertDelay, assertInterval, type TimerHandle, type Timers } from "../ports/timers.ts";
import { mix32 } from "./hashing.ts";
import type { EventOwner, Scheduler } from "./scheduler.ts";
import type { LabelId } from "./trace.ts";

/** When every simulation begins: 2030-01-01T00:00:00Z. Any date would do; a fixed one keeps traces alike. */
export const SIMULATION_EPOCH_MS = Date.UTC(2030, 0, 1);

/** How wrong a machine's clock is. */
export interface ClockError {
  /** Added to the wall clock. May change while the machine runs, as NTP or an operator would change it. */
  skewMs: number;
  /** How fast both clocks run: 1 is right, 1.0001 gains 100 µs a second. Fixed for the life of the machine. */
  readonly rate: number;
}

/** A machine's view of time. `bootUs` is when this life began; its monotonic clock counts from there. */
export class MachineClock implements Clock {
  private readonly scheduler: Scheduler;
  private readonly error: ClockError;
  private readonly bootUs: number;

  constructor(scheduler: Scheduler, error: ClockError) {
    this.scheduler = scheduler;
    this.error = error;
    this.bootUs = scheduler.nowUs;
  }

  now(): number {
    return Math.floor(SIMULATION_EPOCH_MS + this.error.skewMs + (this.scheduler.nowUs / 1000) * this.error.rate);
  }

  monotonicMs(): number {
    return this.readAt(this.scheduler.nowUs);
  }

  /** The first microsecond of true time at which this clock reads at least `ms`. */
  timeOf(ms: number): number {
    let timeUs = Math.ceil(this.bootUs + (ms * 1000) / this.error.rate);
    // Rounding may land one microsecond to either side; a timer must not run early by its own machine's clock.
    while (this.readAt(timeUs) < ms) timeUs++;
    return timeUs;
  }

  private readAt(timeUs: number): number {
    return ((timeUs - this.bootUs) / 1000) * this.error.rate;
  }
}

/** Timers on a machine's own clock. */
export class MachineTimers implements Timers {
  private readonly scheduler: Scheduler;
  private readonly clock: MachineClock;
  private readonly owner: EventOwner;
  private readonly label: LabelId;
  /** Timers of one machine due together share a tie, so that they run in order of asking; other machines fall before or after by chance. */
  private readonly tieSalt: number;

  constructor(scheduler: Scheduler, clock: MachineClock, owner: EventOwner, label: LabelId, tieSalt: number) {
    this.scheduler = scheduler;
    this.clock = clock;
    this.owner = owner;
    this.label = label;
    this.tieSalt = tieSalt;
  }

  after(delayMs: number, run: () => void): TimerHandle {
    assertDelay(delayMs);
    return this.at(this.clock.monotonicMs() + delayMs, run);
  }

  every(intervalMs: number, run: () => void): TimerHandle {
    assertInterval(intervalMs);
    let due = this.clock.monotonicMs() + intervalMs;
    let pending: TimerHandle;
    const tick = (): void => {
      const now = this.clock.monotonicMs();
      due += intervalMs;
      // A machine that was paused skips the runs it missed.
      if (due <= now) due += Math.ceil((now - due) / intervalMs) * intervalMs;
      pending = this.at(due, tick);
      run();
    };
    pending = this.at(due, tick);
    return { cancel: () => pending.cancel() };
  }

  private at(localMs: number, run: () => void): TimerHandle {
    const dueUs = this.clock.timeOf(localMs);
    const event = this.scheduler.scheduleInOrder(dueUs, mix32(dueUs ^ this.tieSalt), this.label, this.owner, run);
    return { cancel: () => this.scheduler.cancel(event) };
  }
}
