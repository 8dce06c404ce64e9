/**
 * Losses of power that a life drawn by chance seldom meets: each scene leads up to one, and looks at what is left.
 */
import type { Runtime } from "#foundation/runtime";
import type { SimulationOptions, World } from "#foundation/runtime/simulation";
import type { LogServer, openLog } from "../index.ts";
import { DIRECTORY, noSource, pullOf, push, tens } from "./play.ts";
import { Strikes } from "./strikes.ts";

interface Stage {
  readonly log: LogServer;
  readonly runtime: Runtime;
  /** Power fails at one of the next so many changes of the disk. */
  strikeWithin(changes: number): void;
  /** The log must not end before this version afterwards. */
  expect(lastVersion: bigint): void;
}

type Act = (stage: Stage) => Promise<void>;

/** While many segments are removed: what is left has no hole. */
const trimming: Act = async ({ log, strikeWithin, expect }) => {
  for (const version of tens(60)) await push(log, version - 10n, version);
  expect(600n);
  await log.handlers.setPoppers({ epoch: 1n, storages: ["s"] });
  strikeWithin(16);
  await log.handlers.pop({ epoch: 1n, storage: "s", durable: 600n });
};

/** While many entries are written at once: whatever is left of them, the log opens. */
const tearing: Act = async ({ log, strikeWithin }) => {
  const data = new Uint8Array(300);
  strikeWithin(3);
  const pushes = tens(8).map((version) =>
    log.handlers.push({ epoch: 1n, previous: version - 10n, version, knownCommitted: 0n, data }),
  );
  await Promise.all(pushes);
};

/** While somebody looks at what is being written: what was given out is there. */
const looking: Act = async ({ log, runtime, strikeWithin, expect }) => {
  strikeWithin(40);
  const look = async (): Promise<void> => {
    for (;;) {
      const { upTo } = await log.handlers.pull(pullOf({}));
      expect(upTo);
      await new Promise<void>((resolve) => runtime.timers.after(0.05, resolve));
    }
  };
  runtime.spawn("look", look);
  for (const version of tens(60)) await push(log, version - 10n, version);
};

const ACTS = { trimming, tearing, looking };
export type SceneName = keyof typeof ACTS;
export const SCENES = Object.keys(ACTS) as readonly SceneName[];

export function sceneSimulation(name: SceneName, open: typeof openLog, seed: number): SimulationOptions {
  const strikes = new Strikes();
  let expected = 0n;
  let isOver = false;
  const program = async (runtime: Runtime, { incarnation }: { readonly incarnation: number }): Promise<void> => {
    const parts = { disk: strikes.wrap(runtime.disk), timers: runtime.timers, hooks: runtime.hooks };
    const log = await open(parts, { id: "log-1", directory: DIRECTORY, clientOf: noSource, segmentBytes: 400 });
    if (incarnation === 1) {
      await log.handlers.lock({ epoch: 1n, director: "d" });
      await log.handlers.activate({ epoch: 1n, previous: 0n });
      const random = runtime.random.fork("strike");
      await ACTS[name]({
        log,
        runtime,
        strikeWithin: (changes) => strikes.aim(1 + Math.floor(random.float() * changes), random.float() < 0.5),
        expect: (lastVersion) => {
          if (lastVersion > expected) expected = lastVersion;
        },
      });
    } else {
      const { lastVersion } = await log.handlers.info({ revision: 0n });
      if (lastVersion < expected) throw new Error(`the log ends at ${lastVersion}, and had ${expected}`);
    }
    isOver = true;
  };
  return {
    seed,
    machines: { m: program },
    scenario: async (world: World) => {
      const machine = world.machine("m");
      await world.until("power fails, or nothing is left to do", () => strikes.struck || isOver);
      // The disk hangs for a moment, and everything else goes on.
      await world.sleep(1);
      isOver = false;
      machine.kill("power");
      strikes.aim(Number.POSITIVE_INFINITY, false);
      machine.start();
      await world.until("the log is open again", () => isOver);
    },
  };
}
