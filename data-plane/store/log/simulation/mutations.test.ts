/**
 * Each deliberate mistake must be found by the life of a log.
 */
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { withMutant } from "#foundation/mutants";
import { simulate } from "#foundation/runtime/simulation";
import { openLog } from "../index.ts";
import { lifeSimulation } from "./life.ts";
import { type LogMutation, MUTATIONS } from "./mutations.ts";
import { SCENES, sceneSimulation } from "./scenes.ts";

const ROOM = join(import.meta.dir, "..");

/** How many other seeds are tried when the one that is noted does not find the mistake any more. */
const SEEDS_MAX = 200;

function finds(open: typeof openLog, seed: number, scene: LogMutation["scene"]): boolean {
  const options = scene === undefined ? lifeSimulation({ open, seed, losses: 8 }) : sceneSimulation(scene, open, seed);
  // Whoever waits for what never comes is found by the time it takes.
  return simulate({ ...options, virtualMsMax: 60_000 }).failure !== undefined;
}

test.each(SCENES)("a loss of power while %s", (scene) => {
  for (let seed = 1; seed <= 15; seed++)
    expect(simulate(sceneSimulation(scene, openLog, seed)).failure).toBeUndefined();
});

describe("a deliberate mistake is found", () => {
  test.each(MUTATIONS.map((mutation) => [mutation.name, mutation] as const))("%s", async (_name, mutation) => {
    const found = await withMutant(ROOM, mutation, async (load) => {
      const { openLog: open } = (await load("index.ts")) as { readonly openLog: typeof openLog };
      if (finds(open, mutation.seed, mutation.scene)) return mutation.seed;
      for (let seed = 1; seed <= SEEDS_MAX; seed++) if (finds(open, seed, mutation.scene)) return seed;
      return undefined;
    });
    expect(found).toBeDefined();
    if (process.env.BIPLANE_SEEDS !== undefined) console.log(`${mutation.name}: seed ${found}`);
  });

  // Otherwise everything above would prove nothing.
  test("and nothing is found where there is none", () => {
    const seeds = new Map(MUTATIONS.map(({ seed, scene }) => [`${seed} ${scene}`, { seed, scene }]));
    for (const { seed, scene } of seeds.values()) expect(finds(openLog, seed, scene)).toBe(false);
  });
});
