import { expect, test } from "bun:test";
import { ProcessCluster } from "./processes.ts";
import { Workload } from "./workload.ts";

test("three processes: each is killed in turn while money is moved; nothing that was acknowledged is lost, and it goes on each time", async () => {
  const cluster = await ProcessCluster.start(["n1", "n2", "n3"]);
  try {
    await cluster.until(({ phase, nodes }) => phase === "running" && nodes.length === 3);
    const workload = new Workload(cluster.clients, { clients: 8, accounts: 20, pauseMsMax: 5, idempotentShare: 0.5 });
    await workload.prepare();
    workload.start();
    for (const name of cluster.names) {
      const { epoch } = await cluster.until(({ phase }) => phase === "running");
      await cluster.kill(name);
      cluster.startNode(name);
      await cluster.until((view) => view.phase === "running" && view.epoch > epoch);
      const { committed } = workload.tally;
      while (workload.tally.committed === committed) await Bun.sleep(5);
    }
    await workload.stop();
    await workload.judge();
    expect(workload.tally.committed).toBeGreaterThan(0);
  } catch (error) {
    for (const name of cluster.names) console.error(name, cluster.logOf(name));
    throw error;
  } finally {
    await cluster.close();
  }
}, 120_000);
