import { describe, expect, test } from "bun:test";
import { SeededRandom } from "#foundation/runtime/simulation";
import { step } from "../fleet-machine.ts";
import { type Step, type Trouble, World } from "./world.ts";

const ROUGH: Trouble = {
  lose: 0.1,
  double: 0.1,
  delay: 0.15,
  refuseConnection: 0.2,
  downloadFails: 0.15,
  downloadIsOther: 0.05,
  downloadHangs: 0.05,
  applyFails: 0.1,
};
/** More seeds for a longer search: `BIPLANE_SEEDS=100000`. */
const SEEDS = Number(process.env.BIPLANE_SEEDS ?? 500);
/** A seed takes about two milliseconds. */
const TIMEOUT_MS = 20_000 + SEEDS * 40;
const DISTURBANCES = 40;

function run(seed: number, stepUnderTest: Step = step): World {
  const world = new World(SeededRandom.fromSeed(seed), ROUGH, stepUnderTest);
  for (let count = 0; count < DISTURBANCES; count++) world.disturb();
  world.rest();
  world.checkConverged();
  return world;
}

describe("a gateway and its fleet over a bad network", () => {
  test(
    "come to the last artifact that was wanted, by one download at a time and never backwards",
    () => {
      const seen: Record<string, number> = {};
      for (let seed = 1; seed <= SEEDS; seed++) {
        try {
          for (const [name, count] of Object.entries(run(seed).seen)) seen[name] = (seen[name] ?? 0) + count;
        } catch (error) {
          throw new Error(`seed ${seed}: ${error instanceof Error ? error.message : error}`, { cause: error });
        }
      }
      // A simulation in which something never happened has tested nothing of it.
      const expected = ["deploy", "break", "restart", "lost", "doubled", "late", "refused connection", "cancel"];
      expected.push("download failed", "download hangs", "another digest", "apply failed", "applied", "refusal told");
      for (const name of expected) expect([name, (seen[name] ?? 0) > SEEDS / 10]).toEqual([name, true]);
    },
    TIMEOUT_MS,
  );

  test("a seed repeats itself", () => {
    expect(run(7).seen).toEqual(run(7).seen);
  });
});

/** Machines with one mistake each. A simulation that does not find them is worth nothing. */
const SABOTAGE: readonly (readonly [string, Step])[] = [
  [
    "takes the last word for the newest",
    (state, event, around) => {
      if (event.type === "message" && state.desired !== undefined && state.phase === "registered") {
        state.desired = { ...state.desired, generation: -1 };
      }
      return step(state, event, around);
    },
  ],
  [
    "begins the next download before the cancelled one has ended",
    (state, event, around) => {
      const effects = step(state, event, around);
      if (!effects.some((effect) => effect.type === "cancelDownload")) return effects;
      state.work = undefined;
      return [...effects, ...step(state, { type: "timer", timer: "again" }, around)];
    },
  ],
  [
    "believes every digest",
    (state, event, around) =>
      step(
        state,
        event.type === "downloaded" && state.work !== undefined
          ? { ...event, digest: state.work.target.digest }
          : event,
        around,
      ),
  ],
  [
    "heeds only notifications",
    (state, event, around) =>
      step(
        state,
        event.type === "message" && event.message.type === "heartbeat_ack"
          ? { ...event, message: { type: "heartbeat_ack" } }
          : event,
        around,
      ),
  ],
  [
    "never comes back",
    (state, event, around) =>
      step(state, event, around).filter((effect) => effect.type !== "setTimer" || effect.timer !== "retry"),
  ],
  [
    "comes back at once",
    (state, event, around) =>
      step(state, event, around).map((effect) =>
        effect.type === "setTimer" && effect.timer === "retry" ? { ...effect, delayMs: 0 } : effect,
      ),
  ],
  [
    "is quiet about a failed download and waits for another",
    (state, event, around) => {
      const effects = step(state, event, around);
      return event.type === "downloadFailed" ? effects.filter((effect) => effect.type !== "setTimer") : effects;
    },
  ],
  [
    "stops beating",
    (state, event, around) =>
      step(state, event, around).filter((effect) => effect.type !== "setTimer" || effect.timer !== "heartbeat"),
  ],
];

describe("the simulation", () => {
  test.each(SABOTAGE)("catches a machine that %s", (_, sabotaged) => {
    const outcome = () => {
      for (let seed = 1; seed <= SEEDS; seed++) run(seed, sabotaged);
    };
    expect(outcome).toThrow();
  });
});
