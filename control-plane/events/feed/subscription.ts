/** One subscriber of the change feed: where it stands and what is under way to it. */
import type { CatalogKind, CatalogRecord, ControlPlaneMessage, EventEnvelope, EventId } from "#contracts";
import type { TimerHandle, Timers } from "#foundation/runtime";
import { addressOfEvent, type CatalogAddress, endsRecord } from "../catalog/catalog-keys.ts";
import { type AnyEvent, knownEvent } from "../new-event.ts";
import { changeBytes, PART_BYTES, snapshotParts } from "./message-size.ts";
import { PendingChanges } from "./pending-changes.ts";

/** What the feed says. */
export type FeedMessage = Extract<ControlPlaneMessage, { type: "snapshot" | "changes" }>;

/** Why a subscription ended. Subscribe again with the cursor on disk after all but `closed`. */
export type FeedEnd =
  /** It did not take a message in time, or fell too many records behind. */
  | "slow"
  /** Its `deliver` threw, or the log could not be read for it. */
  | "failed"
  /** A rebuilt view differed from what had been told; the next subscription gets a snapshot. */
  | "rebuilt"
  /** The subscriber or the control plane closed it. */
  | "closed";

/** The subscriber's side. */
export interface FeedConsumer {
  /**
   * Takes the next message. A promise holds back the next one until it resolves (backpressure): meanwhile changes to the same record merge into one.
   * Throwing or rejecting ends the subscription.
   */
  deliver(message: FeedMessage): void | Promise<void>;
  /** Called once, last. */
  ended(reason: FeedEnd): void;
}

/** Records that may wait for one subscriber: about 2 MB of names. Beyond it a snapshot is cheaper than waiting. */
export const PENDING_RECORDS_MAX = 10_000;

/** How long a subscriber may take for one message: half a megabyte in 30 s is slower than any link worth serving. */
export const DELIVERY_MS_MAX = 30_000;

/** Events read at a time while a subscriber catches up. */
const STRETCH = 1_000;

/** What a subscription needs of the feed. */
export interface FeedSource {
  readonly head: EventId;
  record(address: CatalogAddress): CatalogRecord | undefined;
  records(kinds: readonly CatalogKind[]): readonly CatalogRecord[];
  read(after: EventId, limit: number): Promise<readonly EventEnvelope[]>;
  readonly timers: Timers;
  forget(subscription: Subscription): void;
}

export class Subscription {
  readonly #source: FeedSource;
  readonly #consumer: FeedConsumer;
  readonly #wants: ReadonlySet<CatalogKind>;
  #pending: PendingChanges;
  /** False while the log is being read for a subscriber that resumes: what is appended meanwhile will be read there too. */
  #live = false;
  #delivering = false;
  #end: FeedEnd | undefined;

  constructor(source: FeedSource, consumer: FeedConsumer, wants: readonly CatalogKind[]) {
    this.#source = source;
    this.#consumer = consumer;
    this.#wants = new Set(wants);
    this.#pending = new PendingChanges(source.head);
  }

  /** Tells everything after `cursor`, or, when that is null, everything. */
  async run(cursor: EventId | null): Promise<void> {
    try {
      if (cursor === null || !(await this.#noteSince(cursor))) await this.#snapshot();
      await this.#tell();
    } catch {
      this.end("failed");
    }
  }

  /** Events were committed and their effects are in the records. */
  publish(events: readonly AnyEvent[]): void {
    if (!this.#live || this.#end !== undefined) return;
    for (const event of events) this.#note(event);
    if (this.#pending.size > PENDING_RECORDS_MAX) this.end("slow");
    else if (!this.#delivering) this.#tell().catch(() => this.end("failed"));
  }

  end(reason: FeedEnd): void {
    if (this.#end !== undefined) return;
    this.#end = reason;
    this.#source.forget(this);
    this.#consumer.ended(reason);
  }

  /** Notes what happened since the cursor; false when that is more than a snapshot is worth. */
  async #noteSince(start: EventId): Promise<boolean> {
    this.#pending = new PendingChanges(start);
    let cursor = start;
    while (cursor < this.#source.head) {
      const head = this.#source.head;
      const read = await this.#source.read(cursor, STRETCH);
      // What is on disk but not in the records yet is told when it is published.
      const events = read.filter((event) => event.id <= head);
      if (events.length === 0) throw new Error(`the log ends at ${cursor}, before its head ${head}`);
      if (this.#end !== undefined) return true;
      for (const event of events) {
        const known = knownEvent(event);
        if (known === undefined) this.#pending.advance(event.id);
        else this.#note(known);
      }
      if (this.#pending.size > PENDING_RECORDS_MAX) return false;
      cursor = events.at(-1)!.id;
    }
    this.#live = true;
    return true;
  }

  #note(event: AnyEvent): void {
    const address = addressOfEvent(event);
    if (this.#wants.has(address.kind)) this.#pending.note(event.id, address, endsRecord(event));
    else this.#pending.advance(event.id);
  }

  async #snapshot(): Promise<void> {
    const cursor = this.#source.head;
    // One moment's records: what changes while the parts travel is noted and told afterwards.
    const records = this.#source.records([...this.#wants]);
    this.#pending = new PendingChanges(cursor);
    this.#live = true;
    this.#delivering = true;
    let waiting: readonly CatalogRecord[] | undefined;
    for (const part of snapshotParts(records)) {
      if (waiting !== undefined) await this.#deliver({ type: "snapshot", cursor, records: waiting, last: false });
      waiting = part;
    }
    await this.#deliver({ type: "snapshot", cursor, records: waiting ?? [], last: true });
    this.#delivering = false;
  }

  async #tell(): Promise<void> {
    if (this.#delivering) return;
    this.#delivering = true;
    while (this.#end === undefined && this.#pending.waiting) {
      const part = this.#pending.take((address) => this.#source.record(address), changeBytes, PART_BYTES);
      await this.#deliver({ type: "changes", ...part });
    }
    this.#delivering = false;
  }

  async #deliver(message: FeedMessage): Promise<void> {
    if (this.#end !== undefined) return;
    const taken = this.#consumer.deliver(message);
    if (!(taken instanceof Promise)) return;
    let timer: TimerHandle | undefined;
    const tooLate = new Promise<void>((resolve) => {
      timer = this.#source.timers.after(DELIVERY_MS_MAX, () => {
        this.end("slow");
        resolve();
      });
    });
    // A subscriber that was given up on may still reject later; that must not surface as an unhandled rejection.
    taken.catch(() => undefined);
    await Promise.race([taken, tooLate]).finally(() => timer?.cancel());
  }
}
