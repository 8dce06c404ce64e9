/**
 * An example of what the simulation is for: a toy replicated register, correct and sabotaged in four ways.
 *
 * Three replicas keep a (version, value) pair on disk. One writer stores version after version, each on a majority; a reader asks a majority and
 * takes the newest. The promise: a read that begins after a write was acknowledged returns that version or a later one. The correct register keeps
 * it through power losses, kills, pauses, partitions, lost, doubled and reordered messages; each sabotage breaks it for some seed.
 */

import { describe, expect, test } from "bun:test";
import { bytesOf, textOf } from "../conformance/harness.ts";
import type { NetworkAddress } from "../ports/network.ts";
import type { Runtime } from "../ports/runtime.ts";
import { sleep } from "../ports/timers.ts";
import { planOf, SURVIVABLE_SWIZZLES } from "./fault-plan.ts";
import type { LifeInfo } from "./machine.ts";
import { findFailingSeed, runSeeds } from "./run-seeds.ts";
import { chance } from "./seeded-random.ts";
import type { SimulationOptions } from "./simulate.ts";

type Sabotage =
  | "none"
  | "acknowledge before sync"
  | "read from one replica"
  | "let old versions overwrite"
  | "forget the directory";

type Message =
  | { readonly kind: "store"; readonly request: number; readonly version: number }
  | { readonly kind: "stored"; readonly request: number }
  | { readonly kind: "load"; readonly request: number }
  | { readonly kind: "loaded"; readonly request: number; readonly version: number };

const REPLICAS: readonly NetworkAddress[] = ["r1", "r2", "r3"].map((host) => ({ host, port: 1 }));
const MAJORITY = 2;
const RECORD_BYTES = 16;
const VERSIONS = 40;

function encode(message: Message): Uint8Array {
  return bytesOf(JSON.stringify(message));
}

/** The newest whole record of a log of fixed-size decimal records; what a crash has torn or left as a hole does not count. */
function newestVersion(log: string): number {
  let newest = 0;
  for (let offset = 0; offset + RECORD_BYTES <= log.length; offset += RECORD_BYTES) {
    const record = log.slice(offset, offset + RECORD_BYTES);
    if (/^\d{15};$/.test(record)) newest = Math.max(newest, Number.parseInt(record, 10));
  }
  return newest;
}

function replica(sabotage: Sabotage): (runtime: Runtime, life: LifeInfo) => Promise<void> {
  return async (runtime, { machine }) => {
    const { disk, network } = runtime;
    const file = await disk.open("/register", "create");
    if (sabotage !== "forget the directory") await disk.syncDirectory("/");
    const size = Math.floor((await file.size()) / RECORD_BYTES) * RECORD_BYTES;
    await file.truncate(size);
    let version = newestVersion(textOf(await file.read(0, size)));
    await file.sync();

    const store = async (next: number): Promise<void> => {
      // A doubled or late message asks for what is on the disk already.
      if (next <= version && sabotage !== "let old versions overwrite") return;
      await file.append(bytesOf(`${String(next).padStart(15, "0")};`));
      if (sabotage !== "acknowledge before sync") await file.sync();
      version = sabotage === "let old versions overwrite" ? next : Math.max(version, next);
    };
    const endpoint = await network.openEndpoint({ host: machine, port: 1 }, (from, bytes) => {
      const message = JSON.parse(textOf(bytes)) as Message;
      const { request } = message;
      if (message.kind === "load") endpoint.send(from, encode({ kind: "loaded", request, version }));
      if (message.kind !== "store") return;
      runtime.spawn("store", async () => {
        try {
          await store(message.version);
          endpoint.send(from, encode({ kind: "stored", request }));
        } catch {
          runtime.hooks.probe("store failed");
        }
      });
    });
  };
}

/** Asks all replicas again and again until a quorum has answered, and returns the highest version heard. */
function client(runtime: Runtime, port: number, quorum: number) {
  let request = 0;
  let answers = new Map<string, number>();
  const ready = runtime.network.openEndpoint({ host: "client", port }, (from, bytes) => {
    const answer = JSON.parse(textOf(bytes)) as Message;
    if (answer.request === request) answers.set(from.host, answer.kind === "loaded" ? answer.version : 0);
  });
  return async (make: (request: number) => Message): Promise<number> => {
    const endpoint = await ready;
    request++;
    answers = new Map();
    while (answers.size < quorum) {
      for (const address of REPLICAS) endpoint.send(address, encode(make(request)));
      await sleep(runtime.timers, 20);
    }
    return Math.max(...answers.values());
  };
}

function register(seed: number, sabotage: Sabotage): SimulationOptions {
  let written = 0;
  let reads = 0;
  const program = async (runtime: Runtime): Promise<void> => {
    runtime.spawn("writer", async () => {
      const ask = client(runtime, 1, MAJORITY);
      for (let version = 1; version <= VERSIONS; version++) {
        await ask((request) => ({ kind: "store", request, version }));
        written = version;
      }
    });
    runtime.spawn("reader", async () => {
      const ask = client(runtime, 2, sabotage === "read from one replica" ? 1 : MAJORITY);
      while (written < VERSIONS) {
        const before = written;
        const read = await ask((request) => ({ kind: "load", request }));
        if (read < before) throw new Error(`version ${before} was acknowledged, and a later read returned ${read}`);
        reads++;
      }
    });
  };
  const machines: SimulationOptions["machines"] = {
    r1: replica(sabotage),
    r2: replica(sabotage),
    r3: replica(sabotage),
    client: { program, spared: true },
  };
  return {
    seed,
    // Replicas whose disk is full at the start die of it, and are started again.
    machines: Object.fromEntries(
      Object.entries(machines).map(([name, value]) => [
        name,
        typeof value === "function" ? { program: value, onFailure: () => "restart" as const } : value,
      ]),
    ),
    faults: (random) => {
      const others = SURVIVABLE_SWIZZLES.filter((name) => name !== "power-losses" && chance(random, 0.5));
      // Strikes come thick and fast: the interesting moments last milliseconds.
      return { ...planOf(["power-losses", ...others], random), strikeIntervalMs: 40, strikeDurationMs: 60 };
    },
    scenario: async (world) => {
      await Promise.race([world.until("everything is written", () => written === VERSIONS), world.sleep(30_000)]);
      world.calm();
      await world.until("everything is written", () => written === VERSIONS);
      expect(reads).toBeGreaterThan(0);
    },
  };
}

describe("a replicated register", () => {
  test("keeps its promise, correct, through every drawn plan", () => {
    const report = runSeeds(
      { count: 120, command: "scripts/bun test foundation/runtime/simulation/example-register.test.ts" },
      (seed) => register(seed, "none"),
    );
    expect(report.faults.get("machine.power")).toBeGreaterThan(50);
  });

  for (const sabotage of [
    "acknowledge before sync",
    "read from one replica",
    "let old versions overwrite",
    "forget the directory",
  ] as const) {
    test(`sabotage is found: ${sabotage}`, () => {
      const found = findFailingSeed(300, (seed) => register(seed, sabotage));
      expect(found?.failure?.message).toContain("was acknowledged, and a later read returned");
    });
  }
});
