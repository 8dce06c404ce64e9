/**
 * Conformance of clocks, timers, randomness and tasks.
 */

import { expect, test } from "bun:test";
import { randomBelow, randomUuid } from "../ports/random.ts";
import { sleep, type TimerHandle } from "../ports/timers.ts";
import type { InWorld } from "./harness.ts";

/** Registers the tests. */
export function timeConformance(inWorld: InWorld): void {
  test("clock gives whole milliseconds and a monotonic reading that never decreases", () =>
    inWorld(async ({ runtime: { clock, timers } }) => {
      expect(Number.isInteger(clock.now())).toBe(true);
      expect(clock.now()).toBeGreaterThan(Date.UTC(2020, 0, 1));
      let before = clock.monotonicMs();
      for (let round = 0; round < 5; round++) {
        await sleep(timers, 1);
        expect(clock.monotonicMs()).toBeGreaterThanOrEqual(before);
        before = clock.monotonicMs();
      }
    }));

  test("timers run in order of their due time, and in order of asking when due together", () =>
    inWorld(async ({ runtime: { timers } }) => {
      const ran: string[] = [];
      await new Promise<void>((resolve) => {
        timers.after(30, () => {
          ran.push("third");
          resolve();
        });
        timers.after(1, () => ran.push("first"));
        timers.after(1, () => ran.push("second"));
      });
      expect(ran).toEqual(["first", "second", "third"]);
    }));

  test("a timer never runs early, nor inside the call that sets it", () =>
    inWorld(async ({ runtime: { clock, timers } }) => {
      for (const delayMs of [0, 1, 2.5, 7]) {
        const start = clock.monotonicMs();
        let inside = true;
        await new Promise<void>((resolve) => {
          timers.after(delayMs, () => {
            expect(inside).toBe(false);
            resolve();
          });
          inside = false;
        });
        expect(clock.monotonicMs()).toBeGreaterThanOrEqual(start + delayMs);
      }
    }));

  test("a cancelled timer does not run, and cancelling again is harmless", () =>
    inWorld(async ({ runtime: { timers } }) => {
      let ran = false;
      const handle = timers.after(1, () => {
        ran = true;
      });
      handle.cancel();
      handle.cancel();
      await sleep(timers, 10);
      expect(ran).toBe(false);
      const done = timers.after(0, () => {});
      await sleep(timers, 5);
      done.cancel();
    }));

  test("a delay beyond 31 bits does not run at once", () =>
    inWorld(async ({ runtime: { timers } }) => {
      let ran = false;
      const handle = timers.after(2 ** 31 + 5, () => {
        ran = true;
      });
      await sleep(timers, 10);
      expect(ran).toBe(false);
      handle.cancel();
    }));

  test("every repeats until it is cancelled, also from inside its own run", () =>
    inWorld(async ({ runtime: { timers } }) => {
      let runs = 0;
      await new Promise<void>((resolve) => {
        const handle: TimerHandle = timers.every(2, () => {
          runs++;
          if (runs === 3) {
            handle.cancel();
            resolve();
          }
        });
      });
      await sleep(timers, 10);
      expect(runs).toBe(3);
    }));

  test("delays and intervals without meaning are refused", () =>
    inWorld(async ({ runtime: { timers } }) => {
      for (const delay of [-1, Number.NaN, Number.POSITIVE_INFINITY]) {
        expect(() => timers.after(delay, () => {})).toThrow(RangeError);
        expect(() => timers.every(delay, () => {})).toThrow(RangeError);
      }
      expect(() => timers.every(0, () => {})).toThrow(RangeError);
    }));

  test("sleep rejects with the signal's reason when aborted before or during", () =>
    inWorld(async ({ runtime: { timers } }) => {
      const before = new AbortController();
      before.abort("too late");
      expect(await sleep(timers, 1, before.signal).catch((reason: unknown) => reason)).toBe("too late");
      const during = new AbortController();
      timers.after(1, () => during.abort("changed my mind"));
      expect(await sleep(timers, 100_000_000, during.signal).catch((reason: unknown) => reason)).toBe(
        "changed my mind",
      );
    }));

  test("random numbers stay in their ranges and differ", () =>
    inWorld(async ({ runtime: { random } }) => {
      const draws = new Set<number>();
      for (let round = 0; round < 64; round++) {
        const draw = random.uint32();
        expect(Number.isInteger(draw) && draw >= 0 && draw < 2 ** 32).toBe(true);
        draws.add(draw);
        const float = random.float();
        expect(float >= 0 && float < 1).toBe(true);
        expect(randomBelow(random, 3)).toBeLessThan(3);
      }
      expect(draws.size).toBeGreaterThan(60);
      expect(random.bytes(0).length).toBe(0);
      expect(random.bytes(33).length).toBe(33);
      expect(Buffer.compare(random.bytes(16), random.bytes(16))).not.toBe(0);
      expect(random.fork("child").uint32()).not.toBe(random.fork("other").uint32());
      expect(randomUuid(random)).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    }));

  test("spawn starts a task outside the call", () =>
    inWorld(async ({ runtime }) => {
      let inside = true;
      await new Promise<void>((resolve) => {
        runtime.spawn("task", async () => {
          expect(inside).toBe(false);
          resolve();
        });
        inside = false;
      });
    }));
}
