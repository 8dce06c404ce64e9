import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { createVirtualTime } from "#foundation/runtime";
import { createTokenBuckets } from "./token-buckets.ts";

function fresh(capacity: number, refillPerSecond: number, keysMax?: number) {
  const time = createVirtualTime(0);
  return { time, buckets: createTokenBuckets({ clock: time.clock, capacity, refillPerSecond, keysMax }) };
}

describe("take()", () => {
  test("gives a full bucket at once, then as many as come back", () => {
    const { time, buckets } = fresh(3, 2);
    expect(buckets.take("a")).toEqual({ allowed: true, retryAfterMs: 0, remaining: 2 });
    expect(buckets.take("a", 2)).toEqual({ allowed: true, retryAfterMs: 0, remaining: 0 });
    expect(buckets.take("a")).toEqual({ allowed: false, retryAfterMs: 500, remaining: 0 });
    expect(buckets.take("b").allowed).toBe(true);
    time.advance(499);
    expect(buckets.take("a")).toEqual({ allowed: false, retryAfterMs: 1, remaining: 0 });
    time.advance(1);
    expect(buckets.take("a").allowed).toBe(true);
    time.advance(60_000);
    expect(buckets.take("a", 3)).toEqual({ allowed: true, retryAfterMs: 0, remaining: 0 });
  });

  test("looks for nothing, and refuses a cost that can never be paid", () => {
    const { buckets } = fresh(3, 2);
    buckets.take("a");
    expect(buckets.take("a", 0)).toEqual({ allowed: true, retryAfterMs: 0, remaining: 2 });
    expect(() => buckets.take("a", 4)).toThrow("3 tokens");
  });

  test("a refusal costs nothing: asking again and again does not put it off", () => {
    const { time, buckets } = fresh(1, 1);
    buckets.take("a");
    for (let ms = 0; ms < 1000; ms += 100) {
      expect(buckets.take("a").allowed).toBe(false);
      time.advance(100);
    }
    expect(buckets.take("a").allowed).toBe(true);
  });

  test("thirds of a second add up to a whole", () => {
    const { buckets } = fresh(3, 3);
    expect([1, 2, 3, 4].map(() => buckets.take("a").allowed)).toEqual([true, true, true, false]);
  });
});

describe("giveBack()", () => {
  test("gives back what was taken, never more than a full bucket", () => {
    const { buckets } = fresh(2, 1);
    buckets.take("a", 2);
    buckets.giveBack("a");
    expect(buckets.take("a").allowed).toBe(true);
    expect(buckets.take("a").allowed).toBe(false);
    buckets.giveBack("a", 100);
    expect(buckets.take("a", 0).remaining).toBe(2);
    buckets.giveBack("never seen", 5);
    expect(buckets.take("never seen", 0).remaining).toBe(2);
  });
});

describe("the number of keys", () => {
  test("buckets that are full again are forgotten", () => {
    const { time, buckets } = fresh(2, 1, 1000);
    for (let key = 0; key < 1000; key++) buckets.take(String(key));
    time.advance(2000);
    buckets.take("one");
    time.advance(2000);
    buckets.take("two");
    expect(buckets.size).toBeLessThanOrEqual(2);
  });

  test("whoever invents keys does not get his own bucket filled, and shares one with the others", () => {
    const { buckets } = fresh(2, 0.01, 100);
    buckets.take("emptied", 2);
    for (let key = 0; key < 10_000; key++) buckets.take(`invented ${key}`);
    expect(buckets.size).toBe(100);
    expect(buckets.take("emptied").allowed).toBe(false);
    expect(buckets.take("one more").allowed).toBe(false);
  });
});

describe("any sequence of requests", () => {
  const limits = fc.record({
    capacity: fc.oneof(fc.integer({ min: 1, max: 50 }), fc.double({ min: 1, max: 50, noNaN: true })),
    rate: fc.oneof(fc.integer({ min: 1, max: 100 }), fc.double({ min: 0.01, max: 100, noNaN: true })),
  });
  const step = fc.record({ passMs: fc.oneof(fc.constant(0), fc.nat(3000)), key: fc.nat(3), cost: fc.nat(100) });

  test("takes from no key more than capacity + rate × time, in any span", () => {
    fc.assert(
      fc.property(limits, fc.array(step, { maxLength: 80 }), ({ capacity, rate }, steps) => {
        const { time, buckets } = fresh(capacity, rate, 100);
        const taken = new Map<number, { at: number; cost: number }[]>();
        for (const { passMs, key, cost: percent } of steps) {
          time.advance(passMs);
          const cost = Math.min(capacity, (capacity * percent) / 100);
          const at = time.clock.monotonicMs();
          if (!buckets.take(String(key), cost).allowed) continue;
          const all = taken.get(key) ?? [];
          taken.set(key, [...all, { at, cost }]);
        }
        for (const all of taken.values()) {
          for (let first = 0; first < all.length; first++) {
            let sum = 0;
            for (const { at, cost } of all.slice(first)) {
              sum += cost;
              const allowance = capacity + (rate * (at - all[first]!.at)) / 1000;
              expect(sum).toBeLessThanOrEqual(allowance * (1 + 1e-9) + 1e-6);
            }
          }
        }
      }),
    );
  });

  test("retryAfterMs is when it is allowed, and not more than a millisecond earlier", () => {
    fc.assert(
      fc.property(limits, fc.array(step, { maxLength: 40 }), ({ capacity, rate }, steps) => {
        const { time, buckets } = fresh(capacity, rate);
        for (const { passMs, cost: percent } of steps) {
          time.advance(passMs);
          const cost = Math.min(capacity, (capacity * percent) / 100);
          const { allowed, retryAfterMs } = buckets.take("a", cost);
          if (allowed) continue;
          if (retryAfterMs > 1) {
            time.advance(retryAfterMs - 1);
            expect(buckets.take("a", cost).allowed).toBe(false);
            time.advance(1);
          } else time.advance(retryAfterMs);
          expect(buckets.take("a", cost).allowed).toBe(true);
        }
      }),
    );
  });

  test("is answered as by a bucket that is filled drop by drop", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.array(step, { maxLength: 80 }), (capacity, steps) => {
        const { time, buckets } = fresh(capacity, 1000);
        const levels = new Map<number, { level: number; at: number }>();
        for (const { passMs, key, cost: percent } of steps) {
          const cost = Math.floor((capacity * percent) / 100);
          time.advance(passMs % 25);
          const now = time.clock.monotonicMs();
          const { level, at } = levels.get(key) ?? { level: capacity, at: now };
          const filled = Math.min(capacity, level + (now - at));
          const allowed = cost <= filled;
          levels.set(key, { level: allowed ? filled - cost : filled, at: now });
          const decision = buckets.take(String(key), cost);
          expect(decision.allowed).toBe(allowed);
          expect(decision.remaining).toBe(allowed ? filled - cost : filled);
          expect(decision.retryAfterMs).toBe(allowed ? 0 : cost - filled);
        }
      }),
    );
  });
});
