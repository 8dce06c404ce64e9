import { expect, test } from "bun:test";
import { runSeeds } from "#foundation/runtime/simulation";
import { type StoreTally, storeSimulation } from "./scenarios.ts";

const EFFORT = { clients: 2, faultyMs: 4_000, healingMs: 2_000 };

test("whatever fails around it, a store loses nothing that it acknowledged, makes nothing up, and goes on afterwards", () => {
  const tally: StoreTally = { committed: 0, unknown: 0, refused: 0, epochs: 0 };
  const { seeds } = runSeeds({ count: 20, command: "scripts/bun test tests/store/faults.test.ts" }, (seed) =>
    storeSimulation(seed, EFFORT, tally),
  );
  expect(tally.epochs).toBeGreaterThan(seeds);
});
