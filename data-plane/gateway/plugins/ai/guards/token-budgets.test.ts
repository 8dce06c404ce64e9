import { expect, test } from "bun:test";
import fc from "fast-check";
import { createVirtualTime } from "#foundation/runtime";
import { createTokenBudgets, type Reservation } from "./token-budgets.ts";

test("no window has more than the quota, when estimates are never too low; who waits as told is allowed", () => {
  const step = fc.record({ wait: fc.nat(60), tokens: fc.integer({ min: 1, max: 12 }), share: fc.nat(4) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const time = createVirtualTime(0);
      const budgets = createTokenBudgets({ clock: time.clock, quota: 20, windowMs: 160, whenFull: "share" });
      const taken: { atMs: number; tokens: number }[] = [];
      let open: { reservation: Reservation; entry: { atMs: number; tokens: number }; actual: number } | undefined;
      for (const { wait, tokens, share } of steps) {
        time.advance(wait);
        if (open !== undefined) {
          open.reservation.settle(open.actual);
          open.entry.tokens = open.actual;
          open = undefined;
        }
        let reservation = budgets.reserve("key", tokens);
        if (!reservation.allowed) {
          time.advance(reservation.moreAfterMs);
          reservation = budgets.reserve("key", tokens);
        }
        expect(reservation.allowed).toBe(true);
        const entry = { atMs: time.clock.monotonicMs(), tokens };
        taken.push(entry);
        open = { reservation, entry, actual: Math.floor((tokens * share) / 4) };
        const inWindow = taken.filter(({ atMs }) => atMs > entry.atMs - 160).reduce((sum, one) => sum + one.tokens, 0);
        expect(inWindow).toBeLessThanOrEqual(20);
        expect(reservation.remaining).toBeLessThanOrEqual(20 - inWindow);
      }
    }),
    { numRuns: 200 },
  );
});

test("what really was more makes others wait, and never shows as less than nothing", () => {
  const time = createVirtualTime(0);
  const budgets = createTokenBudgets({ clock: time.clock, quota: 100, windowMs: 1_600, whenFull: "share" });
  const first = budgets.reserve("a", 10);
  expect(first.settle(150)).toBe(0);
  const refused = budgets.reserve("a", 1);
  expect([refused.allowed, refused.remaining]).toEqual([false, 0]);
  expect(budgets.reserve("b", 100).allowed).toBe(true);
  time.advance(refused.moreAfterMs);
  expect(budgets.reserve("a", 100).allowed).toBe(true);
});

test("a long answer is paid for although its beginning has left the window", () => {
  const time = createVirtualTime(0);
  const budgets = createTokenBudgets({ clock: time.clock, quota: 100, windowMs: 1_600, whenFull: "share" });
  const long = budgets.reserve("a", 10);
  time.advance(5_000);
  expect(long.settle(60)).toBe(50);
});

test("keys beyond those that are told apart share a budget, or have none; old ones make room", () => {
  const time = createVirtualTime(0);
  const options = { clock: time.clock, quota: 10, windowMs: 1_600, keysMax: 1 };
  const sharing = createTokenBudgets({ ...options, whenFull: "share" });
  sharing.reserve("a", 1);
  expect(["b", "c"].map((key) => sharing.reserve(key, 6).allowed)).toEqual([true, false]);
  const allowing = createTokenBudgets({ ...options, whenFull: "allow" });
  allowing.reserve("a", 1);
  expect(["b", "b"].map((key) => allowing.reserve(key, 6).allowed)).toEqual([true, true]);
  time.advance(4_000);
  expect(["b", "b"].map((key) => allowing.reserve(key, 6).allowed)).toEqual([true, false]);
  expect(allowing.size).toBe(1);
});
