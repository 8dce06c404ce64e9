/**
 * One engine on one machine that loses power again and again: what is found must be what was last confirmed, or what was being made durable, whole.
 */
import { type Random, type Runtime, randomBelow } from "#foundation/runtime";
import { SeededRandom, type SimulationOptions } from "#foundation/runtime/simulation";
import type { Engine, openEngine } from "../index.ts";
import { watchedDisk } from "./crash-disk.ts";
import { drawChanges, drawPairs, drawRange, EVERYTHING, hex, Model, TINY } from "./model.ts";
import { DIRECTORY, prepareDirectory, readEverything } from "./on-disk.ts";

/** What an engine holds. */
interface State {
  readonly version: bigint;
  readonly meta: string;
  readonly model: Model;
}

interface Step {
  readonly after: State;
  readonly run: (engine: Engine) => Promise<void>;
}

/** How often the power goes at most. */
const CUTS_MAX = 40;

/** When the power goes. */
interface Cut {
  /** Before the so-manieth operation that changes the disk, counted over all lives. */
  readonly at: number;
  /** And again so many operations later. */
  readonly every: number;
  /** Only such operations count; and of the names that are not synced, any may be lost and any kept. */
  readonly only?: string;
  /** How much there is to do. */
  readonly steps: number;
}

/**
 * @param open the function under test
 * @param end called with how many operations there were
 */
export function powerLossSimulation(
  open: typeof openEngine,
  seed: number,
  cut: Cut,
  end: (operations: number) => void = () => {},
): SimulationOptions {
  let confirmed: State = { version: 0n, meta: "", model: new Model() };
  let attempted = confirmed;
  let stepsLeft = cut.steps;
  let operations = 0;
  let cutAt = cut.at;
  let cuts = 0;
  let cutPower: () => void = () => {};
  const random = SeededRandom.fromSeed(seed).fork("steps");
  const program = async (runtime: Runtime): Promise<void> => {
    await prepareDirectory(runtime);
    const disk = watchedDisk(runtime.disk, (operation) => {
      if (cut.only !== undefined && cut.only !== operation) return;
      if (++operations === cutAt) {
        // Where the power goes ever again before a compaction has ended, there is no end to it.
        cutAt = ++cuts < CUTS_MAX ? cutAt + cut.every : Number.POSITIVE_INFINITY;
        cutPower();
      }
    });
    const engine = await open({ ...runtime, disk }, { directory: DIRECTORY, cacheBytes: 2000, ...TINY });
    const found = textOf(engine.durableVersion, hex(engine.meta), await readEverything(engine));
    const known = [confirmed, attempted].map((state) => textOf(state.version, state.meta, pairsOf(state.model)));
    if (!known.includes(found)) throw new Error(`found ${found}\nwhere it should be one of\n${known.join("\n")}`);
    if (found === known[1]) confirmed = attempted;
    await engine.verify();
    while (stepsLeft > 0) {
      stepsLeft--;
      const step = nextStep(confirmed, random);
      attempted = step.after;
      await step.run(engine);
      confirmed = step.after;
    }
    await engine.close();
    finished = true;
  };
  let finished = false;
  return {
    seed,
    machines: { m: program },
    scenario: async (world) => {
      const machine = world.machine("m");
      if (cut.only !== undefined) machine.disk.nameWriteBack = "any";
      cutPower = () => machine.kill("power");
      while (!finished) {
        await world.until("the power is cut, or the work done", () => finished || !machine.alive);
        machine.start();
      }
      end(operations);
    },
  };
}

function nextStep(before: State, random: Random): Step {
  const model = before.model.copy();
  const version = before.version + 1n;
  const kind = randomBelow(random, 10);
  const meta = randomBelow(random, 2) === 0 ? undefined : random.bytes(randomBelow(random, 20));
  const after = { version, meta: meta === undefined ? before.meta : hex(meta), model };
  if (kind < 6) {
    const changes = drawChanges(random);
    model.apply(changes);
    return { after, run: (engine) => engine.flush({ version, changes, meta }) };
  }
  if (kind < 7) {
    const range = randomBelow(random, 3) === 0 ? undefined : drawRange(random);
    const pairs = drawPairs(random, range);
    model.replace(range, pairs);
    return { after, run: (engine) => engine.load({ pairs, range, version, meta }) };
  }
  if (kind < 8) {
    const stored = meta ?? new Uint8Array(1);
    return { after: { ...before, meta: hex(stored) }, run: (engine) => engine.setMeta(stored) };
  }
  return { after: before, run: (engine) => engine.compact() };
}

function pairsOf(model: Model): readonly string[] {
  return model.range(EVERYTHING.begin, EVERYTHING.end);
}

function textOf(version: bigint, meta: string, pairs: readonly string[]): string {
  return `version ${version} meta ${meta}: ${pairs.join(" ")}`;
}
