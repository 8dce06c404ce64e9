import { expect, test } from "bun:test";
import { createVirtualTime } from "#foundation/runtime";
import { openBodyAges } from "./body-ages.ts";

function world() {
  const time = createVirtualTime(0);
  return { time, ages: openBodyAges(time.clock) };
}

test("a body is mature after its time, to the precision of half a second, and not before", () => {
  const { time, ages } = world();
  ages.note(10);
  time.advance(2_999);
  expect(ages.mature(3_000).upTo).toBe(0);
  ages.note(11);
  time.advance(1);
  expect(ages.mature(3_000).upTo).toBe(10);
  time.advance(2_999);
  expect(ages.mature(3_000).upTo).toBe(11);
});

test("what is forgotten is what was mature; bodies that came meanwhile keep their age", () => {
  const { time, ages } = world();
  ages.note(1);
  time.advance(100);
  const mature = ages.mature(0);
  expect(mature.upTo).toBe(1);
  ages.note(2);
  mature.forget();
  time.advance(1_000);
  expect(ages.oldestMs).toBe(1_000);
  expect(ages.mature(0).upTo).toBe(2);
});

test("numbers need not come in order", () => {
  const { time, ages } = world();
  ages.note(7);
  ages.note(5);
  time.advance(1_000);
  ages.note(6);
  time.advance(3_000);
  const mature = ages.mature(3_500);
  expect(mature.upTo).toBe(7);
  mature.forget();
  expect(ages.oldestMs).toBe(3_000);
  expect(ages.mature(3_000).upTo).toBe(6);
});

test("nothing has no age", () => {
  const { ages } = world();
  expect(ages.oldestMs).toBeUndefined();
  expect(ages.mature(0).upTo).toBe(0);
});
