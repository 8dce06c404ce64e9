import { describe, expect, test } from "bun:test";
import { sleep, type TimerHandle } from "../ports/timers.ts";
import { createVirtualTime } from "./virtual-time.ts";

const START = Date.UTC(2026, 0, 1);

describe("createVirtualTime", () => {
  test("stands still until advanced, then runs what fell due, each at its own moment", () => {
    const time = createVirtualTime(START);
    const log: string[] = [];
    time.timers.after(20, () => log.push(`b@${time.clock.monotonicMs()}`));
    time.timers.after(10, () => log.push(`a@${time.clock.monotonicMs()}`));
    expect(time.clock.now()).toBe(START);
    time.advance(9);
    expect(log).toEqual([]);
    time.advance(100);
    expect(log).toEqual(["a@10", "b@20"]);
    expect(time.clock.now()).toBe(START + 109);
    expect(time.pendingTimers()).toBe(0);
  });

  test("timers set by a timer run in the same advance when they fall due within it", () => {
    const time = createVirtualTime(START);
    let depth = 0;
    const nest = (): void => {
      if (++depth < 5) time.timers.after(10, nest);
    };
    time.timers.after(10, nest);
    time.advance(39);
    expect(depth).toBe(3);
    time.advance(11);
    expect(depth).toBe(5);
  });

  test("every keeps its rhythm until cancelled", () => {
    const time = createVirtualTime(START);
    const runs: number[] = [];
    const handle: TimerHandle = time.timers.every(10, () => {
      runs.push(time.clock.monotonicMs());
      if (runs.length === 3) handle.cancel();
    });
    time.advance(1000);
    expect(runs).toEqual([10, 20, 30]);
    expect(time.pendingTimers()).toBe(0);
  });

  test("advanceSettled lets awaiting loops make progress", async () => {
    const time = createVirtualTime(START);
    let rounds = 0;
    const loop = (async () => {
      for (; rounds < 5; rounds++) await sleep(time.timers, 10);
    })();
    await time.advanceSettled(50);
    expect(rounds).toBe(5);
    await loop;
  });

  test("the wall clock can jump without timers noticing", () => {
    const time = createVirtualTime(START);
    let ran = false;
    time.timers.after(10, () => {
      ran = true;
    });
    time.shiftWallClock(-3_600_000);
    expect(time.clock.now()).toBe(START - 3_600_000);
    expect(time.clock.monotonicMs()).toBe(0);
    time.advance(10);
    expect(ran).toBe(true);
  });

  test("a timer that re-arms itself with no delay is reported, not run for ever", () => {
    const time = createVirtualTime(START);
    const again = (): void => void time.timers.after(0, again);
    again();
    expect(() => time.advance(1)).toThrow("re-arms itself");
  });
});
