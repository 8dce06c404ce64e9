import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { createVirtualTime } from "#foundation/runtime";
import { createSlidingWindows, RUNS_PER_WINDOW } from "./sliding-windows.ts";

describe("against a log of all requests", () => {
  // Eighths of a millisecond, so that sums are exact.
  const gaps = fc.array(
    fc.oneof(fc.nat(24), fc.nat(400), fc.nat(12_000)).map((eighths) => eighths / 8),
    {
      minLength: 1,
      maxLength: 300,
    },
  );

  test("no window of any place has more than the quota, and only a sixteenth of a window is given away", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), fc.constantFrom(50, 160, 1_000), gaps, (quota, windowMs, steps) => {
        const time = createVirtualTime(0);
        const windows = createSlidingWindows({ clock: time.clock, quota, windowMs });
        const taken: number[] = [];
        const countSince = (since: number): number => taken.filter((moment) => moment > since).length;
        for (const step of steps) {
          time.advance(step);
          const now = time.clock.monotonicMs();
          const inWindow = countSince(now - windowMs);
          const inWindowAndRun = countSince(now - windowMs - windowMs / RUNS_PER_WINDOW);
          const { allowed, remaining, moreAfterMs } = windows.take("key");
          if (inWindow >= quota) expect(allowed).toBe(false);
          if (inWindowAndRun < quota) expect(allowed).toBe(true);
          if (allowed) taken.push(now);
          expect(remaining).toBeGreaterThanOrEqual(0);
          expect(remaining).toBeLessThanOrEqual(quota - countSince(now - windowMs));
          expect(moreAfterMs).toBeGreaterThan(0);
          expect(moreAfterMs).toBeLessThanOrEqual(windowMs);
        }
        // The same said of what was allowed in the end, by windows that begin at each request.
        for (const [index, moment] of taken.entries()) {
          const inside = taken.slice(index).filter((other) => other < moment + windowMs);
          expect(inside.length).toBeLessThanOrEqual(quota);
        }
      }),
      { numRuns: 300 },
    );
  });

  test("who waits for as long as it is told is allowed", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), gaps, (quota, steps) => {
        const time = createVirtualTime(0);
        const windows = createSlidingWindows({ clock: time.clock, quota, windowMs: 160 });
        for (const step of steps) {
          time.advance(step);
          const { allowed, moreAfterMs } = windows.take("key");
          if (allowed) continue;
          time.advance(moreAfterMs);
          expect(windows.take("key").allowed).toBe(true);
        }
      }),
    );
  });
});

test("a burst leaves the window at once, and exactly when it is over", () => {
  const time = createVirtualTime(0);
  const windows = createSlidingWindows({ clock: time.clock, quota: 3, windowMs: 1_000 });
  expect([1, 2, 3, 4].map(() => windows.take("a"))).toEqual([
    { allowed: true, remaining: 2, moreAfterMs: 1_000 },
    { allowed: true, remaining: 1, moreAfterMs: 1_000 },
    { allowed: true, remaining: 0, moreAfterMs: 1_000 },
    { allowed: false, remaining: 0, moreAfterMs: 1_000 },
  ]);
  time.advance(999);
  expect(windows.take("a")).toEqual({ allowed: false, remaining: 0, moreAfterMs: 1 });
  time.advance(1);
  expect(windows.take("a")).toEqual({ allowed: true, remaining: 2, moreAfterMs: 1_000 });
});

test("keys have nothing to do with each other", () => {
  const { clock } = createVirtualTime(0);
  const windows = createSlidingWindows({ clock, quota: 1, windowMs: 1_000 });
  expect(windows.take("a").allowed).toBe(true);
  expect(windows.take("b").allowed).toBe(true);
  expect(windows.take("a").allowed).toBe(false);
});

describe("when there are as many keys as may be", () => {
  test("new ones share a quota, and the old ones keep theirs", () => {
    const { clock } = createVirtualTime(0);
    const windows = createSlidingWindows({ clock, quota: 2, windowMs: 1_000, keysMax: 2 });
    windows.take("a");
    windows.take("b");
    expect(["c", "d", "e"].map((key) => windows.take(key).allowed)).toEqual([true, true, false]);
    expect(windows.take("a").allowed).toBe(true);
    expect(windows.take("a").allowed).toBe(false);
    expect(windows.size).toBe(2);
  });

  test("new ones are not counted when so configured", () => {
    const { clock } = createVirtualTime(0);
    const windows = createSlidingWindows({ clock, quota: 1, windowMs: 1_000, keysMax: 1, whenFull: "allow" });
    windows.take("a");
    expect(["c", "c", "c"].map((key) => windows.take(key).allowed)).toEqual([true, true, true]);
    expect(windows.take("a").allowed).toBe(false);
  });

  test("there is room again once old ones are forgotten", () => {
    const time = createVirtualTime(0);
    const windows = createSlidingWindows({ clock: time.clock, quota: 1, windowMs: 1_000, keysMax: 1 });
    windows.take("a");
    time.advance(2_000);
    expect(windows.take("b").allowed).toBe(true);
    expect(windows.take("b").allowed).toBe(false);
    expect(windows.size).toBe(1);
  });
});
