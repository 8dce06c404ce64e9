import { expect, test } from "bun:test";
import { systemRandom } from "#foundation/runtime";
import { backoffMs } from "./backoff.ts";

test("backoffMs() doubles up to a second, from the upper half", () => {
  for (const [failures, whole] of [
    [1, 25],
    [2, 50],
    [5, 400],
    [6, 800],
    [7, 1_000],
    [1_000_000, 1_000],
  ] as const) {
    expect(backoffMs(failures, { ...systemRandom, float: () => 0 })).toBe(Math.round(whole / 2));
    expect(backoffMs(failures, { ...systemRandom, float: () => 1 - Number.EPSILON })).toBe(whole);
  }
});
