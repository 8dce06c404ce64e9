/** The change feed: what data planes are told, from a snapshot or a cursor on, in the order of the log. */
import type { CatalogKind, CatalogRecord, EventId, ResumePoint } from "#contracts";
import type { Timers } from "#foundation/runtime";
import type { CatalogAddress } from "../catalog/catalog-keys.ts";
import type { CatalogReader } from "../catalog/catalog-views.ts";
import type { AnyEvent } from "../new-event.ts";
import type { EventStore } from "../store/event-store.ts";
import { type FeedConsumer, type FeedSource, Subscription } from "./subscription.ts";

/** A subscriber further behind than this gets a snapshot: reading 50,000 events takes longer than sending most catalogs. */
export const RESUME_EVENTS_MAX = 50_000;

/** What a subscriber asks for. */
export interface FeedRequest {
  /** The cursor that the subscriber has on disk and the control plane it is of; null for a snapshot. */
  readonly resume: ResumePoint | null;
  readonly wants: readonly CatalogKind[];
}

/** A running subscription. */
export interface FeedSubscription {
  /** Ends it; `ended("closed")` is called before this returns. */
  close(): void;
}

/** The feed as subscribers see it. */
export interface ChangeFeed {
  /** The last event whose effects the feed tells. */
  readonly head: EventId;
  /** Running subscriptions. */
  readonly size: number;
  /**
   * Starts a subscription: a snapshot (no cursor, another control plane's, one from the future, one that is too old) or the changes after the cursor; then
   * live. The first message may come before this returns.
   */
  subscribe(request: FeedRequest, consumer: FeedConsumer): FeedSubscription;
}

export interface ChangeFeedOptions {
  readonly store: EventStore;
  readonly views: CatalogReader;
  readonly timers: Timers;
  readonly head: EventId;
  /** Cursors before this event do not resume, see `rebuilt`. */
  readonly resumableFrom: EventId;
  /** The last event that a run of the control plane can have told. Cursors of runs that it does not know do not resume. Default: runs are not looked at. */
  readonly endOfRun?: (run: string) => EventId | undefined;
  readonly resumeEventsMax?: number;
}

/** The feed as the control plane's core drives it. */
export class CatalogFeed implements ChangeFeed, FeedSource {
  readonly timers: Timers;
  readonly #store: EventStore;
  readonly #views: CatalogReader;
  readonly #resumeEventsMax: number;
  readonly #endOfRun: ChangeFeedOptions["endOfRun"];
  readonly #subscriptions = new Set<Subscription>();
  #head: EventId;
  #resumableFrom: EventId;

  constructor(options: ChangeFeedOptions) {
    this.#store = options.store;
    this.#views = options.views;
    this.timers = options.timers;
    this.#head = options.head;
    this.#resumableFrom = options.resumableFrom;
    this.#resumeEventsMax = options.resumeEventsMax ?? RESUME_EVENTS_MAX;
    this.#endOfRun = options.endOfRun;
  }

  get head(): EventId {
    return this.#head;
  }

  get size(): number {
    return this.#subscriptions.size;
  }

  subscribe(request: FeedRequest, consumer: FeedConsumer): FeedSubscription {
    const subscription = new Subscription(this, consumer, request.wants);
    this.#subscriptions.add(subscription);
    void subscription.run(this.#resumableCursor(request.resume));
    return { close: () => subscription.end("closed") };
  }

  /** Committed events, whose effects are in the views. */
  publish(events: readonly AnyEvent[]): void {
    this.#head = events.at(-1)?.id ?? this.#head;
    for (const subscription of [...this.#subscriptions]) subscription.publish(events);
  }

  /** Rebuilt views differ from what was told: everyone starts over with a snapshot, also those who have the latest cursor. */
  rebuilt(): EventId {
    this.#resumableFrom = (this.#head + 1) as EventId;
    for (const subscription of [...this.#subscriptions]) subscription.end("rebuilt");
    return this.#resumableFrom;
  }

  close(): void {
    for (const subscription of [...this.#subscriptions]) subscription.end("closed");
  }

  record({ kind, key }: CatalogAddress): CatalogRecord | undefined {
    return this.#views.record(kind, key);
  }

  records(kinds: readonly CatalogKind[]): readonly CatalogRecord[] {
    return kinds.flatMap((kind) => [...this.#views.records(kind)]);
  }

  read(after: EventId, limit: number) {
    return this.#store.read(after, limit);
  }

  forget(subscription: Subscription): void {
    this.#subscriptions.delete(subscription);
  }

  #resumableCursor(resume: FeedRequest["resume"]): EventId | null {
    if (resume === null || resume.controlPlaneId !== this.#store.controlPlaneId) return null;
    const { cursor, run } = resume;
    if (this.#endOfRun !== undefined) {
      // The same number of a log that was lost since is another event.
      const end = run === undefined ? undefined : this.#endOfRun(run);
      if (end === undefined || cursor > end) return null;
    }
    const sound = Number.isSafeInteger(cursor) && cursor >= this.#resumableFrom && cursor >= 0 && cursor <= this.#head;
    return sound && this.#head - cursor <= this.#resumeEventsMax ? cursor : null;
  }
}
