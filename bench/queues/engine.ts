/**
 * What the queue engine costs: sends, receives and deletions at 64 concurrent requests, in a short queue and in a deep one, and how a deep one starts.
 *
 *     scripts/bun bench/queues/engine.ts [--hosting worker|inline] [--seconds 4] [--deep 10000000] [--size 500]
 *
 * CPU is that of the whole process, all threads, and so includes the loops that make the messages. Numbers are of one run on one machine: compare only
 * what was measured side by side.
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { ResourceId } from "#contracts";
import { type NewMessage, openEmbeddedQueues, type QueueEngine } from "#data-plane/queues/engine";
import { systemClock, systemRandom, systemTimers } from "#foundation/runtime";

const { values } = parseArgs({
  options: {
    hosting: { type: "string", default: "worker" },
    seconds: { type: "string", default: "4" },
    deep: { type: "string", default: "10000000" },
    size: { type: "string", default: "500" },
  },
});

const CONCURRENCY = 64;
const SHALLOW = 1000;
const FILL_BATCH = 500;
/** Of the messages that only make a queue deep. */
const FILL_BYTES = 100;
const MIB = 1024 * 1024;
const SETTINGS = { visibilityMs: 30_000, delayMs: 0, retentionMs: 4 * 24 * 60 * 60 * 1000 };
const body = "x".repeat(Number(values.size));
const shortBody = "x".repeat(FILL_BYTES);
let sent = 0;

function message(text: string, more: Partial<NewMessage> = {}): NewMessage {
  sent++;
  return {
    messageId: `00000000-0000-4000-8000-${String(sent).padStart(12, "0")}`,
    body: text,
    bodyMd5: "9dd4e461268c8034f5c8564e155c67a6",
    senderId: "123456789012",
    size: text.length,
    ...more,
  };
}

interface Cost {
  readonly perSecond: number;
  /** Microseconds of CPU. */
  readonly cpu: number;
}

/** Runs `step` from 64 loops for some seconds and prints rates. @param times what one step counts for */
async function load(name: string, step: () => Promise<unknown>, times = 1): Promise<Cost> {
  const until = performance.now() + Number(values.seconds) * 1000;
  let done = 0;
  const before = process.cpuUsage();
  const began = performance.now();
  const loop = async (): Promise<void> => {
    while (performance.now() < until) {
      await step();
      done += times;
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, loop));
  const seconds = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(before);
  const cost = { perSecond: done / seconds, cpu: (user + system) / done };
  const rate = Math.round(cost.perSecond).toString().padStart(8);
  console.log(`${name.padEnd(44)} ${rate} /s ${cost.cpu.toFixed(1).padStart(7)} µs CPU each`);
  return cost;
}

const pass = (queues: QueueEngine, queueId: ResourceId, max: number) => async (): Promise<void> => {
  const messages = await queues.receive(queueId, { max, waitMs: 0 });
  if (messages.length === 0) return;
  await queues.delete(
    queueId,
    messages.map((one) => one.receiptHandle),
  );
};

/** Holds the depth: each step takes one message out and puts one in. */
const turnOver = (queues: QueueEngine, queueId: ResourceId) => async (): Promise<void> => {
  await Promise.all([pass(queues, queueId, 1)(), queues.send(queueId, [message(shortBody)])]);
};

async function plain(queues: QueueEngine): Promise<void> {
  const queueId = "bench-standard" as ResourceId;
  await queues.ensure({ queueId, fifo: false, ...SETTINGS });
  const one = await load(`send ${body.length} B`, () => queues.send(queueId, [message(body)]));
  await load("receive and delete, one by one", pass(queues, queueId, 1));
  await queues.purge(queueId);
  await load(
    "send ten at a time",
    () =>
      queues.send(
        queueId,
        Array.from({ length: 10 }, () => message(body)),
      ),
    10,
  );
  await load("receive and delete ten at a time", pass(queues, queueId, 10), 10);
  await queues.purge(queueId);
  await load("receive from an empty queue", () => queues.receive(queueId, { max: 1, waitMs: 0 }));
  if (one.perSecond === 0) throw new Error("nothing was sent");
}

async function fifo(queues: QueueEngine): Promise<void> {
  const queueId = "bench-fifo" as ResourceId;
  await queues.ensure({ queueId, fifo: true, ...SETTINGS });
  const step = () => {
    const groupId = `group ${sent % 1000}`;
    return queues.send(queueId, [message(body, { groupId, deduplicationId: String(sent) })]);
  };
  await load(`send ${body.length} B, FIFO, 1,000 groups`, step);
  await load("receive and delete, FIFO", pass(queues, queueId, 1));
  await queues.purge(queueId);
}

async function fill(queues: QueueEngine, queueId: ResourceId, count: number): Promise<void> {
  await queues.ensure({ queueId, fifo: false, ...SETTINGS });
  const began = performance.now();
  let left = Math.ceil(count / FILL_BATCH);
  const loop = async (): Promise<void> => {
    while (left-- > 0) {
      await queues.send(
        queueId,
        Array.from({ length: FILL_BATCH }, () => message(shortBody)),
      );
    }
  };
  await Promise.all(Array.from({ length: 4 }, loop));
  console.log(`filled ${queueId} with ${count} in ${((performance.now() - began) / 1000).toFixed(0)} s`);
}

const directory = mkdtempSync(join(tmpdir(), "biplane-bench-queues-"));
const hosting = values.hosting === "inline" ? "inline" : "worker";
const open = () =>
  openEmbeddedQueues({ directory, clock: systemClock, random: systemRandom, timers: systemTimers, hosting });

try {
  let queues = await open();
  console.log(`hosting ${hosting}, ${CONCURRENCY} concurrent`);
  await plain(queues);
  await fifo(queues);
  if (Number(values.deep) > 0) {
    const shallow = "bench-shallow" as ResourceId;
    const deep = "bench-deep" as ResourceId;
    await fill(queues, shallow, SHALLOW);
    const before = await load(`turn over at ${SHALLOW} messages`, turnOver(queues, shallow));
    await fill(queues, deep, Number(values.deep));
    const after = await load(`turn over at ${values.deep} messages`, turnOver(queues, deep));
    console.log(`deep / shallow ${(after.cpu / before.cpu).toFixed(2)} × CPU`);
    await queues.close();
    const began = performance.now();
    const memory = process.memoryUsage.rss();
    queues = await open();
    const opened = performance.now() - began;
    await queues.receive(deep, { max: 1, waitMs: 0 });
    const { visible, inFlight } = await queues.counts(deep);
    const first = performance.now() - began;
    console.log(
      `start at ${visible + inFlight} messages: open ${opened.toFixed(0)} ms, first answers ${first.toFixed(0)} ms, resident ${(process.memoryUsage.rss() / MIB).toFixed(0)} MiB (${((process.memoryUsage.rss() - memory) / MIB).toFixed(0)} more)`,
    );
    const purge = performance.now();
    await queues.purge(deep);
    console.log(`purge of them ${(performance.now() - purge).toFixed(1)} ms`);
    await load("send beside the removal of the purged", () => queues.send(shallow, [message(body)]));
  }
  await queues.close();
} finally {
  rmSync(directory, { recursive: true, force: true });
}
