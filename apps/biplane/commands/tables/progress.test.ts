import { expect, test } from "bun:test";
import { barText } from "./progress.ts";

test.each([
  [10375, 0.345, 1036, "[######--------------]  34%  10375 items  10014/s  1 s left"],
  [0, 0, 0, "[--------------------]   0%  0 items  0/s"],
  [1, undefined, 500, "1 item  2/s"],
  [7, 1.2, 1000, "[####################] 100%  7 items  7/s  0 ms left"],
])("%d items, %p: %s", (items, share, elapsedMs, text) => {
  expect(barText(items, share, elapsedMs)).toBe(text);
});
