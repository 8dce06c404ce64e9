/**
 * The event loop's timers behind the port.
 */

import { assertDelay, assertInterval, type TimerHandle, type Timers } from "../ports/timers.ts";

/** The event loop keeps a delay in 31 bits and fires at once beyond that; longer delays are walked in steps of this size. */
const LONGEST_DELAY_MS = 2 ** 31 - 1;

function after(delayMs: number, run: () => void): TimerHandle {
  assertDelay(delayMs);
  const due = performance.now() + delayMs;
  const step = (): void => {
    const left = due - performance.now();
    // The loop rounds to whole milliseconds and may fire a fraction early; a lease that counts on "at least" must not see that.
    if (left > 0) timer = setTimeout(step, Math.min(Math.ceil(left), LONGEST_DELAY_MS));
    else run();
  };
  let timer = setTimeout(step, Math.min(Math.ceil(delayMs), LONGEST_DELAY_MS));
  return { cancel: () => clearTimeout(timer) };
}

function every(intervalMs: number, run: () => void): TimerHandle {
  assertInterval(intervalMs);
  let due = performance.now() + intervalMs;
  let pending: TimerHandle;
  const tick = (): void => {
    const now = performance.now();
    due += intervalMs;
    // A process that was busy for several intervals skips the runs it missed and keeps the rhythm.
    if (due <= now) due += Math.ceil((now - due) / intervalMs) * intervalMs;
    pending = after(Math.max(0, due - now), tick);
    run();
  };
  pending = after(intervalMs, tick);
  return { cancel: () => pending.cancel() };
}

/** The timers of this process. They keep the process alive until they ran or were cancelled. */
export const systemTimers: Timers = Object.freeze({ after, every });
