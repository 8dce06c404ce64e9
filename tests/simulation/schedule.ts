/** Simulated time and chance: everything happens in one order, which a seed decides. */
import { createVirtualTime, type TimerHandle, type Timers } from "#foundation/runtime";
import { between, pick, SeededRandom } from "#foundation/runtime/simulation";

export class Schedule {
  readonly #time = createVirtualTime(1_700_000_000_000);
  readonly #random: SeededRandom;

  constructor(seed: number) {
    this.#random = SeededRandom.fromSeed(seed);
  }

  /** Milliseconds since the beginning. */
  get now(): number {
    return this.#time.clock.monotonicMs();
  }

  /** Of the control plane, which may jump: epoch milliseconds. */
  get wallClock(): number {
    return Math.floor(this.#time.clock.now());
  }

  get timers(): Timers {
    return this.#time.timers;
  }

  after(ms: number, run: () => void): TimerHandle {
    return this.#time.timers.after(Math.max(0, ms), run);
  }

  /** In [0, 1). */
  chance(): number {
    return this.#random.float();
  }

  /** A whole number from `min` to `max`. */
  between(min: number, max: number): number {
    return Math.floor(between(this.#random, min, max + 1));
  }

  pick<Item>(items: readonly Item[]): Item | undefined {
    return items.length === 0 ? undefined : pick(this.#random, items);
  }

  /** Lets everything happen that is due within so many milliseconds. */
  pass(ms: number): void {
    this.#time.advance(ms);
  }

  /** The wall clock jumps; nothing else does. */
  jump(ms: number): void {
    this.#time.shiftWallClock(ms);
  }
}
