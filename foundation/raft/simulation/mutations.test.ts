/**
 * Each deliberate mistake must be found: by the world with clocks and disks, by shuffled cores, by a disk that loses power, or by a scene.
 */

import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { withMutant } from "#foundation/mutants";
import { simulate } from "#foundation/runtime/simulation";
import * as room from "../index.ts";
import { openRaftStorage } from "../storage/raft-storage.ts";
import { groupSimulation, type RaftRoom } from "./group.ts";
import { MUTATIONS, type RaftMutation } from "./mutations.ts";
import { powerLossSimulation } from "./power-loss.ts";
import { SCENES } from "./scenes.ts";
import { type CoreRoom, shuffle } from "./shuffle.ts";

/** How many other seeds are tried when the one that is noted does not find the mistake any more. */
const SEEDS_MAX = { world: 60, shuffle: 4000, disk: 100, scene: 1 } as const;

const MOVES = 3000;
const FAULTY_MS = 12_000;

/** A copy of the room, and the way to its disk. */
interface Mutant {
  readonly room: RaftRoom & CoreRoom;
  readonly openRaftStorage: typeof openRaftStorage;
}

/** What was found wrong in a run; undefined when nothing was. */
function complaint(by: RaftMutation["by"], mutant: Mutant, seed: number): unknown {
  try {
    if (by === "world") return simulate(groupSimulation({ room: mutant.room, seed, faultyMs: FAULTY_MS })).failure;
    if (by === "disk") return simulate(powerLossSimulation(mutant.openRaftStorage, seed)).failure;
    if (by === "shuffle") shuffle(mutant.room, seed, MOVES);
    else for (const scene of SCENES) scene(mutant.room);
    return undefined;
  } catch (error) {
    return error;
  }
}

test("cores that are not broken keep every promise, shuffled, from many seeds", () => {
  let told = 0;
  for (let seed = 1; seed <= 200; seed++) told += shuffle(room, seed, MOVES).told;
  expect(told).toBeGreaterThan(1000);
});

test("a disk that loses power keeps what it confirmed", () => {
  for (let seed = 1; seed <= 30; seed++) {
    const { failure } = simulate(powerLossSimulation(openRaftStorage, seed));
    expect(failure).toBeUndefined();
  }
});

test.each(SCENES.map((scene) => [scene.name, scene] as const))("scene: %s", (_name, scene) => {
  scene(room);
});

describe("a deliberate mistake is found", () => {
  test.each(MUTATIONS.map((mutation) => [mutation.name, mutation] as const))("%s", async (_name, mutation) => {
    const found = await withMutant(join(import.meta.dir, ".."), mutation, async (load) => {
      const room = (await load("index.ts")) as Mutant["room"];
      const mutant = { room, ...((await load("storage/raft-storage.ts")) as Pick<Mutant, "openRaftStorage">) };
      const { by } = mutation;
      if (complaint(by, mutant, mutation.seed) !== undefined) return mutation.seed;
      for (let seed = 1; seed <= SEEDS_MAX[by]; seed++) if (complaint(by, mutant, seed) !== undefined) return seed;
      return undefined;
    });
    expect(found).toBeDefined();
    if (process.env.BIPLANE_SEEDS !== undefined) console.log(`${mutation.name}: seed ${found}`);
  });

  // Otherwise everything above would prove nothing.
  test("and nothing is found where there is none", () => {
    const mutant: Mutant = { room, openRaftStorage };
    for (const { by, seed } of MUTATIONS) expect(complaint(by, mutant, seed)).toBeUndefined();
  });
});
