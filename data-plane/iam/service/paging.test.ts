import { expect, test } from "bun:test";
import fc from "fast-check";
import { byKey, pageOf } from "./paging.ts";

const identity = (key: string): string => key;

test("a page has a hundred items when nobody says how many", () => {
  const items = Array.from({ length: 101 }, (_, index) => String(index).padStart(3, "0"));
  const first = pageOf(items, identity, {}, "x");
  expect([first.items.length, first.end.IsTruncated]).toEqual([100, true]);
  expect(pageOf(items.slice(0, 100), identity, {}, "x").end).toEqual({ IsTruncated: false });
});

test("markers of another list, of nothing and altered ones are refused", () => {
  const { end } = pageOf(["a", "b"], identity, { MaxItems: 1 }, "ListUsers 1");
  const marker = end.Marker!;
  expect(() => pageOf(["a", "b"], identity, { Marker: marker }, "ListUsers 2")).toThrow("Invalid Marker.");
  for (const altered of [`${marker}x`, marker.slice(1), marker.slice(0, -1), "", "?", "a", marker.toUpperCase()]) {
    expect(() => pageOf(["a", "b"], identity, { Marker: altered }, "ListUsers 1")).toThrow("Invalid Marker.");
  }
});

test("what is there all the time is shown exactly once, whatever comes and goes meanwhile", () => {
  const names = fc.uniqueArray(fc.string({ unit: "grapheme", maxLength: 6 }), { maxLength: 30 });
  fc.assert(
    fc.property(names, fc.infiniteStream(names), fc.integer({ min: 1, max: 5 }), (steady, guests, MaxItems) => {
      const seen: string[] = [];
      let Marker: string | undefined;
      for (let round = 0; round < 200; round++) {
        const there = [...new Set([...steady, ...guests.next().value])].sort(byKey(identity));
        const { items, end } = pageOf(there, identity, { MaxItems, Marker }, "list");
        expect(items.length).toBeLessThanOrEqual(MaxItems);
        seen.push(...items);
        expect(end.IsTruncated).toBe(end.Marker !== undefined);
        Marker = end.Marker;
        if (Marker === undefined) break;
      }
      expect(new Set(seen).size).toBe(seen.length);
      expect(steady.filter((name) => !seen.includes(name))).toEqual([]);
    }),
  );
});
