import { expect, test } from "bun:test";
import { findFailingSeed, runSeeds, simulate } from "#foundation/runtime/simulation";
import { openEngine } from "./index.ts";
import { watchedDisk } from "./testing/crash-disk.ts";
import { powerLossSimulation } from "./testing/power-loss.ts";

const COMMAND = "scripts/bun test data-plane/store/engine/power-loss.test.ts";
const NEVER = Number.POSITIVE_INFINITY;

test("the power may go before any write, sync or change of a name: an engine is wholly before or after what it was doing", () => {
  let operations = 0;
  const whole = { at: NEVER, every: NEVER, steps: 5 };
  const counted = simulate(
    powerLossSimulation(openEngine, 3, whole, (count) => {
      operations = count;
    }),
  );
  expect(counted.failure).toBeUndefined();
  expect(operations).toBeGreaterThan(60);
  for (let at = 1; at <= operations; at++) {
    const { failure } = simulate(powerLossSimulation(openEngine, 3, { ...whole, at }));
    if (failure !== undefined) throw new Error(`cut before operation ${at}: ${failure.message}`);
  }
});

test("the power may go again and again, while the engine recovers too", () => {
  const report = runSeeds({ count: 15, command: COMMAND }, (seed) =>
    powerLossSimulation(openEngine, seed, { at: 3 + (seed % 11), every: 17 + (seed % 29), steps: 25 }),
  );
  expect(report.faults.get("disk.power-loss")).toBeGreaterThan(60);
});

test("the power may go before any sync of the directory: no name is kept without those that it needs", () => {
  runSeeds({ count: 20, command: COMMAND }, (seed) =>
    powerLossSimulation(openEngine, seed, {
      at: 2 + (seed % 3),
      every: 3 + (seed % 2),
      only: "syncDirectory",
      steps: 12,
    }),
  );
});

for (const forgotten of ["sync", "syncDirectory"] as const) {
  test(`an engine whose ${forgotten} does nothing is found out`, () => {
    const open: typeof openEngine = (runtime, options) => {
      const disk = watchedDisk(runtime.disk, () => {});
      const forgetful =
        forgotten === "syncDirectory"
          ? { ...disk, syncDirectory: async () => {} }
          : {
              ...disk,
              open: async (path: string, mode: Parameters<typeof disk.open>[1]) => {
                const file = await disk.open(path, mode);
                return { ...file, sync: async () => {} };
              },
            };
      return openEngine({ ...runtime, disk: forgetful }, options);
    };
    const cut = { at: 20, every: 31, steps: 25 };
    const found = findFailingSeed(20, (seed) => powerLossSimulation(open, seed, cut))?.failure?.message;
    expect(found).toMatch(/should be one of|restore this storage server/);
  });
}
