/** The one appender: numbers events by hand, `last + 1 … last + n`, and commits them in batches. */
import type { EventId } from "#contracts";
import { definitionOf } from "./catalog/catalog-keys.ts";
import type { AnyEvent, EventOrigin, OwnedEvent } from "./new-event.ts";
import type { AggregateReference, AppendBatch, EventStore } from "./store/event-store.ts";

/** Aggregates whose last sequence is remembered: about 10 MB. Beyond it the memory starts anew; the store knows them all. */
const SEQUENCES_KEPT_MAX = 100_000;

/**
 * A database sequence would hand out numbers before the commit, so that a reader of `id > cursor` could pass a number whose row appears later, and lose it for
 * ever. Here a number exists once its batch is committed, in order.
 */
export class Appender {
  readonly #store: EventStore;
  #committed: EventId;
  #numbered: EventId;
  #sequences = new Map<string, number>();

  private constructor(store: EventStore, head: EventId) {
    this.#store = store;
    this.#committed = head;
    this.#numbered = head;
  }

  static async open(store: EventStore): Promise<Appender> {
    return new Appender(store, await store.head());
  }

  /** The last committed event. */
  get head(): EventId {
    return this.#committed;
  }

  /** The last event that was numbered; it is on disk once the next `commit` has resolved. */
  get numberedThrough(): EventId {
    return this.#numbered;
  }

  /**
   * Gives events their places behind everything numbered so far. They must be part of the next `commit`, or `reset` must be called.
   *
   * @param origin of all events; what an event says of its own cause counts more
   */
  async number(events: readonly OwnedEvent[], origin: EventOrigin): Promise<readonly AnyEvent[]> {
    await this.#learnSequences(events);
    return events.map((event) => {
      const { kind: aggregate, definition } = definitionOf(event.type)!;
      const envelope = {
        ...origin,
        ...(event.correlationId === undefined ? {} : { correlationId: event.correlationId }),
        ...(event.causationId === undefined ? {} : { causationId: event.causationId }),
        id: (this.#numbered + 1) as EventId,
        aggregateType: aggregate,
        aggregateId: event.aggregateId,
        aggregateSequence: this.#nextSequence(aggregate, event.aggregateId),
        type: event.type,
        version: definition.version,
        org: event.org,
        payload: event.payload,
      };
      this.#numbered = envelope.id;
      // The spread joins a union's members member by member; `type` and `payload` come from the same event.
      return envelope as AnyEvent;
    });
  }

  /** Takes back the numbers of events that will not be committed; they must be the last that were numbered. */
  unnumber(events: readonly AnyEvent[]): void {
    for (const event of events.toReversed()) {
      this.#numbered = (event.id - 1) as EventId;
      this.#sequences.set(`${event.aggregateType}/${event.aggregateId}`, event.aggregateSequence - 1);
    }
  }

  /** Commits durably. @throws EventStoreError; call `reset` before going on */
  async commit(batch: AppendBatch): Promise<void> {
    await this.#store.append(batch);
    this.#committed = batch.events.at(-1)?.id ?? this.#committed;
  }

  /** After a failed commit: asks the store where the log really ends. */
  async reset(): Promise<void> {
    this.#sequences.clear();
    this.#committed = await this.#store.head();
    this.#numbered = this.#committed;
  }

  /** Asks the store, once for all, about the aggregates that are not remembered. */
  async #learnSequences(events: readonly OwnedEvent[]): Promise<void> {
    // Only between batches: within one, the store does not know yet what was numbered.
    if (this.#sequences.size >= SEQUENCES_KEPT_MAX && this.#numbered === this.#committed) this.#sequences.clear();
    const unknown = new Map<string, AggregateReference>();
    for (const { type, aggregateId } of events) {
      const aggregateType = definitionOf(type)!.kind;
      const key = `${aggregateType}/${aggregateId}`;
      if (!this.#sequences.has(key)) unknown.set(key, { aggregateType, aggregateId });
    }
    if (unknown.size === 0) return;
    const last = await this.#store.lastSequences([...unknown.values()]);
    let index = 0;
    for (const key of unknown.keys()) this.#sequences.set(key, last[index++]!);
  }

  #nextSequence(aggregateType: AnyEvent["aggregateType"], aggregateId: string): number {
    const key = `${aggregateType}/${aggregateId}`;
    const next = this.#sequences.get(key)! + 1;
    this.#sequences.set(key, next);
    return next;
  }
}
