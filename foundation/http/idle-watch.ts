/** Deadlines for many waits at little cost: one sweep for all instead of a timer for each. */

/** Something that waits. */
export interface IdleEntry {
  /** Monotonic milliseconds after which `expire` is called; written by the watch. */
  deadline: number;
  /** The wait took too long. The entry is no longer watched. */
  expire(): void;
}

/** Calls `expire` up to one sweep interval after the deadline. */
export class IdleWatch {
  readonly #entries = new Set<IdleEntry>();
  readonly #timer: ReturnType<typeof setInterval>;

  /** @param sweepMs precision of the deadlines */
  constructor(sweepMs: number) {
    this.#timer = setInterval(() => this.#sweep(), sweepMs);
    this.#timer.unref();
  }

  /** Watches `entry` from now; starting again moves the deadline. */
  start(entry: IdleEntry, timeoutMs: number): void {
    entry.deadline = performance.now() + timeoutMs;
    this.#entries.add(entry);
  }

  stop(entry: IdleEntry): void {
    this.#entries.delete(entry);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#entries.clear();
  }

  #sweep(): void {
    if (this.#entries.size === 0) return;
    const now = performance.now();
    for (const entry of this.#entries) {
      if (entry.deadline > now) continue;
      this.#entries.delete(entry);
      entry.expire();
    }
  }
}
