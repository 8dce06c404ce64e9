/**
 * Logs that lose power, from seeds: everything acknowledged survives, in the state it was in before or after what was being done.
 */
import { expect, test } from "bun:test";
import { runSeeds, simulate } from "#foundation/runtime/simulation";
import { openLog } from "../index.ts";
import { lifeSimulation } from "./life.ts";

test("a log that loses power at random changes of its disk is what it was told to be", () => {
  const tally = new Map<string, number>();
  const command = "scripts/bun test ./data-plane/store/log/simulation/life.simulation.test.ts";
  const report = runSeeds({ count: 12, command }, (seed) => lifeSimulation({ open: openLog, seed, losses: 12, tally }));
  if (process.env.BIPLANE_SEEDS !== undefined) console.log(report, tally);
  // One seed that is run again need not have seen everything.
  if (report.seeds === 1) return;
  expect([...tally.keys()].sort().join(", ")).toBe(
    "activate, finalize, lock, lock amid pushes, lock refused, pop, pull, push, recover, refused, reopen, set poppers",
  );
  expect([...report.probes.keys()].sort()).toEqual(["log.end-without-entry", "log.unfinished"]);
  for (const [site, count] of report.buggified) expect(`${site} ${count > 0}`).toBe(`${site} true`);
  expect(report.faults.get("machine.power")).toBeGreaterThan(80);
});

test("a log that loses power at each of its first changes is what it was told to be", () => {
  for (let place = 1; place <= 45; place++) {
    for (const isAfter of [false, true]) {
      const { failure } = simulate(
        lifeSimulation({ open: openLog, seed: place, losses: 2, strike: { place, isAfter } }),
      );
      if (failure !== undefined) throw failure;
    }
  }
});
