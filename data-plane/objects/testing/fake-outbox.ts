/** An outbox in memory that tests fill by hand. */
import type { EventOutbox, OutboxEvent } from "../engine/port.ts";
import { writeOrigin } from "../notifications/event-origin.ts";

const ORIGIN = {
  bucket: "photos",
  region: "us-east-1",
  accountId: "111122223333",
  bucketOwner: "owner",
  configurationId: "rule",
  principalId: "AWS:AIDAEXAMPLE",
  sourceAddress: "127.0.0.1",
  requestId: "R",
  hostId: "H",
} as Parameters<typeof writeOrigin>[0];

export class FakeOutbox implements EventOutbox {
  readonly #events: OutboxEvent[] = [];
  readonly #listeners = new Set<(destination: string) => void>();
  #ids = 0;
  /** Thrown by the next look into the outbox. */
  failure: Error | undefined;
  /** Most events that were handed out at once. */
  largestBatch = 0;

  /** A write was committed. */
  add(destination: string, key: string, time: number, origin = writeOrigin(ORIGIN)): void {
    const id = ++this.#ids;
    this.#events.push({ id, destination, event: "ObjectCreated:Put", key, time, size: id, etag: "e", origin });
    for (const listener of this.#listeners) listener(destination);
  }
  get size(): number {
    return this.#events.length;
  }
  destinations(): readonly string[] {
    return [...new Set(this.#events.map(({ destination }) => destination))].sort();
  }
  waiting(destination: string, limit: number): readonly OutboxEvent[] {
    const { failure } = this;
    this.failure = undefined;
    if (failure !== undefined) throw failure;
    const found = this.#events.filter((event) => event.destination === destination).slice(0, limit);
    this.largestBatch = Math.max(this.largestBatch, found.length);
    return found;
  }
  async forget(destination: string, ids: readonly number[]): Promise<void> {
    for (const id of ids) {
      const index = this.#events.findIndex((event) => event.destination === destination && event.id === id);
      if (index >= 0) this.#events.splice(index, 1);
    }
  }
  onArrival(listener: (destination: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
