/** Embedded stores that lose power: what was acknowledged is there, whole. */
import { expect, test } from "bun:test";
import type { DiskFile } from "#foundation/runtime";
import { findFailingSeed, runSeeds, simulate } from "#foundation/runtime/simulation";
import { openEmbedded } from "./index.ts";
import { powerLossSimulation } from "./power-loss.ts";

const COMMAND = "scripts/bun test ./data-plane/store/embedded/power-loss.simulation.test.ts";
const NEVER = Number.POSITIVE_INFINITY;

test("the power may go before any write, sync or change of a name, while the store is made, works, and is closed", () => {
  const whole = { at: NEVER, every: NEVER, commits: 1 };
  let operations = 0;
  const counted = simulate(
    powerLossSimulation(openEmbedded, 5, whole, (count) => {
      operations = count;
    }),
  );
  if (counted.failure !== undefined) throw counted.failure;
  expect(operations).toBeGreaterThan(40);
  for (let at = 1; at <= operations; at++) {
    const { failure } = simulate(powerLossSimulation(openEmbedded, 5, { ...whole, at }));
    if (failure !== undefined) throw new Error(`cut before operation ${at}: ${failure.message}`, { cause: failure });
  }
});

test("the power may go again and again, while the store recovers too", () => {
  const report = runSeeds({ count: 8, command: COMMAND }, (seed) =>
    powerLossSimulation(openEmbedded, seed, { at: 3 + (seed % 19), every: 60 + (seed % 41), commits: 8 }),
  );
  if (report.seeds > 1) expect(report.faults.get("machine.power")).toBeGreaterThan(10);
});

test("a process may be killed, and the power go soon after it was started again", () => {
  const report = runSeeds({ count: 8, command: COMMAND }, (seed) =>
    powerLossSimulation(openEmbedded, seed, { at: 67 + (seed % 30), every: 70, soon: 1 + (seed % 37), commits: 6 }),
  );
  if (report.seeds > 1) expect(report.faults.get("machine.process")).toBeGreaterThan(5);
});

test("a store whose disk does not sync is found out", () => {
  const open: typeof openEmbedded = (runtime, options) => {
    const disk = {
      ...runtime.disk,
      open: async (...given: Parameters<typeof runtime.disk.open>): Promise<DiskFile> => {
        const file = await runtime.disk.open(...given);
        return new Proxy(file, {
          get: (of, name) => {
            if (name === "sync") return async () => {};
            const member = Reflect.get(of, name);
            return typeof member === "function" ? member.bind(of) : member;
          },
        });
      },
    };
    return openEmbedded(
      {
        ...runtime,
        disk: new Proxy(runtime.disk, { get: (of, name) => (name === "open" ? disk.open : bound(of, name)) }),
      },
      options,
    );
  };
  const found = findFailingSeed(15, (seed) => powerLossSimulation(open, seed, { at: 70, every: 61, commits: 8 }));
  expect(found?.failure?.message).toMatch(/should be all one of|corrupt|damaged|is lost|ends at|end early/);
});

function bound(of: object, name: string | symbol): unknown {
  const member = Reflect.get(of, name);
  return typeof member === "function" ? member.bind(of) : member;
}
