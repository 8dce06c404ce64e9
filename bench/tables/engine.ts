/**
 * What the table engine costs, and whether it stays flat: the same operations on a table of a thousand items and on one of ten million.
 *
 *     scripts/bun bench/tables/engine.ts [--items 10000000] [--size 200] [--seconds 4] [--hosting worker|inline] [--directory <kept>]
 *
 * With a directory, what was filled is kept and used again by the next run.
 *
 * CPU is that of the whole process, all threads. Numbers are of one run on one machine: compare only what was measured side by side.
 */

import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { AccountId, Region, ResourceId } from "#contracts";
import { type EmbeddedTableEngine, openTableEngine, type TableDefinition } from "#data-plane/tables/engine";
import { Bindings, compileCondition, compileUpdate } from "#data-plane/tables/expressions";
import { systemClock, systemTimers } from "#foundation/runtime";
import { fill, itemsOf } from "./fill.ts";

const { values } = parseArgs({
  options: {
    hosting: { type: "string", default: "worker" },
    seconds: { type: "string", default: "4" },
    items: { type: "string", default: "10000000" },
    size: { type: "string", default: "200" },
    directory: { type: "string" },
  },
});

const CONCURRENCY = 64;
const SMALL = 1_000;
const LARGE = Number(values.items);
const { keyOf, itemOf } = itemsOf(Number(values.size));
/** Steps of this share of the whole visit everything evenly. */
const GOLDEN = (Math.sqrt(5) - 1) / 2;

function tableOf(name: string): TableDefinition {
  return {
    tableId: name as ResourceId,
    revision: 1,
    accountId: "111122223333" as AccountId,
    region: "us-east-1" as Region,
    name,
    keys: { hash: [{ name: "pk", type: "S" }], range: [{ name: "sk", type: "N" }] },
    localIndexes: [],
    globalIndexes: [],
  };
}

/** Runs `step` from 64 loops for some seconds; answers CPU microseconds each. */
async function load(name: string, step: (turn: number) => unknown): Promise<number> {
  const until = performance.now() + Number(values.seconds) * 1000;
  let done = 0;
  const cpuBefore = process.cpuUsage();
  const began = performance.now();
  const loop = async (): Promise<void> => {
    while (performance.now() < until) await step(done++);
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, loop));
  const seconds = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(cpuBefore);
  const cpu = (user + system) / done;
  const rate = Math.round(done / seconds).toString();
  console.log(`${name.padEnd(44)} ${rate.padStart(9)} /s ${cpu.toFixed(1).padStart(8)} µs CPU each`);
  return cpu;
}

async function measure(engine: EmbeddedTableEngine, table: TableDefinition, count: number): Promise<number[]> {
  const { tableId } = table;
  const any = (turn: number): number => Math.floor(((turn * GOLDEN) % 1) * count);
  const one = new Bindings(undefined, { ":one": { N: "1" } });
  const update = compileUpdate("SET version = version + :one", one);
  const exists = compileCondition("attribute_exists(pk) AND version >= :one", one, "ConditionExpression");
  let fresh = count * 2;
  const scenarios: readonly (readonly [string, (turn: number) => unknown])[] = [
    ["get", (turn) => engine.get(tableId, keyOf(any(turn)))],
    ["put over", (turn) => engine.write({ tableId, action: { kind: "put", item: itemOf(any(turn), turn) } })],
    [
      "update with a condition",
      (turn) => engine.write({ tableId, action: { kind: "update", key: keyOf(any(turn)), update }, condition: exists }),
    ],
    ["query 10 items", (turn) => engine.query({ tableId, hash: [keyOf(any(turn)).pk!] })],
    ["scan, a page of 100", (turn) => engine.scan({ tableId, limit: 100, start: keyOf(any(turn)) })],
    ["put new", () => engine.write({ tableId, action: { kind: "put", item: itemOf(fresh++, 1) } })],
  ];
  const costs: number[] = [];
  for (const [name, step] of scenarios) costs.push(await load(`${count} items, ${name}`, step));
  return costs;
}

const directory = values.directory ?? mkdtempSync(join(tmpdir(), "biplane-bench-tables-"));
try {
  const hosting = values.hosting === "inline" ? "inline" : "worker";
  const open = () => openTableEngine({ directory, clock: systemClock, timers: systemTimers, hosting });
  const path = join(directory, "tables.db");
  const [small, large] = [tableOf("small"), tableOf("large")];
  if (!existsSync(path)) {
    const maker = await open();
    await maker.ensure(small);
    await maker.ensure(large);
    await maker.close();
    const began = performance.now();
    fill(path, 1, SMALL, itemOf);
    fill(path, 2, LARGE, itemOf);
    console.log(`filled in ${((performance.now() - began) / 1000).toFixed(0)} s`);
  }
  console.log(`${(statSync(path).size / 1e9).toFixed(1)} GB`);

  const opening = performance.now();
  const engine = await open();
  engine.get(large.tableId, keyOf(5));
  console.log(`opened in ${(performance.now() - opening).toFixed(0)} ms`);
  await measure(engine, small, SMALL);
  const costs = [await measure(engine, small, SMALL), await measure(engine, large, LARGE)] as const;
  const ratios = costs[1].map((cost, at) => (cost / costs[0][at]!).toFixed(2));
  console.log(`ratios: ${ratios.join(", ")}`);
  console.log(`resident: ${(process.memoryUsage.rss() / 2 ** 20).toFixed(0)} MiB`);
  await engine.close();
} finally {
  if (values.directory === undefined) rmSync(directory, { recursive: true, force: true });
}
