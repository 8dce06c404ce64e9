import { runtimeConformance } from "../conformance.ts";
import { simulate } from "./simulate.ts";

/** A few seeds: each meets other delays, other orders, other ways to cut a stream into segments. */
const SEEDS = [1, 2, 3, 4];

runtimeConformance("simulated", async (body) => {
  for (const seed of SEEDS) {
    const { failure } = simulate({
      seed,
      machines: { alpha: async () => {} },
      // The matchers of the test runner may look at the time.
      guardGlobals: false,
      scenario: async (world) => {
        const { runtime } = world.machine("alpha");
        await runtime.disk.makeDirectory("/test");
        await body({ runtime, directory: "/test", host: "alpha" });
      },
    });
    if (failure !== undefined) throw failure.cause ?? failure;
  }
});
