/**
 * Reads that wait for a version to be applied.
 */
import type { TimerHandle, Timers } from "#foundation/runtime";

interface Waiter {
  readonly version: bigint;
  readonly timer: TimerHandle;
  readonly resolve: (reached: boolean) => void;
}

export class VersionWaiters {
  private readonly waiting = new Set<Waiter>();

  constructor(private readonly timers: Timers) {}

  /** Whether the version was reached within the time. */
  wait(version: bigint, timeoutMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const end = (reached: boolean): void => {
        this.waiting.delete(waiter);
        waiter.timer.cancel();
        resolve(reached);
      };
      const waiter: Waiter = { version, timer: this.timers.after(timeoutMs, () => end(false)), resolve: end };
      this.waiting.add(waiter);
    });
  }

  reached(version: bigint): void {
    for (const waiter of this.waiting) if (waiter.version <= version) waiter.resolve(true);
  }

  /** Whatever they wait for will not come. */
  endAll(): void {
    for (const waiter of this.waiting) waiter.resolve(false);
  }
}
