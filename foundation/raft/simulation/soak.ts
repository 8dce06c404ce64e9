/**
 * Many seeds, for a night: `tests/soak/raft.ts` runs it.
 *
 * Arguments: how many seeds of the world, the first of them.
 */

import { runSeeds, simulate } from "#foundation/runtime/simulation";
import * as room from "../index.ts";
import { openRaftStorage } from "../storage/raft-storage.ts";
import { groupSimulation, newTally } from "./group.ts";
import { powerLossSimulation } from "./power-loss.ts";
import { shuffle } from "./shuffle.ts";

const seeds = Number(process.argv[2] ?? 1000);
const first = Number(process.argv[3] ?? 1);

const tally = newTally();
const report = runSeeds(
  { first, count: seeds, twiceEvery: 50, command: "scripts/bun tests/soak/raft.ts 1 SEED" },
  (seed) => groupSimulation({ room, seed, faultyMs: 30_000, tally }),
);
console.log(`${report.seeds} groups, ${Math.round(report.virtualMs / 1000)} virtual seconds`, tally, report.faults);

// They take a tenth of the time each.
let told = 0;
for (let seed = first; seed < first + seeds * 10; seed++) {
  try {
    told += shuffle(room, seed, 6000).told;
  } catch (error) {
    throw new Error(`shuffled cores, seed ${seed}`, { cause: error });
  }
}
console.log(`${seeds * 10} groups of shuffled cores, ${told} commands told`);

for (let seed = first; seed < first + seeds; seed++) {
  const { failure } = simulate(powerLossSimulation(openRaftStorage, seed));
  if (failure !== undefined) throw new Error(`a disk that loses power, seed ${seed}`, { cause: failure });
}
console.log(`${seeds} disks`);
