import { describe, expect, test } from "bun:test";
import { findViolation, type Operation } from "./linearizability.ts";

type Value = string | undefined;
const write = (called: number, returned: number, value: Value): Operation<Value> => ({
  name: `write ${value}`,
  called,
  returned,
  apply: () => ({ next: value }),
});
const read = (called: number, returned: number, value: Value): Operation<Value> => ({
  name: `read ${value}`,
  called,
  returned,
  apply: (state) => (state === value ? { next: state } : undefined),
});
const check = (...operations: readonly Operation<Value>[]) => findViolation(operations, undefined, String);
const NEVER = Number.POSITIVE_INFINITY;

describe("findViolation", () => {
  test("accepts what could have happened in some order", () => {
    expect(check(write(0, 1, "a"), read(2, 3, "a"))).toBeUndefined();
    // Concurrent: either order.
    expect(check(write(0, 9, "a"), read(1, 2, undefined), read(3, 4, "a"), read(5, 6, "a"))).toBeUndefined();
    expect(check(write(0, 9, "a"), write(0, 9, "b"), read(10, 11, "a"))).toBeUndefined();
    expect(check(write(0, 9, "a"), write(0, 9, "b"), read(1, 2, "b"), read(3, 4, "a"))).toBeUndefined();
  });

  test("refuses a stale read, a read from the future, a value that flickers", () => {
    expect(check(write(0, 1, "a"), write(2, 3, "b"), read(4, 5, "a"))).toContain("read a");
    expect(check(read(0, 1, "a"), write(2, 3, "a"))).toBeDefined();
    expect(check(write(0, 9, "a"), write(0, 9, "b"), read(1, 2, "b"), read(3, 4, "a"), read(5, 6, "b"))).toBeDefined();
    expect(check(write(0, 1, "a"), read(2, 3, undefined))).toBeDefined();
  });

  test("a write without an answer may have happened, at any time, or never", () => {
    expect(check(write(0, 1, "a"), write(2, NEVER, "b"), read(3, 4, "a"), read(5, 6, "b"))).toBeUndefined();
    expect(check(write(0, 1, "a"), write(2, NEVER, "b"), read(3, 4, "a"), read(5, 6, "a"))).toBeUndefined();
    expect(check(write(0, 1, "a"), write(2, NEVER, "b"), read(3, 4, "b"), read(5, 6, "a"))).toBeDefined();
  });

  test("finds the one order among many", () => {
    const writes = Array.from({ length: 8 }, (_, index) => write(0, 100, String(index)));
    const order = [3, 1, 7, 0, 5, 2, 6, 4];
    const reads = order.map((value, index) => read(10 + index * 2, 11 + index * 2, String(value)));
    expect(check(...writes, ...reads)).toBeUndefined();
    expect(check(...writes, ...reads, read(40, 41, "3"))).toBeDefined();
  });
});
