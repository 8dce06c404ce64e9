/**
 * What one subscriber has not been told yet: which records changed, not how. Pure.
 *
 * Only the latest state of a record is ever sent, so a subscriber that is slow, or was away, costs memory by the number of records that changed, not by the
 * number of events.
 */
import type { CatalogChange, CatalogRecord, EventId } from "#contracts";
import type { CatalogAddress } from "../catalog/catalog-keys.ts";

interface Pending {
  readonly address: CatalogAddress;
  /** The first event since the subscriber's cursor that concerns the record. */
  readonly first: EventId;
  /** Whether the record went away at some point: the subscriber must not take a later one under the same key for the same thing. */
  ended: boolean;
}

/** A stretch of the log as one message. */
export interface ChangesPart {
  readonly after: EventId;
  readonly through: EventId;
  readonly changes: readonly CatalogChange[];
}

export class PendingChanges {
  /** In the order of `first`, because events are noted in order and each concerns one record. */
  readonly #pending = new Map<string, Pending>();
  #told: EventId;
  #noted: EventId;

  constructor(cursor: EventId) {
    this.#told = cursor;
    this.#noted = cursor;
  }

  /** Everything up to here was told. */
  get toldThrough(): EventId {
    return this.#told;
  }

  /** Number of records waiting. */
  get size(): number {
    return this.#pending.size;
  }

  /** Whether there is anything to tell: also events that concern nothing the subscriber wants move its cursor. */
  get waiting(): boolean {
    return this.#told < this.#noted;
  }

  /** Notes that `event` changed the record. Events are noted in order. */
  note(event: EventId, address: CatalogAddress, ended: boolean): void {
    const key = `${address.kind}/${address.key}`;
    const known = this.#pending.get(key);
    if (known === undefined) this.#pending.set(key, { address, first: event, ended });
    else known.ended ||= ended;
    this.#noted = event;
  }

  /** Notes that all events up to `event` were seen. */
  advance(event: EventId): void {
    if (event > this.#noted) this.#noted = event;
  }

  /**
   * Takes the next part. Each record is sent as it is now, in the place of its first change: a part that ends at event e therefore holds every effect of the
   * events up to e (and perhaps some of later ones, which do no harm).
   *
   * @param sizeMax the part is cut before it grows beyond this, but holds at least one record
   */
  take(
    current: (address: CatalogAddress) => CatalogRecord | undefined,
    sizeOf: (change: CatalogChange) => number,
    sizeMax: number,
  ): ChangesPart {
    const after = this.#told;
    const changes: CatalogChange[] = [];
    let size = 0;
    for (const [key, pending] of this.#pending) {
      const next = changesOf(pending, current(pending.address));
      const nextSize = next.reduce((sum, change) => sum + sizeOf(change), 0);
      if (changes.length > 0 && size + nextSize > sizeMax) {
        this.#told = (pending.first - 1) as EventId;
        return { after, through: this.#told, changes };
      }
      changes.push(...next);
      size += nextSize;
      this.#pending.delete(key);
    }
    this.#told = this.#noted;
    return { after, through: this.#told, changes };
  }
}

function changesOf({ address, ended }: Pending, record: CatalogRecord | undefined): readonly CatalogChange[] {
  const gone: CatalogChange = { change: "delete", kind: address.kind, key: address.key };
  if (record === undefined) return [gone];
  const there: CatalogChange = { change: "upsert", key: address.key, record };
  return ended ? [gone, there] : [there];
}
