import { expect, test } from "bun:test";
import { inTurns, startInTurns, takeTurns } from "./turns.ts";

/** Each look at the clock finds it half a millisecond later. */
function slowClock() {
  let ms = 0;
  return {
    now: () => 0,
    monotonicMs: () => {
      ms += 0.5;
      return ms;
    },
  };
}

/** Counts turns of the event loop until it is stopped. */
function countTurns() {
  let turns = 0;
  let counting = true;
  const count = (): void => {
    turns++;
    if (counting) setImmediate(count);
  };
  setImmediate(count);
  return () => {
    counting = false;
    return turns;
  };
}

test("work keeps its order and gives way in between", async () => {
  const turns = countTurns();
  const done = await inTurns(takeTurns(slowClock()), [...Array(40).keys()], (n, at) => [n, at]);
  expect(done).toEqual([...Array(40).keys()].map((n) => [n, n]));
  expect(turns()).toBeGreaterThanOrEqual(8);
});

test("one of several goes on in each round of the loop, in the order in which they came", async () => {
  const log: string[] = [];
  const work = (name: string) => inTurns(takeTurns(slowClock()), [0, 1, 2, 3, 4, 5], (n) => log.push(`${name}${n}`));
  let counting = true;
  const count = (): void => {
    log.push("|");
    if (counting) setImmediate(count);
  };
  setImmediate(count);
  await Promise.all([work("a"), work("b")]);
  counting = false;
  expect(log.filter((entry) => entry !== "|").join(" ")).toMatchInlineSnapshot(`"a0 b0 a1 a2 b1 b2 a3 a4 b3 b4 a5 b5"`);
  const [, ...rounds] = log.join(" ").split("|");
  for (const round of rounds) expect(round).not.toMatch(/a.*b|b.*a/);
});

test("short work does not", async () => {
  let given = 0;
  const giveWay = async () => void given++;
  const clock = { now: () => 0, monotonicMs: () => 1 };
  expect(await inTurns(takeTurns(clock, giveWay), [1, 2, 3], (n) => n * 2)).toEqual([2, 4, 6]);
  expect(given).toBe(0);
});

test("what was started and fails early is heard of at the end, once everything was started", async () => {
  const started: number[] = [];
  const all = startInTurns(takeTurns(slowClock()), [1, 2, 3, 4, 5, 6, 7, 8], async (n) => {
    started.push(n);
    if (n === 1) throw new Error("the first one");
    return n;
  });
  await expect(all).rejects.toThrow("the first one");
  expect(started).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
});
