import { expect, test } from "bun:test";
import { type Random, type Runtime, randomBelow } from "#foundation/runtime";
import { runSeeds } from "#foundation/runtime/simulation";
import { type Engine, type EngineOptions, openEngine, type RangeCursor } from "./index.ts";
import { drawChanges, drawKey, drawPairs, drawRange, hex, Model, pairText, TINY } from "./testing/model.ts";
import { DIRECTORY, prepareDirectory, readAll, readEverything } from "./testing/on-disk.ts";

const STEPS = 60;

/** A cursor that is read a little at a time, while everything changes; and what it has to give. */
interface SlowRead {
  readonly cursor: RangeCursor;
  readonly expected: string[];
}

/** An engine and a model, driven by the same draws. */
class Comparison {
  /** How many levels held something at the same time. */
  levels = 0;
  private version = 0n;
  private readonly slow: SlowRead[] = [];

  constructor(
    private readonly runtime: Runtime,
    private readonly random: Random,
    private readonly options: EngineOptions,
    private engine: Engine,
    private readonly model = new Model(),
  ) {}

  async step(): Promise<void> {
    const { random, model } = this;
    const kind = randomBelow(random, 100);
    if (this.options.levelBytes !== TINY.levelBytes && kind >= 40 && kind < 60) {
      // Much on level 1, and little that is flushed at a time.
      if (kind < 46) await this.flush(1000);
      else for (let left = 6; left > 0; left--) await this.flush(3);
      return;
    }
    if (kind < 40) await this.flush(40);
    else if (kind < 45) {
      for (let left = 6; left > 0; left--) await this.flush(3);
    } else if (kind < 50) {
      await this.engine.compact();
      expect(this.engine.stats().keysApproximately).toBe(model.size);
    } else if (kind < 55) await this.reopen();
    else if (kind < 60) await this.load();
    else if (kind < 68) this.beginSlowRead();
    else if (kind < 80) await this.compareRange();
    else await this.compareGets();
    for (const read of this.slow) await this.readOn(read);
    expect(this.engine.durableVersion).toBe(this.version);
    this.levels = Math.max(this.levels, this.engine.stats().runsPerLevel.filter((runs) => runs > 0).length);
  }

  async flush(most: number): Promise<void> {
    const changes = drawChanges(this.random, most);
    await this.engine.flush({ version: ++this.version, changes });
    this.model.apply(changes);
  }

  async end(): Promise<void> {
    for (const read of this.slow) while (read.expected.length > 0) await this.readOn(read);
    expect(await readEverything(this.engine)).toEqual(model(this.model));
    await this.engine.verify();
    await this.engine.close();
  }

  private async reopen(): Promise<void> {
    await this.engine.close();
    for (const { cursor, expected } of this.slow.splice(0)) {
      if (expected.length > 0) expect(() => cursor.next()).toThrow("closed");
    }
    this.engine = await openEngine(this.runtime, this.options);
    expect(await readEverything(this.engine)).toEqual(model(this.model));
  }

  private async load(): Promise<void> {
    const range = randomBelow(this.random, 4) === 0 ? undefined : drawRange(this.random);
    const pairs = drawPairs(this.random, range);
    await this.engine.load({ pairs, range, version: ++this.version });
    this.model.replace(range, pairs);
  }

  private beginSlowRead(): void {
    const { begin, end } = drawRange(this.random);
    const reverse = randomBelow(this.random, 2) === 0;
    const expected = [...this.model.range(begin, end, reverse)];
    this.slow.push({ cursor: this.engine.range(begin, end, { reverse }), expected });
  }

  private async readOn({ cursor, expected }: SlowRead): Promise<void> {
    const pair = await cursor.next();
    expect(pair === undefined ? undefined : pairText(pair)).toBe(expected.shift());
  }

  private async compareRange(): Promise<void> {
    const { begin, end } = drawRange(this.random);
    const reverse = randomBelow(this.random, 2) === 0;
    const expected = this.model.range(begin, end, reverse);
    expect(await readAll(this.engine.range(begin, end, { reverse }))).toEqual([...expected]);
  }

  private async compareGets(): Promise<void> {
    for (let left = 8; left > 0; left--) {
      const key = drawKey(this.random);
      const value = await this.engine.get(key);
      expect(value === undefined ? undefined : hex(value)).toBe(this.model.get(key));
    }
  }
}

function model(model: Model): string[] {
  return [...model.range(new Uint8Array(0), new Uint8Array(8).fill(0xff))];
}

test("the engine holds what a map holds, whatever is flushed, cleared, loaded, compacted, reopened and read meanwhile", () => {
  let levels = 0;
  const { probes } = runSeeds(
    { count: 15, command: "scripts/bun test data-plane/store/engine/model.test.ts" },
    (seed) => ({
      seed,
      machines: { m: async () => {} },
      scenario: async (world) => {
        const { runtime, disk } = world.machine("m");
        const { random } = world;
        await prepareDirectory(runtime);
        const cacheBytes = [0, 600, 1_000_000][randomBelow(random, 3)]!;
        // With a large level 1 small flushes are merged with each other.
        const levelBytes = [TINY.levelBytes, 60_000][randomBelow(random, 2)]!;
        const options = { directory: DIRECTORY, ...TINY, cacheBytes, levelBytes };
        const engine = await openEngine(runtime, options);
        const comparison = new Comparison(runtime, random, options, engine);
        await comparison.flush(1000);
        for (let step = 0; step < STEPS; step++) await comparison.step();
        levels = Math.max(levels, comparison.levels);
        await comparison.end();
        // No file is left open, and none that nobody needs.
        expect(disk.opened.size).toBe(0);
        const reopened = await openEngine(runtime, { directory: DIRECTORY, ...TINY });
        await world.until("all files are in use", () => {
          const { compacting, runs } = reopened.stats();
          return !compacting && disk.files.readDirectory(DIRECTORY).length === runs + 1;
        });
      },
    }),
  );
  expect(levels).toBeGreaterThan(3);
  expect([...probes.keys()].sort()).toEqual([
    "engine.input-gone",
    "engine.merged",
    "engine.moved",
    "engine.small-flushes",
  ]);
});
