/**
 * What the object engine costs: puts and gets of small objects at 64 concurrent requests, streaming of a large one, pages of a large bucket.
 *
 *     scripts/bun bench/objects/engine.ts [--hosting worker|inline] [--seconds 4] [--keys 1000000] [--gigabytes 1]
 *
 * CPU is that of the whole process, all threads. Numbers are of one run on one machine: compare only what was measured side by side.
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { AccountId, BucketId } from "#contracts";
import { type EmbeddedEngine, type ObjectAttributes, openEmbeddedEngine } from "#data-plane/objects/engine";
import { systemClock, systemRandom, systemTimers } from "#foundation/runtime";
import { openDatabase } from "#foundation/sql";

const { values } = parseArgs({
  options: {
    hosting: { type: "string", default: "worker" },
    seconds: { type: "string", default: "4" },
    keys: { type: "string", default: "1000000" },
    gigabytes: { type: "string", default: "1" },
    size: { type: "string", default: "4096" },
  },
});

const CONCURRENCY = 64;
const SMALL_BYTES = Number(values.size);
const bucketId = "bench-bucket" as BucketId;
const attributes: ObjectAttributes = {
  owner: "123456789012" as AccountId,
  headers: { contentType: "application/octet-stream" },
  metadata: {},
  tags: [],
  lock: {},
};
/** Steps of this share of the whole visit everything evenly. */
const GOLDEN = (Math.sqrt(5) - 1) / 2;
const ETAG = "d41d8cd98f00b204e9800998ecf8427e";

/** Runs `step` from 64 loops for some seconds and prints rates. */
async function load(name: string, step: (index: number) => Promise<unknown>): Promise<number> {
  const until = performance.now() + Number(values.seconds) * 1000;
  let done = 0;
  const cpu = process.cpuUsage();
  const began = performance.now();
  const loop = async (): Promise<void> => {
    while (performance.now() < until) await step(done++);
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, loop));
  report(name, done, began, cpu);
  return done;
}

function report(name: string, operations: number, began: number, cpuBefore: NodeJS.CpuUsage): void {
  const seconds = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(cpuBefore);
  const cpu = (user + system) / operations;
  console.log(
    `${name.padEnd(44)} ${Math.round(operations / seconds)
      .toString()
      .padStart(9)} /s ${cpu.toFixed(1).padStart(8)} µs CPU each`,
  );
}

async function drain(source: AsyncIterable<Uint8Array>): Promise<number> {
  let bytes = 0;
  for await (const piece of source) bytes += piece.length;
  return bytes;
}

async function small(engine: EmbeddedEngine): Promise<void> {
  const payload = new Uint8Array(SMALL_BYTES).fill(7);
  const put = async (key: string) =>
    engine.put({
      bucketId,
      key,
      versioning: "Off",
      body: await engine.stageBytes(payload, { mode: "none" }),
      etag: ETAG,
      attributes,
    });
  const get = async (key: string) => {
    const version = await engine.head(bucketId, key);
    return version && engine.readSmall(version, undefined);
  };
  const keyOf = (index: number) => `some/prefix/${(index * 2_654_435_761) % 2 ** 32}`;
  const count = await load(`put ${SMALL_BYTES} B, new keys`, (index) => put(keyOf(index)));
  await load(`put ${SMALL_BYTES} B, 1,000 keys overwritten`, (index) => put(`hot/${index % 1000}`));
  await load("get, from the journal", (index) => get(keyOf(count - 1 - (index % Math.min(count, 5000)))));
  const began = performance.now();
  const cpu = process.cpuUsage();
  await engine.settle();
  report("materialise and sweep (per put)", count, began, cpu);
  await load("get, from files, any of all keys", (index) => get(keyOf(Math.floor(((index * GOLDEN) % 1) * count))));
  await load("get, from files, 1,000 hot keys", (index) => get(keyOf(index % 1000)));
  await load("head, hot", (index) => engine.head(bucketId, keyOf(index % 1000)));
}

async function large(engine: EmbeddedEngine): Promise<void> {
  const chunk = new Uint8Array(64 * 1024).fill(9);
  const size = Number(values.gigabytes) * 2 ** 30;
  async function* source() {
    for (let sent = 0; sent < size; sent += chunk.length) yield chunk;
  }
  for (const mode of ["none", "SSE-S3"] as const) {
    Bun.gc(true);
    const before = process.memoryUsage.rss();
    let peak = before;
    const watch = setInterval(() => {
      peak = Math.max(peak, process.memoryUsage.rss());
    }, 20);
    let began = performance.now();
    const body = await engine.stage(source(), { encryption: { mode } });
    const { version } = await engine.put({ bucketId, key: "large", versioning: "Off", body, etag: ETAG, attributes });
    console.log(`stream in, ${mode}: ${(size / 2 ** 20 / ((performance.now() - began) / 1000)).toFixed(0)} MiB/s`);
    began = performance.now();
    const read = await drain(await engine.read(version, undefined));
    if (read !== size) throw new Error(`read ${read} of ${size} bytes`);
    console.log(`stream out, ${mode}: ${(size / 2 ** 20 / ((performance.now() - began) / 1000)).toFixed(0)} MiB/s`);
    clearInterval(watch);
    console.log(`growth of resident memory: ${((peak - before) / 2 ** 20).toFixed(0)} MiB`);
  }
}

/** Rows are put in by SQL: what is measured is the listing. */
function fill(path: string, bucket: number, keys: number): void {
  const database = openDatabase({ path });
  database.transaction(() => {
    const insert = database.prepare(
      `INSERT INTO current (bucket, key, seq, version, modified, owner, size, etag, body, detail)
       VALUES (?1, ?2, ?3, NULL, 1, '123456789012', 0, '${ETAG}', NULL, '{"h":{"contentType":"text/plain"}}')`,
    );
    for (let index = 0; index < keys; index++) {
      const name = String(index).padStart(8, "0");
      insert.run(bucket, Buffer.from(`${name.slice(0, 5)}/${name.slice(5)}`), index + 1);
    }
  });
  database.close();
}

async function pages(engine: EmbeddedEngine, directory: string): Promise<void> {
  const id = "list-bucket" as BucketId;
  const body = await engine.stageBytes(new Uint8Array(0), { mode: "none" });
  await engine.put({ bucketId: id, key: "0", versioning: "Off", body, etag: ETAG, attributes });
  const keys = Number(values.keys);
  fill(join(directory, "objects.db"), 2, keys);
  const cases = [
    ["first page", { prefix: "", delimiter: "" }],
    ["last full page", { prefix: "", delimiter: "", after: `${String(keys / 1000 - 2).padStart(5, "0")}/999` }],
    ["first page, delimiter /", { prefix: "", delimiter: "/" }],
    [
      "late page, delimiter /",
      { prefix: "", delimiter: "/", after: `${String(keys / 1000 - 1001).padStart(5, "0")}/` },
    ],
  ] as const;
  for (const [name, query] of cases) {
    let entries = 0;
    const began = performance.now();
    const cpu = process.cpuUsage();
    const rounds = 50;
    for (let round = 0; round < rounds; round++) {
      const page = await engine.list({ bucketId: id, limit: 1000, ...query });
      entries = page.entries.length + page.commonPrefixes.length;
    }
    report(`list ${keys} keys, ${name} (${entries})`, rounds, began, cpu);
  }
}

const directory = mkdtempSync(join(tmpdir(), "biplane-bench-objects-"));
try {
  const hosting = values.hosting === "inline" ? "inline" : "worker";
  const engine = await openEmbeddedEngine({
    directory,
    clock: systemClock,
    random: systemRandom,
    timers: systemTimers,
    hosting,
  });
  console.log(`hosting ${hosting}, ${CONCURRENCY} concurrent`);
  await small(engine);
  if (Number(values.gigabytes) > 0) await large(engine);
  if (Number(values.keys) > 0) await pages(engine, directory);
  await engine.close();
} finally {
  rmSync(directory, { recursive: true, force: true });
}
