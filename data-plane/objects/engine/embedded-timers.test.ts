/** What the embedded engine does by itself as time passes. Time is the test's. */

import { expect, test } from "bun:test";
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { createVirtualTime, systemRandom, type VirtualTime } from "#foundation/runtime";
import { openDatabase } from "#foundation/sql";
import {
  complete,
  freshBucket,
  pattern,
  put,
  putPart,
  refusal,
  remove,
  startUpload,
  text,
} from "./conformance/fixture.ts";
import { scratchDirectory } from "./crash/scratch.ts";
import type { EmbeddedEngine } from "./embedded-engine.ts";
import { openEmbeddedEngine } from "./open-embedded-engine.ts";

interface World {
  readonly engine: EmbeddedEngine;
  readonly directory: string;
  readonly time: VirtualTime;
  /** Moves time in small steps, letting the engine work in between, until the condition holds. */
  until(condition: () => boolean | Promise<boolean>, withinMs: number): Promise<boolean>;
}

async function inWorld(run: (world: World) => Promise<void>): Promise<void> {
  const directory = scratchDirectory("biplane-timers-");
  const time = createVirtualTime(Date.UTC(2030, 0, 1));
  const { clock, timers } = time;
  const engine = await openEmbeddedEngine({ directory, clock, timers, random: systemRandom, hosting: "inline" });
  const until = async (condition: () => boolean | Promise<boolean>, withinMs: number): Promise<boolean> => {
    for (let passed = 0; passed <= withinMs; passed += 50) {
      if (await condition()) return true;
      time.advance(50);
      // The host commits in a turn of the event loop; a pass takes a few.
      for (let turn = 0; turn < 6; turn++) await new Promise((resolve) => setImmediate(resolve));
    }
    return false;
  };
  try {
    await run({ engine, directory, time, until });
  } finally {
    await engine.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

test("a small object becomes a file within seconds, while others keep coming and after an explicit settle", () =>
  inWorld(async ({ engine, until }) => {
    const bucketId = freshBucket();
    const settling = engine.settle();
    const first = await put(engine, bucketId, "first", text("1"));
    await settling;
    const others = async () => {
      await put(engine, bucketId, "other", text("x"));
      return (await engine.locate(first.version)).length === 1;
    };
    expect(await until(others, 4_500)).toBe(true);
    const second = await put(engine, bucketId, "second", text("2"));
    expect(await until(async () => (await engine.locate(second.version)).length === 1, 4_500)).toBe(true);
  }));

test("a small object that is replaced every second never becomes a file, and leaves the journal all the same", () =>
  inWorld(async ({ engine, directory, until, time }) => {
    const bucketId = freshBucket();
    const files = () =>
      readdirSync(join(directory, "buckets"), { recursive: true, withFileTypes: true }).filter((entry) =>
        entry.isFile(),
      );
    for (let second = 0; second < 30; second++) {
      const replaced = await put(engine, bucketId, "k", text(`${second}`));
      expect(await until(() => files().length > 0, 1_000)).toBe(false);
      if (second < 29) continue;
      expect(await until(() => files().length === 1, 4_500)).toBe(true);
      expect(await engine.locate(replaced.version)).toHaveLength(1);
    }
    await time.advanceSettled(20_000);
    await until(() => false, 500);
    const database = openDatabase({ path: join(directory, "objects.db"), readOnly: true });
    const left = database.prepare<{ rows: number }>(
      "SELECT (SELECT count(*) FROM journal) + (SELECT count(*) FROM garbage) AS rows",
    );
    expect(left.get()).toEqual({ rows: 0 });
    database.close();
  }));

test("a large object leaves staging, and a deleted one leaves the disk once its grace is over", () =>
  inWorld(async ({ engine, directory, until }) => {
    const bucketId = freshBucket();
    const { version } = await put(engine, bucketId, "k", pattern(200_000));
    const path = async () => (await engine.locate(version))[0];
    expect(await path()).toStartWith("staging/");
    expect(await until(async () => (await path())?.startsWith("buckets/") === true, 1000)).toBe(true);
    const file = join(directory, (await path())!);
    await remove(engine, bucketId, "k");
    expect(await until(() => !existsSync(file), 5_000)).toBe(false);
    expect(await until(() => !existsSync(file), 10_000)).toBe(true);
  }));

test("parts that are being read outlive their grace", () =>
  inWorld(async ({ engine, directory, until }) => {
    const bucketId = freshBucket();
    const upload = await startUpload(engine, bucketId, "k");
    const parts = [1, 2].map((number) => [number, pattern(200_000, number)] as const);
    for (const [number, bytes] of parts) await putPart(engine, upload, number, bytes);
    const { version } = await complete(engine, upload, parts);
    const files = () =>
      readdirSync(join(directory, "buckets"), { recursive: true }).filter((name) => `${name}`.includes("part"));
    expect(await until(() => files().length === 2, 1000)).toBe(true);
    const reading = (await engine.read(version, undefined))[Symbol.asyncIterator]();
    await reading.next();
    await remove(engine, bucketId, "k");
    expect(await until(() => files().length === 0, 30_000)).toBe(false);
    let size = 0;
    for (let piece = await reading.next(); piece.done !== true; piece = await reading.next())
      size += piece.value.length;
    // The first piece was the first part.
    expect(size).toBe(200_000);
    expect(await until(() => files().length === 0, 30_000)).toBe(true);
  }));

test("a completion is remembered for a day, not for ever", () =>
  inWorld(async ({ engine, time }) => {
    const bucketId = freshBucket();
    const upload = await startUpload(engine, bucketId, "k");
    const parts = [[1, text("x")]] as const;
    await putPart(engine, upload, 1, parts[0][1]);
    await complete(engine, upload, parts);
    await time.advanceSettled(23 * 3_600_000);
    expect(await refusal(complete(engine, upload, parts))).toBe("(fulfilled)");
    await time.advanceSettled(2 * 3_600_000);
    expect(await refusal(complete(engine, upload, parts))).toBe("NoSuchUpload");
  }));
