import { expect, test } from "bun:test";
import { assertDeterministicSource } from "#foundation/runtime/simulation";
import { type EngineChange, openEngine } from "./index.ts";
import { EVERYTHING, pairText, TINY } from "./testing/model.ts";
import {
  bytesOf,
  DIRECTORY,
  keyText,
  openTiny,
  play,
  prepareDirectory,
  readAll,
  readEverything,
  rejection,
  sets,
} from "./testing/on-disk.ts";

test("nothing in here asks the world for anything but through the runtime", () => {
  assertDeterministicSource(import.meta.dir);
});

test("a new engine is empty, at version 0, and exists after a crash", () => {
  play(async (machine) => {
    const engine = await openTiny(machine.runtime);
    expect([engine.durableVersion, engine.meta.length, engine.stats().keysApproximately]).toEqual([0n, 0, 0]);
    expect(engine.get(bytesOf("a"))).toBeUndefined();
    machine.restart();
    expect(await machine.runtime.disk.readDirectory(DIRECTORY)).toEqual(["manifest"]);
    expect(await readEverything(await openTiny(machine.runtime))).toEqual([]);
  });
});

test("what is set within a range that the same flush clears, stays; what is older does not", () => {
  play(async ({ runtime }) => {
    const engine = await openTiny(runtime);
    const [a, b, c] = [bytesOf("a"), bytesOf("b"), bytesOf("c")];
    await engine.flush({ version: 1n, changes: [a, b, c].map((key) => ({ type: "set", key, value: a })) });
    const changes: readonly EngineChange[] = [
      { type: "clear_range", begin: a, end: c },
      { type: "set", key: b, value: b },
    ];
    await engine.flush({ version: 2n, changes });
    expect([await engine.get(a), await engine.get(b), await engine.get(c)]).toEqual([undefined, b, a]);
    await engine.compact();
    expect(await readEverything(engine)).toEqual(["62=62", "63=61"]);
  });
});

test("where blocks are in memory, nothing is awaited", () => {
  play(async ({ runtime }) => {
    const engine = await openEngine(runtime, { directory: await prepared(), ...TINY, cacheBytes: 1_000_000 });
    async function prepared(): Promise<string> {
      await prepareDirectory(runtime);
      return DIRECTORY;
    }
    await engine.flush({ version: 1n, changes: sets("a", 50) });
    const key = bytesOf("a007");
    const first = engine.get(key);
    expect(first).toBeInstanceOf(Promise);
    expect(await first).toEqual(new Uint8Array(50).fill(7));
    expect(engine.get(key)).toEqual(new Uint8Array(50).fill(7));
    await readEverything(engine);
    const cursor = engine.range(EVERYTHING.begin, EVERYTHING.end, { reverse: true });
    for (let i = 49; i >= 0; i--) {
      const pair = cursor.next();
      if (pair === undefined || pair instanceof Promise) throw new Error(`not at hand: ${i}`);
      expect(new TextDecoder().decode(pair.key)).toBe(keyText("a", i));
    }
    expect(cursor.next()).toBeUndefined();
    expect(engine.stats().cacheHits).toBeGreaterThan(0);
  });
});

test("what a caller does to a value does nothing to the engine", () => {
  play(async ({ runtime }) => {
    const engine = await openTiny(runtime);
    const key = bytesOf("key");
    await engine.flush({ version: 1n, changes: [{ type: "set", key, value: bytesOf("value") }] });
    const value = await engine.get(key);
    value!.fill(0);
    for await (const pair of engine.range(EVERYTHING.begin, EVERYTHING.end)) pair.value.fill(0);
    expect(await engine.get(key)).toEqual(bytesOf("value"));
  });
});

test("a cache is never larger than it may be, and blocks come back when they are asked for", () => {
  play(async ({ runtime }) => {
    const engine = await openTiny(runtime, { cacheBytes: 3000 });
    await engine.flush({ version: 1n, changes: sets("a", 200) });
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 200; i += 7) expect((await engine.get(bytesOf(keyText("a", i))))?.[0]).toBe(i);
      expect(engine.stats().cachedBytes).toBeLessThanOrEqual(3000);
    }
    expect(engine.stats().cachedBytes).toBeGreaterThan(1000);
  });
});

test("a flush out of order, of a version that is durable or too large is refused, and leaves nothing behind", () => {
  play(async ({ runtime, disk }) => {
    const engine = await openTiny(runtime);
    await engine.flush({ version: 5n, changes: sets("a", 3) });
    const files = disk.files.readDirectory(DIRECTORY);
    const [a, b, c] = [bytesOf("a"), bytesOf("b"), bytesOf("c")];
    const wrong: Readonly<Record<string, readonly EngineChange[]>> = {
      "keys must ascend": [
        { type: "set", key: b, value: b },
        { type: "clear", key: b },
      ],
      "in the order of the keys": [
        { type: "clear_range", begin: b, end: c },
        { type: "set", key: a, value: a },
      ],
      "must ascend and not overlap": [
        { type: "clear_range", begin: a, end: c },
        { type: "clear_range", begin: b, end: c },
      ],
      "must hold a key": [{ type: "clear_range", begin: a, end: a }],
      "at most 65535 bytes": [{ type: "set", key: new Uint8Array(65_536), value: a }],
    };
    for (const [message, changes] of Object.entries(wrong)) {
      const error = await rejection(engine.flush({ version: 6n, changes: [...sets("A", 20), ...changes] }));
      expect(error).toBeInstanceOf(RangeError);
      expect(String(error)).toContain(message);
    }
    expect(String(await rejection(engine.flush({ version: 5n, changes: [] })))).toContain("durable already");
    expect(String(await rejection(engine.flush({ version: 1n << 64n, changes: [] })))).toContain("64 bits");
    expect(String(await rejection(engine.setMeta(new Uint8Array(70_000))))).toContain("at most");
    expect(disk.files.readDirectory(DIRECTORY)).toEqual(files);
    await engine.flush({ version: 6n, changes: [] });
    expect(engine.durableVersion).toBe(6n);
  });
});

test("one flush at a time: the second is refused while the first goes on", () => {
  play(async ({ runtime }) => {
    const engine = await openTiny(runtime);
    const first = engine.flush({ version: 1n, changes: sets("a", 3) });
    expect(String(await rejection(engine.flush({ version: 2n, changes: [] })))).toContain("one after another");
    await first;
    await engine.flush({ version: 2n, changes: [] });
  });
});

test("a cursor sees what was there when it began, while everything is compacted and replaced", () => {
  play(async ({ runtime, disk }, world) => {
    const engine = await openTiny(runtime, { cacheBytes: 500 });
    for (let version = 1n; version <= 6n; version++) {
      await engine.flush({ version, changes: sets("abcdef"[Number(version) - 1]!, 30) });
    }
    const before = await readEverything(engine);
    const cursors = Array.from({ length: 3 }, () => engine.range(EVERYTHING.begin, EVERYTHING.end));
    const seen = await Promise.all(cursors.map(async (cursor) => [pairText((await cursor.next())!)]));
    await engine.flush({ version: 7n, changes: [{ type: "clear_range", ...EVERYTHING }] });
    await engine.flush({ version: 8n, changes: sets("z", 5) });
    await engine.compact();
    expect(engine.stats().keysApproximately).toBe(5);
    // Their files are there as long as one of them reads.
    expect(disk.files.readDirectory(DIRECTORY).length).toBeGreaterThan(engine.stats().runs + 5);
    for (const [i, cursor] of cursors.slice(0, 2).entries()) {
      expect([...seen[i]!, ...(await readAll(cursor))]).toEqual([...before]);
    }
    cursors[2]!.close();
    await world.until("the old files are gone", () => {
      return disk.files.readDirectory(DIRECTORY).length === engine.stats().runs + 1;
    });
    expect(disk.opened.size).toBe(engine.stats().runs);
  });
});

test("a load replaces everything at once, from a stream; when the stream fails, nothing changes", () => {
  play(async ({ runtime, disk }) => {
    const engine = await openTiny(runtime);
    await engine.flush({ version: 9n, changes: sets("a", 100), meta: bytesOf("old") });
    const before = await readEverything(engine);
    async function* stream(failsAt: number) {
      for (const [i, set] of sets("b", 100).entries()) {
        if (i === failsAt) throw new Error("the backup cannot be read");
        yield set;
      }
    }
    const files = disk.files.readDirectory(DIRECTORY);
    const failed = engine.load({ pairs: stream(90), version: 3n });
    expect(String(await rejection(failed))).toContain("the backup cannot be read");
    expect(await readEverything(engine)).toEqual(before);
    expect(disk.files.readDirectory(DIRECTORY)).toEqual(files);
    await engine.load({ pairs: stream(-1), version: 3n, meta: bytesOf("new") });
    expect([engine.durableVersion, engine.meta]).toEqual([3n, bytesOf("new")]);
    expect(engine.stats()).toMatchObject({ keysApproximately: 100, compactionDebtBytes: 0 });
    expect((await readEverything(engine))[99]).toStartWith(bytesOf("b099").toHex());
    const outside = engine.load({
      pairs: stream(-1),
      version: 4n,
      range: { begin: bytesOf("b"), end: bytesOf("b050") },
    });
    expect(String(await rejection(outside))).toContain("outside of the range");
  });
});

test("sizes and split points follow what is there", () => {
  play(async ({ runtime }) => {
    const engine = await openTiny(runtime);
    for (const [i, letter] of [..."abcd"].entries()) {
      await engine.flush({ version: BigInt(i + 1), changes: sets(letter, 200) });
    }
    const whole = engine.approximateSize(EVERYTHING);
    const half = engine.approximateSize({ begin: bytesOf("a"), end: bytesOf("c") });
    expect(whole).toBeGreaterThan(800 * 54);
    expect(half / whole).toBeCloseTo(0.5, 1);
    expect(engine.approximateSize({ begin: bytesOf("x"), end: bytesOf("y") })).toBe(0);
    const splits = engine.splitEstimate(EVERYTHING, 4);
    const bounds = [EVERYTHING.begin, ...splits, EVERYTHING.end];
    expect(bounds).toHaveLength(5);
    for (let part = 0; part < 4; part++) {
      const share = engine.approximateSize({ begin: bounds[part]!, end: bounds[part + 1]! }) / whole;
      expect(share).toBeCloseTo(0.25, 1);
    }
    expect(engine.splitEstimate(EVERYTHING, 1)).toEqual([]);
    expect(engine.splitEstimate({ begin: bytesOf("x"), end: bytesOf("y") }, 4)).toEqual([]);
  });
});
