import { expect, test } from "bun:test";
import { openDatabase } from "#foundation/sql";
import { openSequence } from "./sequences.ts";

function database() {
  const opened = openDatabase({ path: ":memory:" });
  opened.exec("CREATE TABLE sequences (name TEXT PRIMARY KEY, next INTEGER NOT NULL) STRICT");
  return opened;
}

test("numbers rise, begin at 1, and are never given twice, across blocks and reopenings", () => {
  const opened = database();
  const sequence = openSequence(opened, "one");
  expect([sequence.next(), sequence.next()]).toEqual([1, 2]);
  const { first, end } = sequence.block();
  expect(first).toBeGreaterThan(2);
  const again = openSequence(opened, "one");
  expect(again.next()).toBeGreaterThanOrEqual(end);
  expect(sequence.next()).toBe(3);
  expect(openSequence(opened, "other").next()).toBe(1);
});

test("after a rollback a block that was not recorded is not used", () => {
  const opened = database();
  const sequence = openSequence(opened, "one");
  expect(() =>
    opened.transaction(() => {
      sequence.next();
      throw new Error("the commit failed");
    }),
  ).toThrow();
  sequence.forget();
  const other = openSequence(opened, "one");
  const numbers = [sequence.next(), other.next(), sequence.next()];
  expect(new Set(numbers).size).toBe(3);
});
