import { expect, test } from "bun:test";
import type { KeyValue, StoreBackend } from "#data-plane/store/backend";
import {
  type BackupError,
  type BackupProgress,
  backUpCluster,
  openDirectoryPlace,
  restore,
} from "#data-plane/store/backup";
import { openDatabase } from "#data-plane/store/client";
import { StoreError } from "#data-plane/store/errors";
import { createMemoryStore } from "#data-plane/store/memory";
import { openRpcNode } from "#foundation/rpc";
import { sleep } from "#foundation/runtime";
import { simulate } from "#foundation/runtime/simulation";
import type { ClusterConfig } from "#foundation/store-protocol";
import { type ClusterSimulation, clusterSimulation } from "./simulated-cluster.ts";
import { Workload } from "./workload.ts";

const EMPTY = new Uint8Array();
const END = Uint8Array.of(0xff);
const ACCOUNTS = 8;
const COUNTERS = ["a/count", "z/count"];
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (source: Uint8Array): string => new TextDecoder().decode(source);
const TWO_TEAMS = { logs: 3, replicas: 2, proxies: 2, resolvers: 1, splits: [bytes("b")] };
/** Several teams are in one copy, and what belongs together is in many of them. */
const NINE_TEAMS = {
  ...TWO_TEAMS,
  splits: ["account/2", "account/4", "b", "cz", "note/0-3", "note/1-", "note/2-", "z"].map(bytes),
};

async function everything(store: StoreBackend, version?: bigint): Promise<readonly KeyValue[]> {
  const limits = { limit: 1_000_000, bytesMax: 100_000_000, reverse: false };
  return (await store.getRange(EMPTY, END, version ?? (await store.getReadVersion()), limits)).pairs;
}

/** What a reader of the version sees; undefined when its epoch is over, and it cannot be read any more. */
async function readAt(store: StoreBackend, version: bigint): Promise<readonly KeyValue[] | undefined> {
  try {
    return await everything(store, version);
  } catch (error) {
    if (error instanceof StoreError && error.code === "transaction_too_old") return undefined;
    throw error;
  }
}

/** Money that was never made, and a chain whose links are all there: only true of a state at one version. */
function judge(pairs: readonly KeyValue[]): number {
  const values = new Map(pairs.map(({ key, value }) => [textOf(key), Number(textOf(value))]));
  const of = (prefix: string) => [...values].filter(([key]) => key.startsWith(prefix)).map(([, value]) => value);
  expect(of("account/").reduce((sum, value) => sum + value, 0)).toBe(1_000 * ACCOUNTS);
  const links = of("note/").sort((a, b) => a - b);
  expect(links).toEqual(links.map((_, i) => i + 1));
  expect(values.get("chain")).toBe(links.length);
  // Sums of the same, in both teams: nothing was added twice, or left out.
  const [a, z] = COUNTERS.map((key) => pairs.find((pair) => textOf(pair.key) === key)?.value);
  expect(a).toBeDefined();
  expect(a).toEqual(z!);
  return links.length;
}

function run(seed: number, config: ClusterConfig, scenario: ClusterSimulation["scenario"]): void {
  const { failure } = simulate(
    clusterSimulation({
      seed,
      machines: 3,
      config,
      director: { mayShareNodes: true },
      virtualMsMax: 180_000,
      scenario,
    }),
  );
  if (failure !== undefined) throw failure;
}

interface Tally {
  begunAnew: number;
  compared: number;
  /** Backups whose teams were copied at different versions. */
  apart: number;
}

test("a backup of a store that is written is one state of it, with all that was acknowledged before, also restored into the cluster itself", () => {
  const tally: Tally = { begunAnew: 0, compared: 0, apart: 0 };
  backUpAndRestore(1, false, tally);
  expect(tally).toMatchObject({ begunAnew: 0, compared: 1 });
});

test("so it is when a node is killed meanwhile, and another one while it is restored", () => {
  const tally: Tally = { begunAnew: 0, compared: 0, apart: 0 };
  for (const seed of [3, 4, 5]) backUpAndRestore(seed, true, tally);
  expect(tally.begunAnew).toBeGreaterThan(0);
  expect(tally.compared).toBeGreaterThan(0);
  expect(tally.apart).toBeGreaterThan(0);
});

function backUpAndRestore(seed: number, kills: boolean, tally: Tally): void {
  const config = kills ? TWO_TEAMS : NINE_TEAMS;
  run(seed, config, async ({ world, connect }) => {
    const { runtime } = world.machine("clients");
    const coordinators = ["n1:7000", "n2:7000", "n3:7000"];
    const rpc = await openRpcNode(runtime, {
      onDefect: (error) => {
        throw error;
      },
    });
    const workload = new Workload(
      { runtime, connect: () => connect(30_000) },
      { clients: 3, accounts: ACCOUNTS, pauseMsMax: 150, idempotentShare: 0.5 },
    );
    await workload.prepare();
    workload.start();
    await world.until("there is something to lose", () => workload.tally.committed >= 30);
    const counting = openDatabase(await connect(30_000), { runtime });
    let stopping = false;
    const count = () =>
      counting.transact(
        async (tx) => {
          for (const key of COUNTERS) tx.add(bytes(key), Uint8Array.of(1, 0, 0, 0));
        },
        { idempotent: true },
      );
    await count();
    runtime.spawn("count", async () => {
      while (!stopping) {
        await count();
        await sleep(runtime.timers, 100);
      }
      await counting.close();
    });
    // Longer than versions stay in memory: what is copied from the disks has been written by the workload, too.
    await world.sleep(7_000);
    const before = workload.tally.committed;
    const place = await openDirectoryPlace(runtime.disk, "/backup");
    const seen: BackupProgress[] = [];
    let killed = false;
    const manifest = await backUpCluster(runtime, {
      rpc,
      coordinators,
      place,
      partBytes: 1_000,
      onProgress: (progress) => {
        seen.push(progress);
        if (!kills || killed || progress.parts < 2) return;
        killed = true;
        world.machine("n2").restart();
      },
    });
    const reader = await connect(30_000);
    const read = await readAt(reader, manifest.version);
    expect(manifest.teams.length).toBe(config.splits.length + 1);
    if (manifest.teams[0]!.version !== manifest.teams[1]!.version) tally.apart++;
    expect(manifest.parts.some(({ team }) => team === 0)).toBe(true);
    expect(manifest.parts.some(({ team }) => team === 1)).toBe(true);
    expect(killed).toBe(kills);
    if (seen.some(({ attempt }) => attempt > 1)) tally.begunAnew++;
    expect(manifest.parts.some(({ team }) => team === undefined)).toBe(true);
    const store = createMemoryStore(runtime);
    await restore(runtime, store, { place, batchBytes: 1_000 });
    const restored = await everything(store);
    expect(judge(restored)).toBeGreaterThanOrEqual(before);
    if (read !== undefined) {
      expect(restored).toEqual(read);
      tally.compared++;
    }
    await workload.stop();
    await workload.judge();
    stopping = true;

    const again = await backUpCluster(runtime, { rpc, coordinators, place }).catch((error: unknown) => error);
    expect((again as BackupError).code).toBe("place_not_empty");
    const mixed = await restore(runtime, reader, { place }).catch((error: unknown) => error);
    expect((mixed as BackupError).code).toBe("store_not_empty");
    let killedAgain = !kills;
    await restore(runtime, reader, {
      place,
      clear: true,
      batchBytes: 5_000,
      onProgress: ({ phase, parts, partsTotal }) => {
        if (killedAgain || phase === "verify" || parts < partsTotal / 2) return;
        killedAgain = true;
        world.machine("n1").restart();
      },
    });
    expect(await everything(reader)).toEqual(restored);
    await reader.close();
    await rpc.close();
  });
}
