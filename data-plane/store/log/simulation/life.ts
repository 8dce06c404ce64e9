/**
 * A log that lives through random steps, each judged by the naive log, while power is cut at any change of the disk. What is found afterwards must be what was
 * confirmed, or what was being done: wholly, or as far as it had come where it is made of parts.
 */
import type { Runtime } from "#foundation/runtime";
import { CALM_PLAN, type CrashKind, type SimulationOptions, type World } from "#foundation/runtime/simulation";
import type { LogServer, openLog } from "../index.ts";
import {
  describeLog,
  entryText,
  lastOf,
  matched,
  type NaiveLog,
  NEW_LOG,
  type Observed,
  reopened,
} from "./naive-log.ts";
import { DIRECTORY, pullOf, refusal } from "./play.ts";
import { type Draw, sourceFor, takeStep } from "./steps.ts";
import { Strikes } from "./strikes.ts";

export interface Life {
  readonly open: typeof openLog;
  readonly seed: number;
  /** How often power is cut. */
  readonly losses: number;
  /** At which change of the disk, counted from the beginning of each life; undefined draws it each time. */
  readonly strike?: { readonly place: number; readonly isAfter: boolean };
  /** Counts what was done. */
  readonly tally?: Map<string, number>;
}

export function lifeSimulation({ open, seed, losses, strike, tally = new Map() }: Life): SimulationOptions {
  const strikes = new Strikes();
  /** What the log may be. */
  let possible: readonly NaiveLog[] = [NEW_LOG];
  let steps = 0;
  const program = async (runtime: Runtime): Promise<void> => {
    const random = runtime.random.fork("steps");
    const draw: Draw = {
      below: (bound) => Math.floor(random.float() * bound),
      chance: (probability) => random.float() < probability,
      pause: () => new Promise((resolve) => runtime.timers.after(random.float(), resolve)),
    };
    const openIt = (): Promise<LogServer> =>
      open(
        { ...runtime, disk: strikes.wrap(runtime.disk), timers: runtime.timers, hooks: runtime.hooks },
        {
          id: "log-1",
          directory: DIRECTORY,
          clientOf: sourceFor(draw),
          segmentBytes: 400,
          cacheBytes: draw.chance(0.5) ? 200 : 100_000,
        },
      );
    let log = await openIt();
    let model = await identify(log, possible);
    strikes.opened();
    const { epoch, poppers } = model;
    // Who pops cannot be seen. Where it is not certain, it is said again.
    if (possible.some((one) => one.poppers.join() !== poppers.join())) {
      await log.handlers.setPoppers({ epoch, storages: poppers });
    }
    possible = [model];
    for (;;) {
      if (draw.chance(0.03)) {
        tally.set("reopen", (tally.get("reopen") ?? 0) + 1);
        await log.close();
        log = await openIt();
        model = await identify(log, possible);
        possible = [model];
      }
      steps++;
      model = await takeStep(log, model, draw, (outcomes, name) => {
        possible = [...possible, ...outcomes];
        tally.set(name, (tally.get(name) ?? 0) + 1);
        return (version) => {
          possible = possible.filter((candidate) => lastOf(candidate) >= version);
        };
      });
      possible = [model];
      // Steps that ask nothing of the disk take no time: something else must come up, too.
      await draw.pause();
    }
  };
  return {
    seed,
    machines: { m: program },
    faults: (random) => ({ ...CALM_PLAN, buggifyShare: random.float() < 0.5 ? 1 : 0 }),
    scenario: async (world: World) => {
      const machine = world.machine("m");
      let kind: CrashKind = "power";
      const chance = (probability: number): boolean => world.random.float() < probability;
      for (let loss = 0; loss < losses; loss++) {
        // What a killed process has left in the system's memory is lost soonest by the very next change.
        const isSoon: boolean = kind === "process" && chance(0.5);
        const place = strike?.place ?? (isSoon ? 1 : 1 + Math.floor(world.random.float() ** 2 * 60));
        strikes.aim(
          place,
          strike?.isAfter ?? (!isSoon && chance(0.5)),
          strike === undefined && (isSoon || chance(0.7)),
        );
        const before = steps;
        await world.until("the log has come to the place", () => strikes.struck || steps > before + 400);
        // The disk hangs for a while, and everything else goes on.
        if (chance(0.3)) await world.sleep(world.random.float() * 2);
        kind = isSoon || chance(0.65) ? "power" : "process";
        machine.kill(kind);
        machine.start();
      }
      strikes.aim(Number.POSITIVE_INFINITY, false);
      const before = steps;
      await world.until("the log lives on", () => steps > before + 20);
    },
  };
}

/** Which of the possible logs the real one is. */
async function identify(log: LogServer, possible: readonly NaiveLog[]): Promise<NaiveLog> {
  const info = await log.handlers.info({ revision: 0n });
  const observed = await observe(log, info.epoch);
  for (const candidate of possible.map(reopened)) {
    const found = matched(candidate, { ...observed, info });
    if (found === undefined) continue;
    // Another director of the same epoch shows whether the log still knows its own.
    const intruder = `not ${found.director}`;
    const code = await refusal(log.handlers.lock({ epoch: found.epoch, director: intruder }));
    if (code !== "newer_epoch") throw new Error(`the log obeys another director of epoch ${found.epoch}`);
    return found;
  }
  const entries = observed.entries.join(" ");
  const { epoch, oldestVersion, lastVersion, knownCommitted } = info;
  throw new Error(
    `found epoch ${epoch} finalized ${observed.finalizedEpoch} (${oldestVersion}, ${lastVersion}] committed ${knownCommitted}: ${entries}\nwhere it should be one of\n${possible.map(reopened).map(describeLog).join("\n")}`,
  );
}

/** All that is in a locked log. */
export async function observe(log: LogServer, epoch: bigint): Promise<Omit<Observed, "info">> {
  const { oldestVersion } = await log.handlers.info({ revision: 0n });
  const entries: string[] = [];
  let after = oldestVersion;
  for (;;) {
    const page = await log.handlers.pull(pullOf({ after, recovery: true, epoch }));
    for (const { previous, version, data } of page.entries) {
      if (!data.every((byte) => byte === Number(version % 251n))) throw new Error(`the data of ${version} is wrong`);
      entries.push(entryText({ previous, version, size: data.length }));
    }
    after = page.upTo;
    if (page.entries.length === 0) return { entries, finalizedEpoch: page.finalizedEpoch };
  }
}
