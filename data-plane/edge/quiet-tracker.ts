/**
 * What backends that a configuration took away still have to answer. Pure: time is told.
 *
 * `quietThrough` is the greatest cursor up to which everything that was taken away is quiet, or has had its time: until then programs must not be asked to end.
 */
import type { EventId } from "#contracts";

/** So long a request to a backend that is gone holds up what waits for it: what streams for longer is cut when its program ends. */
export const QUIET_MS_MAX = 10_000;

interface Removal {
  /** The configuration before: what was taken away was so by any of the events since. */
  readonly before: EventId;
  readonly since: number;
  /** Keys of backends that still answer. */
  readonly busy: Set<string>;
}

export class QuietTracker {
  /** By backend: exchanges and connections under way. */
  readonly #active = new Map<string, number>();
  #removals: Removal[] = [];
  #applied = 0 as EventId;

  /** A request or connection has gone to a backend; the function says that it is over. */
  begin(key: string): () => boolean {
    this.#active.set(key, (this.#active.get(key) ?? 0) + 1);
    let over = false;
    return () => {
      if (over) return false;
      over = true;
      const left = (this.#active.get(key) ?? 1) - 1;
      if (left > 0) {
        this.#active.set(key, left);
        return false;
      }
      this.#active.delete(key);
      let moved = false;
      for (const removal of this.#removals) if (removal.busy.delete(key)) moved = true;
      return moved;
    };
  }

  /** A configuration is in force, which took these backends away. */
  applied(cursor: EventId, removed: readonly string[], now: number): void {
    const before = this.#applied;
    this.#applied = cursor;
    const busy = new Set(removed.filter((key) => this.#active.has(key)));
    if (busy.size > 0) this.#removals.push({ before, since: now, busy });
  }

  quietThrough(now: number): EventId {
    this.#removals = this.#removals.filter(({ busy, since }) => busy.size > 0 && now - since < QUIET_MS_MAX);
    const first = this.#removals[0];
    return first === undefined ? this.#applied : first.before;
  }

  /** When the oldest removal has had its time; undefined while nothing is waited for. */
  dueAt(): number | undefined {
    const first = this.#removals[0];
    return first === undefined ? undefined : first.since + QUIET_MS_MAX;
  }

  get connections(): number {
    let sum = 0;
    for (const count of this.#active.values()) sum += count;
    return sum;
  }
}
