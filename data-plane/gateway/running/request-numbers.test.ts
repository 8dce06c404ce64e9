import { expect, test } from "bun:test";
import { RequestNumbers } from "./request-numbers.ts";

test("percentiles are those of a sorted list, an eighth too large at most", () => {
  const numbers = new RequestNumbers(() => 0);
  const durations = Array.from({ length: 5_000 }, (_, index) => 0.002 * 1.003 ** index);
  for (const duration of durations) numbers.ended(200, duration);
  const shares = [0.01, 0.25, 0.5, 0.9, 0.99, 1];
  const told = numbers.percentiles(shares);
  shares.forEach((share, index) => {
    const exact = durations[Math.ceil(share * durations.length) - 1]!;
    expect(told[index]! / exact).toBeGreaterThanOrEqual(1);
    // One microsecond is the finest that there is.
    expect(told[index]!).toBeLessThanOrEqual(exact * 1.125 + 0.001);
  });
});

test("nothing answered has no percentiles, and what is minutes ago counts no more", () => {
  let now = 0;
  const numbers = new RequestNumbers(() => now);
  expect(numbers.percentiles([0.5])).toEqual([null]);
  numbers.ended(200, 40);
  now = 60_000;
  expect(numbers.percentiles([0.5])[0]).toBeGreaterThan(39);
  numbers.ended(503, 1);
  now = 120_000;
  expect(numbers.percentiles([1])[0]).toBeLessThan(2);
  now = 180_000;
  expect(numbers.percentiles([1])).toEqual([null]);
  expect([numbers.requests, numbers.errors]).toEqual([2, 1]);
});

test("durations beyond all bounds are counted", () => {
  const numbers = new RequestNumbers(() => 0);
  for (const duration of [-1, 0, 1e12]) numbers.ended(200, duration);
  const [least, most] = numbers.percentiles([0.01, 1]);
  expect(least).toBe(0.001);
  expect(most).toBeGreaterThan(2_000_000);
});
