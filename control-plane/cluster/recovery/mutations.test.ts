/**
 * Each deliberate mistake must be found by its scene, and nothing where there is none.
 */
import { describe, expect, test } from "bun:test";
import { withMutant } from "#foundation/mutants";
import { runDirector } from "./index.ts";
import type { Director } from "./testing/fake-cluster.ts";
import { MUTATIONS } from "./testing/mutations.ts";
import { SCENES, type SceneName } from "./testing/scenes.ts";

/** What was found; a scene that cannot be played to its end has found something as well. */
async function complaints(by: SceneName, director: Director): Promise<readonly string[]> {
  try {
    return await SCENES[by](director);
  } catch (error) {
    return [String(error)];
  }
}

test.each(Object.keys(SCENES) as SceneName[])("nothing is found in %s", async (name) => {
  expect(await complaints(name, runDirector)).toEqual([]);
});

describe("a director is found out that", () => {
  test.each(MUTATIONS.map((mutation) => [mutation.name, mutation] as const))("%s", async (_name, mutation) => {
    const found = await withMutant(import.meta.dir, mutation, async (load) => {
      const { runDirector: director } = (await load("index.ts")) as { readonly runDirector: Director };
      return complaints(mutation.by, director);
    });
    expect(found.length).toBeGreaterThan(0);
    if (process.env.BIPLANE_SEEDS !== undefined) console.log(`${mutation.name}: ${found[0]}`);
  });
});
