/** The process is killed while events wait, are on their way, and are being forgotten: every acknowledged write still gets its event. */
import { expect, test } from "bun:test";
import { rmSync } from "node:fs";
import type { BucketId } from "#contracts";
import { systemTimers } from "#foundation/runtime";
import { scratchDirectory } from "../engine/crash/scratch.ts";
import { FakeDestination, keysOf } from "../testing/fake-destination.ts";
import { openWorld } from "../testing/world.ts";

const KILLS = 5;

interface Life {
  readonly acknowledged: readonly string[];
  readonly delivered: readonly string[];
}

/** Starts the writer, kills it `afterLines` lines later with SIGKILL, and gives what it said. */
async function liveAndDie(directory: string, life: number, afterLines: number): Promise<Life> {
  const writer = Bun.spawn([process.execPath, `${import.meta.dir}/crash-writer.testing.ts`, directory, String(life)], {
    stdout: "pipe",
    stderr: "inherit",
  });
  const said = { acknowledged: [] as string[], delivered: [] as string[] };
  let lines = 0;
  let rest = "";
  const decoder = new TextDecoder();
  for await (const bytes of writer.stdout) {
    const pieces = (rest + decoder.decode(bytes, { stream: true })).split("\n");
    rest = pieces.pop() ?? "";
    for (const line of pieces) {
      const [what, key] = line.split(" ") as [keyof Life, string];
      said[what].push(key);
      if (++lines === afterLines) writer.kill("SIGKILL");
    }
  }
  await writer.exited;
  if (lines < afterLines) throw new Error(`the writer ended by itself with code ${writer.exitCode}`);
  return said;
}

test(`after each of ${KILLS} kills every acknowledged write has its event, and every event its write`, async () => {
  const directory = scratchDirectory("biplane-events-");
  try {
    let waited = 0;
    let toldByWriters = 0;
    for (let life = 1; life <= KILLS; life++) {
      const { acknowledged, delivered } = await liveAndDie(directory, life, 20 + Math.floor(Math.random() * 200));
      const told = new Set(delivered);
      toldByWriters += told.size;
      const queue = new FakeDestination();
      queue.answer = ({ body }) => {
        for (const key of keysOf(body)) told.add(key);
        return "delivered";
      };
      const world = await openWorld({ directory, eventDestinations: [queue], timers: systemTimers });
      waited += world.engine.outbox.destinations().length;
      while (world.engine.outbox.destinations().length > 0) await Bun.sleep(1);
      expect(acknowledged.filter((key) => !told.has(key))).toEqual([]);
      // The fake control plane names its first bucket so.
      const heads = [...told].map((key) => world.engine.head("bucket-1" as BucketId, key));
      expect((await Promise.all(heads)).filter((version) => version === undefined)).toEqual([]);
      await world.close();
    }
    expect([waited > 0, toldByWriters > 0]).toEqual([true, true]);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}, 60_000);
