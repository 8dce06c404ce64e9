/**
 * Groups in a world that breaks, from seeds. Each run: faults of all kinds, then calm, in which the group must recover. Judged while it runs.
 */

import { expect, test } from "bun:test";
import { runSeeds } from "#foundation/runtime/simulation";
import * as room from "../index.ts";
import { groupSimulation, newTally } from "./group.ts";

test("a group keeps every promise through every drawn plan, and recovers", () => {
  const tally = newTally();
  const command = "scripts/bun test ./foundation/raft/simulation/group.simulation.test.ts";
  const report = runSeeds({ count: 12, twiceEvery: 12, command }, (seed) =>
    groupSimulation({ room, seed, faultyMs: 12_000, tally }),
  );
  if (process.env.BIPLANE_SEEDS !== undefined) console.log(report, tally);
  // One seed that is run again need not have seen everything.
  if (report.seeds === 1) return;
  // What did not happen was not tested.
  expect(report.faults.get("machine.power")).toBeGreaterThan(5);
  for (const [what, count] of Object.entries(tally)) expect(`${what} ${count > 0}`).toBe(`${what} true`);
});
