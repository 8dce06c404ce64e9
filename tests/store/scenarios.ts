/**
 * What is simulated of a seed: how many machines, which faults, how long, and what must be true afterwards.
 */

import type { DirectorOptions } from "#control-plane/cluster/recovery";
import { sleep } from "#foundation/runtime";
import { drawPlan, runSeeds, type SimulationOptions, type Swizzle } from "#foundation/runtime/simulation";
import type { ClusterConfig } from "#foundation/store-protocol";
import { ListAppend } from "./list-append.ts";
import { RecordedClients } from "./recorded-clients.ts";
import { clusterSimulation } from "./simulated-cluster.ts";
import { Workload, type WorkloadTally } from "./workload.ts";

/** How hard a run is. */
export interface Effort {
  readonly clients: number;
  /** How long faults last, and how long the cluster has afterwards, in virtual milliseconds. */
  readonly faultyMs: number;
  readonly healingMs: number;
}

/** How often the view of the cluster is read. */
const LOOK_MS = 300;

/** What runs have amounted to. */
export interface StoreTally extends WorkloadTally {
  epochs: number;
}

/** Seeds take turns: a cluster of one machine, of three, of five; with one team of storage servers, and with two. */
const SHAPES: readonly (readonly [machines: number, config: ClusterConfig])[] = [
  [3, { logs: 3, replicas: 3, proxies: 2, resolvers: 2, splits: [] }],
  [3, { logs: 3, replicas: 2, proxies: 1, resolvers: 1, splits: [new TextEncoder().encode("b")] }],
  [1, { logs: 1, replicas: 1, proxies: 1, resolvers: 1, splits: [] }],
  [5, { logs: 3, replicas: 3, proxies: 3, resolvers: 2, splits: [new TextEncoder().encode("c")] }],
];

/**
 * In a storm everything fails at once, and the store is away for most of the time. Otherwise the world is merely bad, and an adversary strikes one machine after
 * the other, when it hurts.
 */
const SURROUNDINGS = [
  "slow-network",
  "duplicating-network",
  "reordering-network",
  "slow-disk",
  "wrong-clocks",
  "clock-jumps",
] as const satisfies readonly Swizzle[];

/**
 * A director that notices within a moment, and gives up soon: more happens in the same time. With long leases its components outlive it, and deceive who does not
 * look.
 */
const IMPATIENT = {
  ...{ watchMs: 80, lockMs: 800, undoCallMs: 300, undoMs: 1_500, retryFirstMs: 100, retryMostMs: 1_000 },
  ...{ tendMs: 300, behindAfterMs: 1_000, replaceAfterMs: 2_500, betterAfterMs: 1_500 },
} satisfies Partial<DirectorOptions>;

/** A simulation for `simulate` or `runSeeds`. */
export function storeSimulation(seed: number, effort: Effort, tally?: StoreTally): SimulationOptions {
  const [machines, config] = SHAPES[seed % SHAPES.length]!;
  const isStorm = seed % 3 === 0;
  return clusterSimulation({
    seed,
    machines,
    config,
    faults: isStorm ? drawPlan() : drawPlan(SURROUNDINGS),
    director: { mayShareNodes: true, ...(isStorm ? {} : { ...IMPATIENT, leaseMs: seed % 2 === 0 ? 400 : 3_000 }) },
    adversary: !isStorm,
    virtualMsMax: effort.faultyMs + effort.healingMs + 60_000,
    scenario: async (cluster) => {
      const { world } = cluster;
      const { runtime } = world.machine("clients");
      const place = { runtime, connect: () => cluster.connect() };
      const workload = new Workload(place, {
        clients: effort.clients,
        accounts: 8,
        pauseMsMax: 60,
        idempotentShare: 0.5,
      });
      // In a bad storm there is no store before it is over.
      const lists = new ListAppend(place, { clients: effort.clients, lists: 5, pauseMsMax: 60 });
      const recorded = new RecordedClients(place, { clients: effort.clients, keys: 30, pauseMsMax: 60 });
      runtime.spawn("begin", async () => {
        await workload.prepare();
        workload.start();
        lists.start();
        recorded.start();
      });
      runtime.spawn("look", async () => {
        // The view is judged by the witness, where it is answered.
        for (;;) {
          await cluster.view().catch(() => undefined);
          await sleep(runtime.timers, LOOK_MS);
        }
      });
      await world.sleep(effort.faultyMs);
      cluster.calm();
      await world.sleep(effort.healingMs);
      const { committed } = workload.tally;
      await world.until("it commits again", () => workload.tally.committed > committed);
      await Promise.all([workload.stop(), lists.stop(), recorded.stop()]);
      await workload.judge();
      await lists.judge();
      await recorded.judge();
      await world.until("nothing is left of what was given up", () => cluster.leftovers().length === 0);
      if (tally === undefined) return;
      for (const name of ["committed", "unknown", "refused"] as const) tally[name] += workload.tally[name];
      tally.epochs += await cluster.epoch();
    },
  });
}

export const FAULTS_PROMISE =
  "whatever fails around it, a store loses nothing that it acknowledged, makes nothing up, is strictly serializable, and goes on afterwards";

/** Fifty seeds from `first` on, short ones: the soak runs longer. Several files share the work of one test, so that it is done side by side. */
export function testSeeds(first: number, file: string): void {
  const tally: StoreTally = { committed: 0, unknown: 0, refused: 0, epochs: 0 };
  const effort = { clients: 1, faultyMs: 2_500, healingMs: 1_500 };
  const { seeds } = runSeeds({ first, count: 50, twiceEvery: 25, command: `scripts/bun test ${file}` }, (seed) =>
    storeSimulation(seed, effort, tally),
  );
  // Runs in which nothing was recovered, or nothing committed, would show nothing.
  if (tally.epochs <= seeds || tally.committed < seeds)
    throw new Error(`${seeds} seeds came to ${JSON.stringify(tally)}`);
}
