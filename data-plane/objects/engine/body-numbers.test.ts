import { expect, test } from "bun:test";
import { openBodyNumbers } from "./body-numbers.ts";

/** A record keeper that gives blocks of `size`, after a turn of the event loop. */
function keeper(size: number) {
  let next = 1;
  let failing = false;
  const state = {
    asked: 0,
    fail: (value: boolean) => {
      failing = value;
    },
    records: {
      async apply() {
        state.asked++;
        await new Promise((resolve) => setImmediate(resolve));
        if (failing) throw new Error("the disk is full");
        const first = next;
        next += size;
        return { first, end: next } as never;
      },
    },
  };
  return state;
}

test("numbers are given at once while a block lasts, and each only once", async () => {
  const { records } = keeper(1000);
  const next = await openBodyNumbers(records);
  const numbers = [];
  for (let index = 0; index < 5000; index++) numbers.push(await next());
  expect(new Set(numbers).size).toBe(5000);
  expect(numbers[0]).toBe(1);
});

test("many who ask at the end of a block all get a number", async () => {
  const { records } = keeper(3);
  const next = await openBodyNumbers(records);
  const numbers = await Promise.all(Array.from({ length: 3 }, async () => next()));
  expect(new Set(numbers).size).toBe(3);
  const more = await Promise.all(Array.from({ length: 20 }, async () => next()));
  expect(new Set([...numbers, ...more]).size).toBe(23);
  expect(more.every((number) => Number.isSafeInteger(number))).toBe(true);
});

test("a failed refill is an error for who needs it, and tried again for the next", async () => {
  const { records, fail } = keeper(2);
  const next = await openBodyNumbers(records);
  fail(true);
  await next();
  await next();
  await expect(Promise.resolve().then(next)).rejects.toThrow("the disk is full");
  fail(false);
  expect(await next()).toBe(3);
});
