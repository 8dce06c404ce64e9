/** Queues that were purged less than a minute ago (SQS API Reference, PurgeQueue: one purge in 60 seconds). */
import type { ResourceId } from "#contracts";
import type { Clock } from "#foundation/runtime";

const INTERVAL_MS = 60_000;

export class RecentPurges {
  readonly #clock: Pick<Clock, "now">;
  /** In the order of purging, so that the old ones stand at the beginning. */
  readonly #purgedAt = new Map<ResourceId, number>();

  constructor(clock: Pick<Clock, "now">) {
    this.#clock = clock;
  }

  /** @returns false when the last one was too short a time ago */
  begin(queueId: ResourceId): boolean {
    const now = this.#clock.now();
    for (const [id, purgedAt] of this.#purgedAt) {
      if (now - purgedAt < INTERVAL_MS) break;
      this.#purgedAt.delete(id);
    }
    if (this.#purgedAt.has(queueId)) return false;
    this.#purgedAt.set(queueId, now);
    return true;
  }

  /** Nothing was purged after all. */
  forget(queueId: ResourceId): void {
    this.#purgedAt.delete(queueId);
  }
}
