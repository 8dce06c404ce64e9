import { describe, expect, test } from "bun:test";
import { step } from "../machine.ts";
import { chanceOf } from "./chance.ts";
import { type Step, type Trouble, World } from "./world.ts";

const ROUGH: Trouble = { disconnect: 0.08, loseChanges: 0.03, doubleChanges: 0.1, swapChanges: 0.05, diskFails: 0.05 };
/** More seeds for a longer search: `BIPLANE_SEEDS=100000`. */
const SEEDS = Number(process.env.BIPLANE_SEEDS ?? 1500);
/** A seed takes about a quarter of a millisecond. */
const TIMEOUT_MS = 10_000 + SEEDS * 10;
const DISTURBANCES = 60;

function run(seed: number, stepUnderTest: Step = step): World {
  const world = new World(chanceOf(seed), ROUGH, stepUnderTest);
  for (let count = 0; count < DISTURBANCES; count++) world.disturb();
  world.rest();
  world.checkConverged();
  return world;
}

describe("the link over a bad network", () => {
  test(
    "shows only states that the control plane had, and ends at its head",
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
      for (const [name, count] of Object.entries(seen)) expect([name, count > SEEDS / 10]).toEqual([name, true]);
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
    "takes changes that leave a gap",
    (state, event, chance) => {
      if (event.type !== "message" || event.message.type !== "changes" || state.received === undefined)
        return step(state, event, chance);
      return step(state, { ...event, message: { ...event.message, after: state.received.cursor } }, chance);
    },
  ],
  [
    "replaces the catalog at the first part of a snapshot",
    (state, event, chance) => {
      if (event.type !== "message" || event.message.type !== "snapshot") return step(state, event, chance);
      return step(state, { ...event, message: { ...event.message, last: true } }, chance);
    },
  ],
  [
    "settles commands before the catalog shows them",
    (state, event, chance) => {
      const effects = step(state, event, chance);
      if (event.type !== "message" || event.message.type !== "commandResult") return effects;
      if (!state.pending.delete(event.message.correlation)) return effects;
      return [...effects, { type: "settle", correlation: event.message.correlation, outcome: event.message.outcome }];
    },
  ],
  [
    "listens to connections that have ended",
    (state, event, chance) =>
      step(state, event.type === "message" ? { ...event, connection: state.connection } : event, chance),
  ],
  [
    "claims its cursor for the run that has just said welcome",
    (state, event, chance) => {
      const effects = step(state, event, chance);
      if (event.type === "message" && event.message.type === "welcome" && state.received !== undefined) {
        state.received = { ...state.received, run: event.message.run };
      }
      return effects;
    },
  ],
  [
    "forgets commands when the connection breaks",
    (state, event, chance) =>
      step(state, event, chance).filter((effect) => event.type !== "closed" || effect.type !== "fail"),
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
