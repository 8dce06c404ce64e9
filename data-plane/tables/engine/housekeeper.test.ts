import { expect, test } from "bun:test";
import { createVirtualTime } from "#foundation/runtime";
import type { EngineHost } from "#foundation/sql";
import { startHousekeeper } from "./housekeeper.ts";
import type { TableViews } from "./reading/table-views.ts";
import type { TableOperations } from "./records/commands.ts";

const PIECE_MS = 10;

/** Housekeeping over a host on which each piece of the five that there are takes ten milliseconds. */
function keepHouse(writes: () => number) {
  const time = createVirtualTime(0);
  let pieces = 0;
  const host = {
    async apply(name: string) {
      if (name !== "chore") return { more: false, gone: [], streams: [] };
      pieces++;
      time.advance(PIECE_MS);
      return { more: pieces < 5, changed: [] };
    },
  } as unknown as EngineHost<TableOperations>;
  const housekeeper = startHousekeeper({
    host,
    writes,
    views: { all: () => [] } as unknown as TableViews,
    clock: time.clock,
    timers: time.timers,
    onStreams: () => undefined,
    onStreamGone: () => undefined,
  });
  return { housekeeper, time, pieces: () => pieces };
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("background work goes on at once while nobody writes", async () => {
  const { pieces, housekeeper } = keepHouse(() => 7);
  await settled();
  expect(pieces()).toBe(5);
  await housekeeper.close();
});

test("beside others who write it rests three times as long as it worked", async () => {
  let written = 0;
  const { time, pieces, housekeeper } = keepHouse(() => written++);
  await settled();
  expect(pieces()).toBe(1);
  time.advance(3 * PIECE_MS - 1);
  await settled();
  expect(pieces()).toBe(1);
  time.advance(1);
  await settled();
  expect(pieces()).toBe(2);
  await housekeeper.close();
  time.advance(1000);
  await settled();
  expect(pieces()).toBe(2);
});

test("who waits for all of it does not wait for rests", async () => {
  let written = 0;
  const { pieces, housekeeper } = keepHouse(() => written++);
  await settled();
  expect(pieces()).toBe(1);
  await housekeeper.settle();
  expect(pieces()).toBeGreaterThanOrEqual(5);
  await housekeeper.close();
});
