import { expect, test } from "bun:test";
import { partOf } from "./part.ts";

test("a part is what stands there, whatever its length", () => {
  const bytes = Buffer.from(Array.from({ length: 20_000 }, (_, i) => i & 255));
  for (const [from, to] of [
    [0, 20_000],
    [0, 0],
    [7, 7],
    [3, 4],
    [100, 4_196],
    [100, 4_197],
    [1, 20_000],
  ] as const) {
    const part = partOf(bytes, from, to);
    expect(part).toBeInstanceOf(Buffer);
    expect(part.equals(bytes.subarray(from, to))).toBe(true);
  }
});

test("long parts are views: nothing large is copied", () => {
  const bytes = Buffer.alloc(20_000);
  const part = partOf(bytes, 10, 10_010);
  bytes[10] = 7;
  expect(part[0]).toBe(7);
});
