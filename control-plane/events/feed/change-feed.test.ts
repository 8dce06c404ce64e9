import { describe, expect, test } from "bun:test";
import type { CatalogKind, CatalogRecord, ControlPlaneId, EventId } from "#contracts";
import { createVirtualTime, systemRandom, type VirtualTime } from "#foundation/runtime";
import { Appender } from "../appender.ts";
import { catalogChangesOf } from "../catalog/catalog-changes.ts";
import { keyOfRecord } from "../catalog/catalog-keys.ts";
import { CatalogViews } from "../catalog/catalog-views.ts";
import type { NewEvent } from "../new-event.ts";
import type { EventStore } from "../store/event-store.ts";
import { openSqliteEventStore } from "../store/sqlite-event-store.ts";
import { bucketConfigured, bucketCreated, bucketDeleted, ORIGIN } from "../testing/sample-events.ts";
import { CatalogFeed, type FeedRequest } from "./change-feed.ts";
import { PART_BYTES } from "./message-size.ts";
import { DELIVERY_MS_MAX, type FeedConsumer, type FeedMessage, PENDING_RECORDS_MAX } from "./subscription.ts";

const id = (value: number): EventId => value as EventId;
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

interface Run {
  readonly feed: CatalogFeed;
  readonly store: EventStore;
  readonly views: CatalogViews;
  readonly time: VirtualTime;
  append(...events: readonly NewEvent[]): Promise<void>;
}

async function withFeed(body: (run: Run) => Promise<void>, resumeEventsMax?: number): Promise<void> {
  const store = openSqliteEventStore({ path: ":memory:", random: systemRandom });
  const views = new CatalogViews();
  const time = createVirtualTime(0);
  const feed = new CatalogFeed({
    store,
    views,
    timers: time.timers,
    head: id(0),
    resumableFrom: id(0),
    resumeEventsMax,
  });
  const appender = await Appender.open(store);
  const append = async (...events: readonly NewEvent[]): Promise<void> => {
    const numbered = await appender.number(events, ORIGIN);
    await appender.commit({ events: numbered, idempotency: [], views: [], now: 0 });
    for (const event of numbered) {
      for (const change of catalogChangesOf(event, (kind, key) => views.record(kind, key))) views.apply(change);
    }
    feed.publish(numbered);
  };
  await body({ feed, store, views, time, append });
  feed.close();
  expect(time.pendingTimers()).toBe(0);
  await store.close();
}

/** A data plane's catalog: applies what it is told, and checks that it is told in order. */
class Receiver implements FeedConsumer {
  readonly records = new Map<string, CatalogRecord>();
  readonly messages: FeedMessage[] = [];
  readonly ends: string[] = [];
  cursor: EventId | undefined;
  #parts: CatalogRecord[] = [];
  #release: (() => void) | undefined;
  /** Makes `deliver` wait until `release`. */
  hold = false;

  deliver(message: FeedMessage): void | Promise<void> {
    this.messages.push(message);
    if (message.type === "snapshot") this.#snapshot(message);
    else {
      if (this.cursor !== undefined) expect(message.after).toBe(this.cursor);
      this.cursor = message.through;
      for (const change of message.changes) {
        if (change.change === "delete") this.records.delete(change.key);
        else this.records.set(change.key, change.record);
      }
    }
    if (!this.hold) return;
    return new Promise((resolve) => {
      this.#release = resolve;
    });
  }

  release(): void {
    this.#release?.();
  }

  ended(reason: string): void {
    this.ends.push(reason);
  }

  #snapshot(message: Extract<FeedMessage, { type: "snapshot" }>): void {
    this.#parts.push(...message.records);
    if (!message.last) return;
    this.records.clear();
    for (const record of this.#parts) this.records.set(keyOfRecord(record), record);
    this.#parts = [];
    this.cursor = message.cursor;
  }
}

function expectEqual(receiver: Receiver, views: CatalogViews): void {
  const sorted = (records: Iterable<CatalogRecord>) =>
    [...records].sort((left, right) => (keyOfRecord(left) < keyOfRecord(right) ? -1 : 1));
  expect(sorted(receiver.records.values())).toEqual(sorted(views.records("bucket")));
}

const BUCKETS: readonly CatalogKind[] = ["bucket"];
const fromStart: FeedRequest = { resume: null, wants: BUCKETS };

describe("subscribe()", () => {
  test("without a cursor gives a snapshot, then what changes, live", () =>
    withFeed(async ({ feed, views, append }) => {
      await append(bucketCreated("a"), bucketCreated("b"));
      const receiver = new Receiver();
      feed.subscribe(fromStart, receiver);
      expect(receiver.messages).toMatchObject([{ type: "snapshot", cursor: id(2), last: true }]);
      await append(bucketConfigured("a", 1), bucketDeleted("b"));
      await append(bucketCreated("b", "second"));
      expect(receiver.messages.slice(1)).toMatchObject([
        { type: "changes", after: id(2), through: id(4) },
        { type: "changes", after: id(4), through: id(5) },
      ]);
      expectEqual(receiver, views);
    }));

  test("an empty catalog is a snapshot too", () =>
    withFeed(async ({ feed }) => {
      const receiver = new Receiver();
      feed.subscribe(fromStart, receiver);
      expect(receiver.messages).toEqual([{ type: "snapshot", cursor: id(0), records: [], last: true }]);
    }));

  test("with a cursor gives what changed since, each record once, as it is now", () =>
    withFeed(async ({ feed, store, append }) => {
      await append(bucketCreated("a"), bucketCreated("b"), bucketCreated("c"));
      await append(
        bucketConfigured("a", 1),
        bucketDeleted("b"),
        bucketConfigured("a", 2),
        bucketCreated("b", "second"),
        bucketDeleted("c"),
      );
      const receiver = new Receiver();
      feed.subscribe({ resume: { controlPlaneId: store.controlPlaneId, cursor: id(3) }, wants: BUCKETS }, receiver);
      while (receiver.messages.length === 0) await turn();
      const shown = receiver.messages.flatMap((message) =>
        message.type === "changes" ? message.changes.map((change) => `${change.change} ${change.key}`) : [],
      );
      expect(shown).toEqual(["upsert a", "delete b", "upsert b", "delete c"]);
      expect(receiver.cursor).toBe(id(8));
      await append(bucketCreated("d"));
      expect(receiver.messages.at(-1)).toMatchObject({ after: id(8), through: id(9) });
    }));

  test("with the latest cursor gives nothing until something happens", () =>
    withFeed(async ({ feed, store, append }) => {
      await append(bucketCreated("a"));
      const receiver = new Receiver();
      feed.subscribe({ resume: { controlPlaneId: store.controlPlaneId, cursor: id(1) }, wants: BUCKETS }, receiver);
      await turn();
      expect(receiver.messages).toEqual([]);
      await append(bucketCreated("b"));
      expect(receiver.messages).toMatchObject([{ type: "changes", after: id(1), through: id(2) }]);
    }));

  test("events that concern nothing wanted move the cursor", () =>
    withFeed(async ({ feed, append }) => {
      const receiver = new Receiver();
      feed.subscribe({ resume: null, wants: ["user"] }, receiver);
      await append(bucketCreated("a"));
      expect(receiver.messages.at(-1)).toEqual({ type: "changes", after: id(0), through: id(1), changes: [] });
    }));

  test("another control plane's cursor, a future one, a senseless one and one too old get a snapshot", () =>
    withFeed(async ({ feed, store, append }) => {
      for (let index = 0; index < 20; index++) await append(bucketCreated(`b${index}`));
      const mine = store.controlPlaneId;
      const cases: readonly (readonly [ControlPlaneId, number, string])[] = [
        ["another" as ControlPlaneId, 20, "snapshot"],
        [mine, 21, "snapshot"],
        [mine, -1, "snapshot"],
        [mine, 1.5, "snapshot"],
        [mine, Number.NaN, "snapshot"],
        [mine, 9, "snapshot"],
        [mine, 10, "changes"],
      ];
      for (const [controlPlaneId, cursor, expected] of cases) {
        const receiver = new Receiver();
        feed.subscribe({ resume: { controlPlaneId, cursor: id(cursor) }, wants: BUCKETS }, receiver);
        while (receiver.messages.length === 0) await turn();
        expect(receiver.messages[0]!.type, `${controlPlaneId} ${cursor}`).toBe(expected as "snapshot");
      }
    }, 10));

  test("what is appended while the log is being read is told once, in order", () =>
    withFeed(async ({ feed, store, views, append }) => {
      for (let index = 0; index < 3000; index += 100) {
        await append(...Array.from({ length: 100 }, (_, offset) => bucketCreated(`b${index + offset}`)));
      }
      const receiver = new Receiver();
      feed.subscribe({ resume: { controlPlaneId: store.controlPlaneId, cursor: id(0) }, wants: BUCKETS }, receiver);
      for (let index = 0; index < 10; index++) await append(bucketConfigured("b0", index + 1));
      while (receiver.cursor !== feed.head) await turn();
      expectEqual(receiver, views);
    }));

  test("large snapshots and large changes are cut into parts", () =>
    withFeed(async ({ feed, store, views, append }) => {
      const big = "x".repeat(PART_BYTES / 4);
      for (let index = 0; index < 10; index++)
        await append(bucketCreated(`b${index}`), bucketConfigured(`b${index}`, { big }));
      const whole = new Receiver();
      feed.subscribe(fromStart, whole);
      await turn();
      expect(whole.messages.length).toBe(4);
      expect(whole.messages.map((message) => message.type === "snapshot" && message.last)).toEqual([
        false,
        false,
        false,
        true,
      ]);
      expectEqual(whole, views);
      const resumed = new Receiver();
      feed.subscribe({ resume: { controlPlaneId: store.controlPlaneId, cursor: id(0) }, wants: BUCKETS }, resumed);
      while (resumed.cursor !== id(20)) await turn();
      expect(resumed.messages.length).toBe(4);
      for (const message of resumed.messages) expect(JSON.stringify(message).length).toBeLessThan(PART_BYTES * 1.1);
      expectEqual(resumed, views);
    }));
});

describe("backpressure", () => {
  test("a consumer that is busy is told the latest state once it is ready", () =>
    withFeed(async ({ feed, views, append }) => {
      const receiver = new Receiver();
      feed.subscribe(fromStart, receiver);
      receiver.hold = true;
      await append(bucketCreated("a"));
      for (let index = 0; index < 50; index++) await append(bucketConfigured("a", index + 1));
      expect(receiver.messages.length).toBe(2);
      receiver.hold = false;
      receiver.release();
      while (receiver.cursor !== feed.head) await turn();
      expect(receiver.messages.length).toBe(3);
      expectEqual(receiver, views);
    }));

  test("a consumer that takes too long is disconnected, others are not", () =>
    withFeed(async ({ feed, time, append }) => {
      const slow = new Receiver();
      const sound = new Receiver();
      feed.subscribe(fromStart, slow);
      feed.subscribe(fromStart, sound);
      slow.hold = true;
      await append(bucketCreated("a"));
      time.advance(DELIVERY_MS_MAX - 1);
      expect(slow.ends).toEqual([]);
      time.advance(1);
      expect(slow.ends).toEqual(["slow"]);
      await append(bucketCreated("b"));
      expect(slow.messages.length).toBe(2);
      expect(sound.cursor).toBe(id(2));
      expect(feed.size).toBe(1);
    }));

  test("a consumer that falls too many records behind is disconnected", () =>
    withFeed(async ({ feed, append }) => {
      const slow = new Receiver();
      feed.subscribe(fromStart, slow);
      slow.hold = true;
      await append(bucketCreated("first"));
      for (let index = 0; index < PENDING_RECORDS_MAX; index += 1000) {
        await append(...Array.from({ length: 1000 }, (_, offset) => bucketCreated(`b${index + offset}`)));
      }
      expect(slow.ends).toEqual([]);
      await append(bucketCreated("last"));
      expect(slow.ends).toEqual(["slow"]);
      slow.release();
      await turn();
    }));

  test("a consumer that throws or rejects is disconnected, and nobody else notices", () =>
    withFeed(async ({ feed, append }) => {
      const ends: string[] = [];
      const ended = (reason: string): void => void ends.push(reason);
      let calls = 0;
      const throws = (): void => {
        if (++calls > 1) throw new Error("broken");
      };
      feed.subscribe(fromStart, { deliver: throws, ended });
      feed.subscribe(fromStart, { deliver: () => Promise.reject(new Error("broken")), ended });
      const sound = new Receiver();
      feed.subscribe(fromStart, sound);
      await turn();
      await append(bucketCreated("a"));
      await turn();
      expect(ends).toEqual(["failed", "failed"]);
      expect(sound.cursor).toBe(id(1));
    }));

  test("close() ends it: nothing is delivered after ended()", () =>
    withFeed(async ({ feed, append }) => {
      const receiver = new Receiver();
      const subscription = feed.subscribe(fromStart, receiver);
      subscription.close();
      subscription.close();
      await append(bucketCreated("a"));
      expect(receiver.ends).toEqual(["closed"]);
      expect(receiver.messages.length).toBe(1);
      expect(feed.size).toBe(0);
    }));
});
