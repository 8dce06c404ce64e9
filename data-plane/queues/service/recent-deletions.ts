/**
 * Names that were deleted less than a minute ago and cannot be taken again yet (SQS API Reference, DeleteQueue: "you must wait at least 60 seconds").
 *
 * A restart forgets them: the wait is for clients that still hold the URL of the old queue, and they have noticed by then.
 */
import type { QueueRecord } from "#contracts";
import type { Clock } from "#foundation/runtime";

const WAIT_MS = 60_000;

type Place = Pick<QueueRecord, "accountId" | "region" | "name">;

const keyOf = ({ accountId, region, name }: Place): string => `${accountId}/${region}/${name}`;

export class RecentDeletions {
  readonly #clock: Pick<Clock, "now">;
  /** In the order of deletion, so that the old ones stand at the beginning. */
  readonly #deletedAt = new Map<string, number>();

  constructor(clock: Pick<Clock, "now">) {
    this.#clock = clock;
  }

  add(place: Place): void {
    const key = keyOf(place);
    this.#deletedAt.delete(key);
    this.#deletedAt.set(key, this.#clock.now());
    this.#forgetOld();
  }

  has(place: Place): boolean {
    this.#forgetOld();
    return this.#deletedAt.has(keyOf(place));
  }

  #forgetOld(): void {
    const now = this.#clock.now();
    for (const [key, deletedAt] of this.#deletedAt) {
      if (now - deletedAt < WAIT_MS) return;
      this.#deletedAt.delete(key);
    }
  }
}
