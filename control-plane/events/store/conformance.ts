/** What every implementation of the event store must do. Run it from the test of each: `eventStoreConformance("sqlite", …)`. */
import { describe, expect, test } from "bun:test";
import type { EventEnvelope, EventId } from "#contracts";
import { ACCOUNT, bucketConfigured, bucketCreated, envelope } from "../testing/sample-events.ts";
import { type AppendBatch, type EventStore, READ_ROWS_MAX, type ViewProgress } from "./event-store.ts";
import { EventStoreError } from "./event-store-error.ts";

/** One log that can be opened several times. */
export interface StoreUnderTest {
  /** Opens the log (again): takes a new epoch. Stores opened before stay open. */
  open(): Promise<EventStore>;
  /** Closes what is open and removes the log. */
  dispose(): Promise<void>;
}

const START = 0 as EventId;
const NOW = 1_700_000_000_000;

function batchOf(events: readonly EventEnvelope[], rest: Partial<AppendBatch> = {}): AppendBatch {
  return { events, idempotency: [], views: [], now: NOW, ...rest };
}

/** Events `first … first + count - 1`, each of an aggregate of its own. */
function created(first: number, count: number): EventEnvelope[] {
  return Array.from({ length: count }, (_, index) => envelope(first + index, bucketCreated(`b${first + index}`)));
}

async function codeOf(promise: Promise<unknown>): Promise<string | undefined> {
  const error = await promise.then(
    () => undefined,
    (reason) => reason,
  );
  return error instanceof EventStoreError ? error.code : error;
}

const progress = (view: string, through: number, rest: Partial<ViewProgress> = {}): ViewProgress => ({
  checkpoint: { view, version: 1, through: through as EventId },
  changes: [],
  quarantined: [],
  replace: false,
  ...rest,
});

/** Registers the suite under the implementation's name. */
export function eventStoreConformance(name: string, create: () => Promise<StoreUnderTest>): void {
  const withLog = async (body: (log: StoreUnderTest) => Promise<void>): Promise<void> => {
    const log = await create();
    try {
      await body(log);
    } finally {
      await log.dispose();
    }
  };
  const withStore = (body: (store: EventStore) => Promise<void>): Promise<void> =>
    withLog(async (log) => body(await log.open()));

  describe(`event store: ${name}`, () => {
    test("append() then read() gives the events back, in order, exactly", () =>
      withStore(async (store) => {
        expect(await store.head()).toBe(START);
        const events = created(1, 5);
        const hostile = { "__proto__\u0000": "\u2028 💥 ' \" \\", nested: [1, null, { a: 1e21 }] };
        events.push(envelope(6, bucketConfigured("b1", hostile), 2));
        events[5] = {
          ...events[5]!,
          bucketId: undefined,
          causationId: 3 as EventId,
          aggregateId: "id-of-b1",
        } as EventEnvelope;
        const sent = JSON.parse(JSON.stringify(events)) as EventEnvelope[];
        await store.append(batchOf(sent.slice(0, 2)));
        await store.append(batchOf(sent.slice(2)));
        expect(await store.read(START, 100)).toEqual(sent);
        expect(await store.read(2 as EventId, 2)).toEqual(sent.slice(2, 4));
        expect(await store.read(6 as EventId, 100)).toEqual([]);
        expect(await store.head()).toBe(6 as EventId);
        const aggregate = { aggregateType: "bucket", aggregateId: "id-of-b1" } as const;
        expect((await store.readAggregate(aggregate, 0, 10)).map((event) => event.id as number)).toEqual([1, 6]);
        expect((await store.readAggregate(aggregate, 1, 10)).map((event) => event.id as number)).toEqual([6]);
      }));

    test("append() of misnumbered events is refused and keeps nothing", () =>
      withStore(async (store) => {
        await store.append(batchOf(created(1, 2)));
        const wrong: readonly (readonly EventEnvelope[])[] = [
          created(4, 1),
          created(2, 1),
          [...created(3, 1), ...created(5, 1)],
          [envelope(3, bucketConfigured("b1", 1), 3)],
          [envelope(3, bucketConfigured("b1", 1), 1)],
          [envelope(3, bucketConfigured("b1", 1), 2), envelope(4, bucketConfigured("b1", 1), 2)],
        ];
        for (const events of wrong) expect(await codeOf(store.append(batchOf(events)))).toBe("Misnumbered");
        expect(await store.head()).toBe(2 as EventId);
        await store.append(batchOf([envelope(3, bucketConfigured("b1", 1), 2)]));
        expect(await store.check()).toEqual([]);
      }));

    test("lastSequences() knows each aggregate, and 0 for one without events", () =>
      withStore(async (store) => {
        await store.append(batchOf([...created(1, 1), envelope(2, bucketConfigured("b1", 1), 2)]));
        const ask = ["id-of-b1", "id-of-b9"].map((aggregateId) => ({ aggregateType: "bucket" as const, aggregateId }));
        expect(await store.lastSequences(ask)).toEqual([2, 0]);
        expect(await store.lastSequences([])).toEqual([]);
      }));

    test("events, idempotency records, rows and checkpoints are kept together or not at all", () =>
      withStore(async (store) => {
        await store.saveView(progress("v", 0));
        const views = [{ view: "v", changes: [{ key: "k", row: "1" }] }];
        const idempotency = [{ scope: "s", fingerprint: "f", answer: "a", expiresAt: NOW + 1000 }];
        expect(await codeOf(store.append(batchOf(created(2, 1), { views, idempotency })))).toBe("Misnumbered");
        expect(await store.viewRows("v", null, 10)).toEqual([]);
        expect(await store.findIdempotency("s", NOW)).toBeUndefined();
        expect(await store.viewCheckpoints()).toEqual([{ view: "v", version: 1, through: START }]);
        await store.append(batchOf(created(1, 3), { views, idempotency }));
        expect(await store.viewRows("v", null, 10)).toEqual([{ key: "k", row: "1" }]);
        expect(await store.findIdempotency("s", NOW)).toEqual(idempotency[0]!);
        expect(await store.viewCheckpoints()).toEqual([{ view: "v", version: 1, through: 3 as EventId }]);
      }));

    test("idempotency records end at their time, and a batch without events keeps its records", () =>
      withStore(async (store) => {
        const record = { scope: "s", fingerprint: "f", answer: "a", expiresAt: NOW + 1000 };
        await store.append(batchOf([], { idempotency: [record] }));
        expect(await store.head()).toBe(START);
        expect(await store.findIdempotency("s", NOW + 999)).toEqual(record);
        expect(await store.findIdempotency("s", NOW + 1000)).toBeUndefined();
        await store.append(batchOf(created(1, 1), { now: NOW + 1000 }));
        expect(await store.findIdempotency("s", NOW)).toBeUndefined();
      }));

    test("a later opener deposes the earlier one; epochs only grow, the identity stays", () =>
      withLog(async (log) => {
        const first = await log.open();
        await first.append(batchOf(created(1, 1)));
        const second = await log.open();
        expect(second.epoch).toBeGreaterThan(first.epoch);
        expect(second.controlPlaneId).toBe(first.controlPlaneId);
        expect(await codeOf(first.append(batchOf(created(2, 1))))).toBe("Deposed");
        expect(await codeOf(first.saveView(progress("v", 0)))).toBe("Deposed");
        expect(await codeOf(first.setNote("n", "v"))).toBe("Deposed");
        await second.append(batchOf(created(2, 1)));
        expect(await first.head()).toBe(2 as EventId);
        expect(await codeOf(first.append(batchOf(created(3, 1))))).toBe("Deposed");
        expect(await second.check()).toEqual([]);
      }));

    test("what was appended is there after opening again", () =>
      withLog(async (log) => {
        const first = await log.open();
        await first.append(batchOf(created(1, 3)));
        await first.setNote("n", "v");
        await first.close();
        expect(await codeOf(first.head())).toBe("Closed");
        const second = await log.open();
        expect(await second.read(START, 10)).toEqual(created(1, 3).map((event) => JSON.parse(JSON.stringify(event))));
        expect(await second.note("n")).toBe("v");
        expect(await second.note("absent")).toBeUndefined();
      }));

    test("documents are written with the events or not at all, replaced, dropped, and listed by prefix", () =>
      withLog(async (log) => {
        const store = await log.open();
        const kept = (name: string, text: string | null) => ({ name, text });
        await store.append({
          ...batchOf(created(1, 1)),
          documents: [kept("s/a", "1"), kept("s/b", "2"), kept("t/c", "3")],
        });
        expect(await store.document("s/a")).toBe("1");
        expect(await store.documentNames("s/", "", 10)).toEqual(["s/a", "s/b"]);
        expect(await store.documentNames("s/", "s/a", 10)).toEqual(["s/b"]);
        expect(await store.documentNames("", "", 2)).toEqual(["s/a", "s/b"]);
        await store.putDocument(kept("s/a", "new"));
        await store.putDocument(kept("t/c", null));
        await store.append({
          ...batchOf(created(2, 1)),
          documents: [kept("s/b", "x"), kept("s/b", null), kept("s/z", "9")],
        });
        expect(await store.documentNames("", "", 10)).toEqual(["s/a", "s/z"]);
        expect(await store.document("s/b")).toBeUndefined();
        // A batch that is refused leaves nothing behind.
        expect(await codeOf(store.append({ ...batchOf(created(9, 1)), documents: [kept("s/a", "lost")] }))).toBe(
          "Misnumbered",
        );
        expect(await store.document("s/a")).toBe("new");
        const second = await log.open();
        expect(await second.document("s/a")).toBe("new");
        expect(await codeOf(store.putDocument(kept("s/a", "deposed")))).toBe("Deposed");
        expect(await second.document("s/a")).toBe("new");
      }));

    test("rows are paged in the order of the bytes of their keys", () =>
      withStore(async (store) => {
        const keys = ["a", "B", "ä", "💥", "\ufb01", "a/b", "a-"];
        await store.saveView(progress("v", 0, { changes: keys.map((key) => ({ key, row: JSON.stringify(key) })) }));
        await store.saveView(progress("w", 0, { changes: [{ key: "other", row: "0" }] }));
        const sorted = keys.toSorted((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right)));
        const seen: string[] = [];
        let after: string | null = null;
        for (;;) {
          const page = await store.viewRows("v", after, 2);
          if (page.length === 0) break;
          seen.push(...page.map((row) => row.key));
          after = page.at(-1)!.key;
        }
        expect(seen).toEqual(sorted);
      }));

    test("saveView() adds, removes and replaces rows, and keeps quarantined events", () =>
      withStore(async (store) => {
        const poison = { view: "v", eventId: 1 as EventId, reason: "bad" };
        const changes = [
          { key: "a", row: "1" },
          { key: "b", row: "2" },
          { key: "a", row: null },
        ];
        await store.saveView(progress("v", 1, { changes, quarantined: [poison] }));
        expect(await store.viewRows("v", null, 10)).toEqual([{ key: "b", row: "2" }]);
        expect(await store.quarantined()).toEqual([poison]);
        await store.saveView(progress("v", 1, { changes: [{ key: "c", row: "3" }], replace: true }));
        expect(await store.viewRows("v", null, 10)).toEqual([{ key: "c", row: "3" }]);
        expect(await store.quarantined()).toEqual([]);
      }));

    test("onAppended() hints once per batch, with the head, until it is ended", () =>
      withStore(async (store) => {
        const heads: number[] = [];
        const end = store.onAppended((head) => heads.push(head));
        await store.append(batchOf(created(1, 3)));
        await store.append(batchOf([]));
        await store.append(batchOf(created(4, 1)));
        end();
        await store.append(batchOf(created(5, 1)));
        expect(heads).toEqual([3, 4]);
      }));

    test("a reader by cursor sees every event once and in order while others append", () =>
      withStore(async (store) => {
        const total = 600;
        const seen: number[] = [];
        const reading = (async () => {
          while (seen.length < total) {
            const events = await store.read((seen.at(-1) ?? 0) as EventId, 7);
            seen.push(...events.map((event) => event.id as number));
            await new Promise<void>((resolve) => setImmediate(resolve));
          }
        })();
        for (let first = 1; first <= total; first += 6) {
          await store.append(batchOf(created(first, 6)));
          await new Promise<void>((resolve) => setImmediate(resolve));
        }
        await reading;
        expect(seen).toEqual(Array.from({ length: total }, (_, index) => index + 1));
      }));

    test("a row, a record and a view may be named more than once in a batch: the last word counts", () =>
      withStore(async (store) => {
        await store.saveView(progress("v", 0, { changes: [{ key: "old", row: "0" }] }));
        const views = [
          {
            view: "v",
            changes: [
              { key: "a", row: "1" },
              { key: "old", row: null },
              { key: "a", row: null },
              { key: "b", row: null },
              { key: "b", row: "2" },
              { key: "c", row: "3" },
            ],
          },
          { view: "v", changes: [{ key: "c", row: "4" }] },
        ];
        const record = { scope: "s", fingerprint: "f", answer: "first", expiresAt: NOW + 1 };
        await store.append(batchOf(created(1, 1), { views, idempotency: [record, { ...record, answer: "last" }] }));
        expect(await store.viewRows("v", null, 10)).toEqual([
          { key: "b", row: "2" },
          { key: "c", row: "4" },
        ]);
        expect(await store.findIdempotency("s", NOW)).toMatchObject({ answer: "last" });
        // Expired, dropped by the same append that keeps it again.
        const again = { ...record, answer: "again", expiresAt: NOW + 100 };
        await store.append(batchOf([], { idempotency: [again], now: NOW + 50 }));
        expect(await store.findIdempotency("s", NOW + 50)).toEqual(again);
      }));

    test("views that are not named stay behind; a batch without events moves none", () =>
      withStore(async (store) => {
        for (const view of ["v", "w"]) await store.saveView(progress(view, 0));
        await store.append(batchOf(created(1, 2), { views: [{ view: "v", changes: [] }] }));
        const checkpoints = [
          { view: "v", version: 1, through: 2 as EventId },
          { view: "w", version: 1, through: START },
        ];
        expect(await store.viewCheckpoints()).toEqual(checkpoints);
        await store.append(batchOf([], { views: [{ view: "w", changes: [{ key: "k", row: "1" }] }] }));
        expect(await store.viewCheckpoints()).toEqual(checkpoints);
        expect(await store.viewRows("w", null, 1)).toEqual([{ key: "k", row: "1" }]);
        // A view that was never saved has no checkpoint to move; its rows are kept.
        await store.append(batchOf(created(3, 1), { views: [{ view: "x", changes: [{ key: "k", row: "2" }] }] }));
        expect(await store.viewCheckpoints()).toEqual(checkpoints);
        expect(await store.viewRows("x", null, 1)).toEqual([{ key: "k", row: "2" }]);
      }));

    test("texts of any kind stay what they are", () =>
      withStore(async (store) => {
        const texts = [
          "NULL",
          "{a,b}",
          'say "\\"',
          " ",
          "\n\t",
          "\u2028💥é",
          "\\",
          "'; DROP TABLE events; --",
          "$1",
          "%s",
        ];
        const events = texts.map((text, index) => ({
          ...envelope(index + 1, bucketCreated(`b${index}`, text)),
          actor: text,
          requestId: text,
          correlationId: text,
        }));
        const idempotency = texts.map((text) => ({
          scope: text,
          fingerprint: text,
          answer: text,
          expiresAt: NOW + 1,
        }));
        const views = texts.map((text) => ({ view: text, changes: [{ key: text, row: JSON.stringify(text) }] }));
        for (const view of texts) await store.saveView(progress(view, 0));
        await store.append(batchOf(events, { idempotency, views }));
        expect(await store.read(START, 100)).toEqual(JSON.parse(JSON.stringify(events)));
        for (const [index, text] of texts.entries()) {
          const aggregate = { aggregateType: "bucket", aggregateId: text } as const;
          expect(await store.lastSequences([aggregate])).toEqual([1]);
          expect(await store.readAggregate(aggregate, 0, 10)).toMatchObject([{ id: index + 1 }]);
          expect(await store.findIdempotency(text, NOW)).toEqual(idempotency[index]!);
          expect(await store.viewRows(text, null, 10)).toEqual([{ key: text, row: JSON.stringify(text) }]);
          await store.setNote(text, text);
          expect(await store.note(text)).toBe(text);
        }
        await store.append(
          batchOf([], { views: texts.map((text) => ({ view: text, changes: [{ key: text, row: null }] })) }),
        );
        for (const text of texts) expect(await store.viewRows(text, null, 10)).toEqual([]);
      }));

    test("reads give a thousand at most; batches may hold more", () =>
      withStore(async (store) => {
        const count = READ_ROWS_MAX + 5;
        const changes = Array.from({ length: count }, (_, index) => ({
          key: String(index).padStart(5, "0"),
          row: String(index),
        }));
        await store.saveView(progress("v", 0, { changes }));
        await store.append(batchOf(created(1, count)));
        expect(await store.read(START, count)).toHaveLength(READ_ROWS_MAX);
        expect(await store.viewRows("v", null, count)).toHaveLength(READ_ROWS_MAX);
        const rest = await store.viewRows("v", changes[READ_ROWS_MAX - 1]!.key, count);
        expect(rest).toEqual(changes.slice(READ_ROWS_MAX));
        await store.saveView(progress("v", 0, { changes: changes.slice(1, 3), replace: true }));
        expect(await store.viewRows("v", null, count)).toEqual(changes.slice(1, 3));
      }));

    test("a deposed opener keeps nothing, not even what needs no number, and still reads", () =>
      withLog(async (log) => {
        const first = await log.open();
        await first.append(batchOf(created(1, 1)));
        const second = await log.open();
        const record = { scope: "s", fingerprint: "f", answer: "a", expiresAt: NOW + 1 };
        expect(await codeOf(first.append(batchOf([], { idempotency: [record] })))).toBe("Deposed");
        const views = [{ view: "v", changes: [{ key: "k", row: "1" }] }];
        expect(await codeOf(first.append(batchOf([], { views })))).toBe("Deposed");
        expect(await second.findIdempotency("s", NOW)).toBeUndefined();
        expect(await second.viewRows("v", null, 1)).toEqual([]);
        await second.append(batchOf(created(2, 1)));
        expect((await first.read(START, 10)).map((event) => event.id as number)).toEqual([1, 2]);
      }));

    test("onDeposed() tells once, at the latest when a write is refused", () =>
      withLog(async (log) => {
        const first = await log.open();
        const told: EventStoreError[] = [];
        first.onDeposed((error) => told.push(error));
        await first.append(batchOf(created(1, 1)));
        expect(told).toEqual([]);
        const second = await log.open();
        second.onDeposed((error) => told.push(error));
        for (let tries = 0; tries < 3; tries++) await codeOf(first.append(batchOf(created(2, 1))));
        expect(told.map(({ code, message }) => [code, message])).toEqual([
          ["Deposed", `epoch ${second.epoch} has taken over this event log from epoch ${first.epoch}`],
        ]);
      }));

    test("a closed store refuses, and closing twice is harmless", () =>
      withStore(async (store) => {
        await store.close();
        await store.close();
        expect(await codeOf(store.append(batchOf(created(1, 1))))).toBe("Closed");
        expect(await codeOf(store.read(START, 1))).toBe("Closed");
        expect(await codeOf(store.setNote("n", "v"))).toBe("Closed");
      }));

    test("owners and actors are kept as given", () =>
      withStore(async (store) => {
        await store.append(batchOf(created(1, 1)));
        expect(await store.read(START, 1)).toMatchObject([
          { org: ACCOUNT, actor: "system:test", requestId: "request-1" },
        ]);
      }));
  });
}
