import { describe, expect, test } from "bun:test";
import type { EventId } from "#contracts";
import { systemRandom } from "#foundation/runtime";
import type { EventStore } from "../store/event-store.ts";
import { openSqliteEventStore } from "../store/sqlite-event-store.ts";
import { bucketConfigured, bucketCreated, envelope } from "../testing/sample-events.ts";
import { differencesOf, stableJson } from "./replay.ts";
import type { View } from "./view.ts";
import { foldFromStart, loadView, storedRows } from "./view-keeper.ts";

const id = (value: number): EventId => value as EventId;

/** Counts the events of each bucket; refuses a bucket called "poison". */
function counting(version: number, step = 1): View<{ count: number }> {
  return {
    name: "counts",
    version,
    fold(event, rowBefore) {
      if (event.type !== "bucket.created" && event.type !== "bucket.configured") return [];
      const key = event.payload.name;
      if (key === "poison") throw new Error("cannot be counted");
      return [{ key, row: { count: (rowBefore(key)?.count ?? 0) + step } }];
    },
  };
}

async function withStore(body: (store: EventStore) => Promise<void>): Promise<void> {
  const store = openSqliteEventStore({ path: ":memory:", random: systemRandom });
  await body(store);
  await store.close();
}

async function appendBuckets(store: EventStore, first: number, count: number, name = "b"): Promise<void> {
  const events = Array.from({ length: count }, (_, index) =>
    envelope(first + index, bucketCreated(name, `id-${first + index}`)),
  );
  await store.append({ events, idempotency: [], views: [], now: 0 });
}

describe("loadView()", () => {
  test("folds what the stored rows do not cover yet, once, in several stretches", () =>
    withStore(async (store) => {
      await appendBuckets(store, 1, 2_500);
      const first = await loadView(store, counting(1));
      expect([first.replayed, first.rows.get("b")]).toEqual([2_500, { count: 2_500 }]);
      await appendBuckets(store, 2_501, 10);
      const second = await loadView(store, counting(1));
      expect([second.replayed, second.rows.get("b")]).toEqual([10, { count: 2_510 }]);
      const third = await loadView(store, counting(1));
      expect([third.replayed, third.rows.get("b")]).toEqual([0, { count: 2_510 }]);
      expect(await store.viewCheckpoints()).toEqual([{ view: "counts", version: 1, through: id(2_510) }]);
    }));

  test("an empty log makes an empty view with a checkpoint", () =>
    withStore(async (store) => {
      expect((await loadView(store, counting(1))).rows.size).toBe(0);
      expect(await store.viewCheckpoints()).toEqual([{ view: "counts", version: 1, through: id(0) }]);
    }));

  test("another version of the fold starts from nothing, and its old rows are gone", () =>
    withStore(async (store) => {
      await appendBuckets(store, 1, 3, "old");
      await loadView(store, counting(1));
      const again = await loadView(store, {
        ...counting(2, 10),
        fold: (event) => [{ key: `n${event.id}`, row: { count: 10 } }],
      });
      expect([...again.rows.keys()]).toEqual(["n1", "n2", "n3"]);
      expect([...(await storedRows(store, counting(2))).keys()]).toEqual(["n1", "n2", "n3"]);
    }));

  test("sets poison aside and goes on", () =>
    withStore(async (store) => {
      await appendBuckets(store, 1, 1);
      await appendBuckets(store, 2, 1, "poison");
      await appendBuckets(store, 3, 1);
      const loaded = await loadView(store, counting(1));
      const expected = [{ view: "counts", eventId: id(2), reason: "cannot be counted" }];
      expect(loaded.quarantined).toEqual(expected);
      expect(await store.quarantined()).toEqual(expected);
      expect(loaded.rows.get("b")).toEqual({ count: 2 });
      expect((await loadView(store, counting(1))).quarantined).toEqual([]);
    }));
});

test("foldFromStart() stops at the event it is told", () =>
  withStore(async (store) => {
    await appendBuckets(store, 1, 1_500);
    const { rows } = await foldFromStart(store, counting(1), id(1_200));
    expect(rows.get("b")).toEqual({ count: 1_200 });
  }));

test("differencesOf() names every row that differs; the order of members does not count", () => {
  const live = new Map<string, unknown>([
    ["same", { a: 1, b: [1, { c: 2, d: 3 }] }],
    ["other", { a: 1 }],
    ["gone", 1],
  ]);
  const rebuilt = new Map<string, unknown>([
    ["same", { b: [1, { d: 3, c: 2 }], a: 1 }],
    ["other", { a: 2 }],
    ["new", 1],
  ]);
  expect(differencesOf(live, rebuilt)).toEqual([
    { key: "other", live: '{"a":1}', rebuilt: '{"a":2}' },
    { key: "gone", live: "1", rebuilt: null },
    { key: "new", live: null, rebuilt: "1" },
  ]);
});

test("stableJson() keeps members of any name", () => {
  const value: unknown = JSON.parse('{"z":1,"__proto__":{"y":2},"10":3,"9":4}');
  expect(JSON.parse(stableJson(value))).toEqual(value);
  expect(stableJson(value)).toContain('"__proto__":{"y":2}');
});

test("events of another version are not folded", () =>
  withStore(async (store) => {
    const events = [envelope(1, bucketCreated("b")), { ...envelope(2, bucketConfigured("b", 1, "x")), version: 2 }];
    await store.append({ events, idempotency: [], views: [], now: 0 });
    expect((await loadView(store, counting(1))).quarantined).toMatchObject([{ eventId: id(2) }]);
  }));
