/**
 * What code may ask to happen later.
 */

/** One pending call. Cancelling twice, or after the call ran, does nothing. */
export interface TimerHandle {
  cancel(): void;
}

/**
 * Runs callbacks later, on the monotonic clock. Callbacks due at the same moment run in the order in which they were asked for.
 *
 * A callback never runs inside the call that registers it, even with a delay of 0.
 */
export interface Timers {
  /**
   * Runs `run` once, at least `delayMs` milliseconds from now. Delays of any length are honoured.
   * @throws RangeError when the delay is negative or not a finite number.
   */
  after(delayMs: number, run: () => void): TimerHandle;
  /**
   * Runs `run` every `intervalMs` milliseconds, first after one whole interval. Runs that were missed (a busy or paused process) are
   * skipped, never made up for in a burst.
   * @throws RangeError when the interval is not a finite number greater than 0.
   */
  every(intervalMs: number, run: () => void): TimerHandle;
}

/** Refuses a delay that has no meaning; the message names the remedy. */
export function assertDelay(delayMs: number): void {
  if (!(delayMs >= 0) || delayMs === Number.POSITIVE_INFINITY) {
    throw new RangeError(`a timer's delay must be a finite number of milliseconds, 0 or more; got ${delayMs}`);
  }
}

/** Refuses an interval that has no meaning; an interval of 0 would never let anything else run. */
export function assertInterval(intervalMs: number): void {
  if (!(intervalMs > 0) || intervalMs === Number.POSITIVE_INFINITY) {
    throw new RangeError(
      `a timer's interval must be a finite number of milliseconds greater than 0; got ${intervalMs}`,
    );
  }
}

/**
 * Resolves after `delayMs` milliseconds, or rejects with the signal's reason as soon as it is aborted (the timer is then cancelled).
 *
 * @example
 * await sleep(runtime.timers, 250, signal);
 */
export function sleep(timers: Timers, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const onAbort = () => {
      timer.cancel();
      reject(signal?.reason);
    };
    const timer = timers.after(delayMs, () => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    });
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}
