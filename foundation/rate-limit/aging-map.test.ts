import { expect, test } from "bun:test";
import { createVirtualTime } from "#foundation/runtime";
import { AgingMap } from "./aging-map.ts";

function fresh(entriesMax = 10) {
  const time = createVirtualTime(0);
  return { time, map: new AgingMap<number>({ clock: time.clock, lifeMs: 100, entriesMax }) };
}

test("an entry lives at least one life after it was last set, and less than two", () => {
  for (let bornAt = 0; bornAt < 100; bornAt += 7) {
    const { time, map } = fresh();
    time.advance(bornAt);
    map.set("a", 1);
    time.advance(100);
    expect(map.get("a")).toBe(1);
    map.set("a", 2);
    time.advance(100);
    expect(map.get("a")).toBe(2);
    time.advance(100);
    expect(map.get("a")).toBeUndefined();
    expect(map.size).toBe(0);
  }
});

test("a long silence drops everything at once", () => {
  const { time, map } = fresh();
  map.set("a", 1);
  time.advance(250);
  expect(map.get("a")).toBeUndefined();
});

test("set() refuses the entry that is one too many, and goes on with those it has", () => {
  const { time, map } = fresh(2);
  expect([map.set("a", 1), map.set("b", 2), map.set("c", 3)]).toEqual([true, true, false]);
  expect(map.get("c")).toBeUndefined();
  time.advance(100);
  expect([map.set("a", 4), map.set("c", 3)]).toEqual([true, false]);
  expect(map.size).toBe(2);
  map.delete("b");
  expect(map.set("c", 3)).toBe(true);
  expect([map.get("a"), map.get("b"), map.get("c")]).toEqual([4, undefined, 3]);
});
