/**
 * A clock and timers that a test moves by hand.
 */

import { drainMicrotasks } from "bun:jsc"; // not simulated: this is the virtual time of tests that need no simulation
import type { Clock } from "../ports/clock.ts";
import { assertDelay, assertInterval, type TimerHandle, type Timers } from "../ports/timers.ts";
import { EventHeap, type HeapEntry } from "./event-heap.ts";

/** What `createVirtualTime` returns. */
export interface VirtualTime {
  readonly clock: Clock;
  readonly timers: Timers;
  /**
   * Moves time forward by `ms` milliseconds. Every timer due on the way runs synchronously, at its own moment, in order; timers that those
   * set run too when they fall due within the same span. Promises resolved by a timer continue only after `advance` has returned.
   * @throws Error when more than `CALLBACKS_PER_ADVANCE_MAX` callbacks run: something re-arms itself without end.
   */
  advance(ms: number): void;
  /** Like `advance`, but lets promises settle before the first timer and after each one, so that `await sleep(…)` loops make progress. */
  advanceSettled(ms: number): Promise<void>;
  /** Moves the wall clock alone by `ms` (negative: backwards), as NTP or an operator would; timers and `monotonicMs` do not notice. */
  shiftWallClock(ms: number): void;
  /** How many timers are waiting; 0 at the end of a test shows that nothing leaked. */
  pendingTimers(): number;
}

/** A one-second interval for eleven days (86,400 × 11.5 ≈ 1,000,000) in one call; beyond that it is a loop without end. */
export const CALLBACKS_PER_ADVANCE_MAX = 1_000_000;

/**
 * A virtual clock with timers, standing still until told to move. For tests of services; whole clusters use the simulation instead.
 *
 * @param startMs the wall clock's first reading, milliseconds since 1970. `monotonicMs` starts at 0.
 * @example
 * const time = createVirtualTime(Date.UTC(2026, 0, 1));
 * let fired = false;
 * time.timers.after(500, () => { fired = true; });
 * time.advance(499); // fired === false
 * time.advance(1);   // fired === true
 */
export function createVirtualTime(startMs: number): VirtualTime {
  const heap = new EventHeap<HeapEntry>();
  let sequence = 0;
  let elapsedMs = 0;
  let wallAtZeroMs = startMs;

  const at = (dueMs: number, run: () => void): TimerHandle => {
    const entry: HeapEntry = { due: dueMs, tie: 0, sequence: sequence++, run };
    heap.push(entry);
    return { cancel: () => void heap.cancel(entry) };
  };
  const timers: Timers = {
    after(delayMs, run) {
      assertDelay(delayMs);
      return at(elapsedMs + delayMs, run);
    },
    every(intervalMs, run) {
      assertInterval(intervalMs);
      let dueMs = elapsedMs + intervalMs;
      let pending: TimerHandle;
      const tick = (): void => {
        dueMs += intervalMs;
        pending = at(dueMs, tick);
        run();
      };
      pending = at(dueMs, tick);
      return { cancel: () => pending.cancel() };
    },
  };
  /** Moves to the next timer that is due by `targetMs` and runs it; false when there is none. */
  const runNext = (targetMs: number): boolean => {
    const next = heap.peek();
    if (next === undefined || next.due > targetMs) return false;
    heap.pop();
    elapsedMs = Math.max(elapsedMs, next.due);
    const run = next.run!;
    next.run = undefined;
    run();
    return true;
  };
  const tooMany = (): Error =>
    new Error(
      `more than ${CALLBACKS_PER_ADVANCE_MAX} timers ran in one advance; a timer probably re-arms itself with a delay of 0`,
    );

  return {
    clock: { now: () => Math.floor(wallAtZeroMs + elapsedMs), monotonicMs: () => elapsedMs },
    timers,
    advance(ms) {
      assertDelay(ms);
      const targetMs = elapsedMs + ms;
      let ran = 0;
      while (runNext(targetMs)) if (++ran > CALLBACKS_PER_ADVANCE_MAX) throw tooMany();
      elapsedMs = targetMs;
    },
    async advanceSettled(ms) {
      assertDelay(ms);
      const targetMs = elapsedMs + ms;
      let ran = 0;
      drainMicrotasks();
      while (runNext(targetMs)) {
        if (++ran > CALLBACKS_PER_ADVANCE_MAX) throw tooMany();
        drainMicrotasks();
      }
      elapsedMs = targetMs;
    },
    shiftWallClock(ms) {
      wallAtZeroMs += ms;
    },
    pendingTimers: () => heap.size,
  };
}
