/**
 * Storage servers are made, filled and replaced while clients are at work; then those that were there first are lost for good.
 */
import { expect, test } from "bun:test";
import { runSeeds } from "#foundation/runtime/simulation";
import type { ClusterView } from "#foundation/store-protocol";
import { clusterSimulation, type SimulatedCluster } from "./simulated-cluster.ts";
import { Workload } from "./workload.ts";

const CONFIG = { logs: 3, replicas: 1, proxies: 2, resolvers: 1, splits: [] };

/** The nodes of the members, once so many are up and nobody else is a member. */
async function whenFull(
  cluster: SimulatedCluster,
  replicas: number,
  without: readonly string[],
): Promise<readonly string[]> {
  for (;;) {
    const { phase, layout } = await cluster.view();
    const members = layout?.teams[0]?.members ?? [];
    const nodes = members.map(({ storage }) => storage.address.split(":")[0]!);
    const isFull = members.length === replicas && members.every(({ status }) => status === "up");
    if (phase === "running" && isFull && !nodes.some((node) => without.includes(node))) return nodes;
    await cluster.world.sleep(250);
  }
}

const firstMember = ({ layout }: ClusterView): string => layout!.teams[0]!.members[0]!.storage.id;

test("replicas that are raised, and members that are replaced, hold all that was acknowledged", () => {
  const tally = { committed: 0 };
  runSeeds({ first: 1, count: 1, twiceEvery: 2, command: "scripts/bun test tests/store/replacing.test.ts" }, (seed) =>
    clusterSimulation({
      seed,
      machines: 5,
      config: CONFIG,
      director: { tendMs: 500, replaceAfterMs: 4_000 },
      virtualMsMax: 300_000,
      scenario: async (cluster) => {
        const { world } = cluster;
        const { runtime } = world.machine("clients");
        const place = { runtime, connect: () => cluster.connect(60_000) };
        const workload = new Workload(place, { clients: 1, accounts: 8, pauseMsMax: 200, idempotentShare: 0.5 });
        await workload.prepare();
        workload.start();
        // So long that the logs have begun to forget.
        await world.sleep(8_000);
        const original = firstMember(await cluster.view());
        await cluster.configure({ replicas: 3 });
        const three = await whenFull(cluster, 3, []);
        expect(new Set(three).size).toBe(3);
        expect(firstMember(await cluster.view())).toBe(original);

        // The second one is lost for good, and another takes its place; then the one that all of them have it from.
        world.machine(three[1]!).kill();
        await whenFull(cluster, 3, [three[1]!]);
        world.machine(three[0]!).kill();
        const { committed } = workload.tally;
        await world.until("it commits again", () => workload.tally.committed > committed + 5);
        const left = await whenFull(cluster, 3, [three[0]!, three[1]!]);
        expect(left).toHaveLength(3);
        await workload.stop();
        await workload.judge();
        tally.committed += workload.tally.committed;
      },
    }),
  );
  expect(tally.committed).toBeGreaterThan(50);
});

test("replicas that are raised are filled while nobody writes", () => {
  runSeeds({ first: 1, count: 1, twiceEvery: 2, command: "scripts/bun test tests/store/replacing.test.ts" }, (seed) =>
    clusterSimulation({
      seed,
      machines: 3,
      config: CONFIG,
      director: { tendMs: 500 },
      virtualMsMax: 60_000,
      scenario: async (cluster) => {
        await (await cluster.connect(60_000)).close();
        await cluster.world.sleep(8_000);
        await cluster.configure({ replicas: 2 });
        await whenFull(cluster, 2, []);
        await cluster.world.sleep(8_000);
        await cluster.configure({ replicas: 3 });
        await whenFull(cluster, 3, []);
      },
    }),
  );
});
