/**
 * Each deliberate mistake must be found by the life of a log.
 */
import { describe, expect, test } from "bun:test";
import { simulate } from "#foundation/runtime/simulation";
import { openLog } from "../index.ts";
import { lifeSimulation } from "./life.ts";
import { withMutant } from "./mutant.ts";
import { MUTATIONS } from "./mutations.ts";

/** How many other seeds are tried when the one that is noted does not find the mistake any more. */
const SEEDS_MAX = 200;

function finds(open: typeof openLog, seed: number): boolean {
  // Whoever waits for what never comes is found by the time it takes.
  return simulate({ ...lifeSimulation({ open, seed, losses: 8 }), virtualMsMax: 60_000 }).failure !== undefined;
}

describe("a deliberate mistake is found", () => {
  test.each(MUTATIONS.map((mutation) => [mutation.name, mutation] as const))("%s", async (_name, mutation) => {
    const found = await withMutant(mutation, (open) => {
      if (finds(open, mutation.seed)) return mutation.seed;
      for (let seed = 1; seed <= SEEDS_MAX; seed++) if (finds(open, seed)) return seed;
      return undefined;
    });
    expect(found).toBeDefined();
    if (process.env.BIPLANE_SEEDS !== undefined) console.log(`${mutation.name}: seed ${found}`);
  });

  // Otherwise everything above would prove nothing.
  test("and nothing is found where there is none", () => {
    for (const seed of new Set(MUTATIONS.map(({ seed }) => seed))) expect(finds(openLog, seed)).toBe(false);
  });
});
