import { expect, test } from "bun:test";
import type { Disk, Timers } from "#foundation/runtime";
import { type EngineChange, openEngine } from "../index.ts";
import { EVERYTHING } from "../testing/model.ts";
import {
  bytesOf,
  DIRECTORY,
  keyText,
  openTiny,
  play,
  prepareDirectory,
  readEverything,
  sets,
} from "../testing/on-disk.ts";
import { FLUSHES_BEFORE_WAITING } from "./compactor.ts";
import { SLICE_BYTES } from "./merge-runs.ts";

test("what is cleared gives its space back: key by key, by ranges and all at once", () => {
  play(async ({ runtime }, world) => {
    const engine = await openTiny(runtime);
    let version = 0n;
    const fill = async (): Promise<number> => {
      for (const letter of "abcdefgh") await engine.flush({ version: ++version, changes: sets(letter, 40) });
      await world.until("compaction rests", () => !engine.stats().compacting);
      return engine.stats().bytes;
    };
    const full = await fill();
    // One large range: nothing needs to be merged for its runs to go.
    await engine.flush({ version: ++version, changes: [{ type: "clear_range", ...EVERYTHING }] });
    expect(engine.stats().bytes).toBeLessThan(full / 20);
    await fill();
    // All but the last flushes goes down by itself where it hides much.
    for (const letter of "abcdefgh") {
      const cleared = sets(letter, 40).map((set) => ({ type: "clear", key: set.key }) as const);
      await engine.flush({ version: ++version, changes: cleared });
    }
    await world.until("compaction rests", () => !engine.stats().compacting);
    expect(engine.stats().bytes).toBeLessThan(full / 2);
    await engine.compact();
    expect(engine.stats()).toMatchObject({ bytes: 0, runs: 0, keysApproximately: 0, compactionDebtBytes: 0 });
    expect(await readEverything(engine)).toEqual([]);
  });
});

test("what a load has replaced does not come back with a compaction that was under way", () => {
  play(async ({ runtime, disk }, world) => {
    const engine = await openTiny(runtime);
    for (const [i, letter] of [..."bdb"].entries()) {
      await engine.flush({ version: BigInt(i + 1), changes: sets(letter, 100) });
    }
    const compacting = engine.compact();
    const key = bytesOf("bb");
    const range = { begin: bytesOf("b"), end: bytesOf("c") };
    await engine.load({ pairs: [{ key, value: key }], range, version: 4n });
    expect(engine.stats()).toMatchObject({ compacting: true, runsPerLevel: [expect.any(Number), 0, 0, 0, 0, 0, 1] });
    await compacting;
    const found = await readEverything(engine);
    expect([found.length, found[0]]).toEqual([101, "6262=6262"]);
    await world.until("the old files are gone", () => {
      return disk.files.readDirectory(DIRECTORY).length === engine.stats().runs + 1;
    });
  });
});

test("what a flush has cleared does not come back with a compaction that was under way", () => {
  play(async ({ runtime }) => {
    const engine = await openTiny(runtime);
    for (const [i, letter] of [..."bdb"].entries()) {
      await engine.flush({ version: BigInt(i + 1), changes: sets(letter, 100) });
    }
    const compacting = engine.compact();
    const changes: readonly EngineChange[] = [{ type: "clear_range", begin: bytesOf("b"), end: bytesOf("c") }];
    await engine.flush({ version: 4n, changes });
    expect(engine.stats().compacting).toBe(true);
    await compacting;
    expect((await readEverything(engine)).length).toBe(100);
    expect(engine.stats().keysApproximately).toBe(100);
  });
});

test("flushes wait for compaction before level 0 grows without end", () => {
  play(async ({ runtime }) => {
    const engine = await openTiny(runtime, { levelBytes: 1_000_000 });
    await engine.flush({ version: 1n, changes: sets("a", 500) });
    let most = 0;
    for (let version = 2n; version <= 60n; version++) {
      // It lies all over the others: to merge it takes far longer than to write it.
      await engine.flush({ version, changes: sets("a", 50, 10) });
      most = Math.max(most, engine.stats().flushes);
    }
    expect(most).toBeGreaterThan(4);
    expect(most).toBeLessThanOrEqual(FLUSHES_BEFORE_WAITING);
  });
});

test("small flushes are merged with each other, and do not rewrite level 1 each time", () => {
  play(async ({ runtime }) => {
    const engine = await openTiny(runtime, { levelBytes: 1_000_000 });
    await engine.flush({ version: 1n, changes: sets("a", 500) });
    await engine.compact();
    const below = engine.stats().runsPerLevel[1]!;
    let written = 0;
    const open: Disk["open"] = (path, mode) => {
      if (mode !== "read") written++;
      return runtime.disk.open(path, mode);
    };
    await engine.close();
    const watched = { ...runtime, disk: Object.assign(Object.create(runtime.disk), { open }) };
    const reopened = await openTiny(watched, { levelBytes: 1_000_000 });
    for (let version = 2n; version <= 40n; version++) {
      const changes = [0, 499].map((i) => ({ ...sets("a", 1)[0]!, key: bytesOf(keyText("a", i)) }));
      await reopened.flush({ version, changes });
      expect(reopened.stats().flushes).toBeLessThan(FLUSHES_BEFORE_WAITING);
    }
    // Each flush is a run and a manifest, and so is each merge.
    expect(written).toBeLessThan(39 * 2 * 2 + below);
    expect((await readEverything(reopened)).length).toBe(500);
  });
});

test("what is flushed while small flushes are merged stays newer than they", () => {
  play(async ({ runtime }, world) => {
    const engine = await openTiny(runtime, { levelBytes: 1_000_000 });
    await engine.flush({ version: 1n, changes: sets("a", 900) });
    await engine.compact();
    const flush = (version: bigint, count: number) => {
      const value = Uint8Array.of(Number(version));
      return engine.flush({ version, changes: sets("a", count, 11).map((set) => ({ ...set, value })) });
    };
    for (let version = 2n; version <= 5n; version++) await flush(version, 40);
    expect(engine.stats()).toMatchObject({ compacting: true, flushes: 4 });
    await flush(6n, 1);
    expect(engine.stats()).toMatchObject({ compacting: true, flushes: 5 });
    await world.until("the small ones are one", () => !engine.stats().compacting);
    expect(engine.stats().flushes).toBe(2);
    expect([await engine.get(bytesOf("a000")), await engine.get(bytesOf("a011"))]).toEqual([
      Uint8Array.of(6),
      Uint8Array.of(5),
    ]);
  });
});

test("cleared keys with nothing below them are not carried down", () => {
  play(async ({ runtime }, world) => {
    const engine = await openTiny(runtime);
    for (const [i, letter] of [..."abcd"].entries()) {
      const changes = sets(letter, 30).map((set) => ({ type: "clear", key: set.key }) as const);
      await engine.flush({ version: BigInt(i + 1), changes });
    }
    await world.until("compaction rests", () => !engine.stats().compacting);
    expect(engine.stats()).toMatchObject({ runs: 0, bytes: 0 });
  });
});

test("a compaction gives the event loop its turn at each slice, and as often as it can when it is urgent", () => {
  play(async ({ runtime }) => {
    await prepareDirectory(runtime);
    const delays: number[] = [];
    const timers: Timers = {
      after: (delayMs, run) => {
        delays.push(delayMs);
        return runtime.timers.after(delayMs, run);
      },
      every: (intervalMs, run) => runtime.timers.every(intervalMs, run),
    };
    const engine = await openEngine({ ...runtime, timers }, { directory: DIRECTORY });
    const value = new Uint8Array(2000);
    const changes = Array.from({ length: 700 }, (_, i) => {
      return { type: "set", key: bytesOf(keyText("a", i)), value } as const;
    });
    for (let version = 1n; version <= 2n; version++) await engine.flush({ version, changes });
    expect(delays).toEqual([]);
    await engine.compact();
    expect(delays.length).toBeGreaterThanOrEqual(Math.floor((700 * 2000) / SLICE_BYTES));
    expect(new Set(delays)).toEqual(new Set([0]));
  });
});
