/** Requests for a program that is just being started wait a moment for it: the first visitor after a deploy gets an answer and no error. */
import type { TimerHandle, Timers } from "#foundation/runtime";

const WAIT_MS_MAX = 10_000;
const WAITING_MAX = 1_000;

export class WaitingRoom {
  readonly #timers: Timers;
  readonly #waiting = new Set<() => void>();

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  /** Resolves when there may be news; false when there is no room to wait, or nothing came in time. */
  wait(since: number, now: number): Promise<boolean> | false {
    const left = WAIT_MS_MAX - (now - since);
    if (left <= 0 || this.#waiting.size >= WAITING_MAX) return false;
    return new Promise((resolve) => {
      const done = (news: boolean): void => {
        timer.cancel();
        this.#waiting.delete(called);
        resolve(news);
      };
      const called = (): void => done(true);
      const timer: TimerHandle = this.#timers.after(left, () => done(false));
      this.#waiting.add(called);
    });
  }

  /** A new configuration is in force: everybody looks again. */
  call(): void {
    for (const waiting of [...this.#waiting]) waiting();
  }
}
