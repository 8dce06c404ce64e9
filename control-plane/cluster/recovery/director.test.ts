/**
 * Recoveries of a cluster of fakes: from nothing, and after each loss.
 */
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { assertDeterministicSource } from "#foundation/runtime/simulation";
import { type FakeCluster, hasEnded, isRunning } from "./testing/fake-cluster.ts";
import { cluster, expectWhole, running } from "./testing/running-cluster.ts";

test("nothing of the world is touched but by the runtime", () => {
  for (const folder of ["plan", "steps", "watch"]) assertDeterministicSource(join(import.meta.dir, folder));
});

describe("a new cluster", () => {
  test("begins with all that is configured, spread over its nodes", async () => {
    const world = cluster();
    const { reports } = await world.recover();
    expect(reports.map(({ step }) => step)).toEqual([
      ...["lock", "recruit_logs", "recruit_storage", "replay", "start", "activate", "verify", "commit", "running"],
    ] as never);
    const { layout } = world;
    expect(layout).toMatchObject({ epoch: 1n, recoveryVersion: 0n, firstVersion: 100_000_000n });
    expect(new Set(layout!.logs.map(({ address }) => address)).size).toBe(3);
    expect(layout!.teams.map(({ members }) => new Set(members.map(({ storage }) => storage.address)).size)).toEqual([
      3,
    ]);
    expect([layout!.proxies.length, layout!.resolvers.length]).toEqual([2, 2]);
    expect(world.violations).toEqual([]);
  });

  test("of one node has one of everything", async () => {
    const { world } = await running({ nodes: 1, config: { logs: 1, replicas: 1, proxies: 1, resolvers: 1 } });
    await world.readAll();
    expect(world.violations).toEqual([]);
  });

  test("of one node may have several logs where that is allowed", async () => {
    const world = cluster({ nodes: 1, options: { mayShareNodes: true } });
    expect(isRunning(await world.recover())).toBe(true);
    expect(world.layout!.logs).toHaveLength(3);
    expect(new Set(world.layout!.teams[0]!.members.map(({ storage }) => storage.id)).size).toBe(3);
  });

  test("waits a little for its nodes before they are shared", async () => {
    const world = cluster({ nodes: 1, options: { mayShareNodes: true } });
    const directing = world.begin();
    await world.time.advanceSettled(1000);
    expect(directing.reports.at(-1)!.stall).toBe("insufficient_log_nodes{needed:3,have:1}");
    world.addHost("n2");
    world.addHost("n3");
    expect(await world.until(() => isRunning(directing), 1000)).toBe(true);
    expect(new Set(world.layout!.teams[0]!.members.map(({ storage }) => storage.address)).size).toBe(3);
  });

  test("has teams that leave nothing out where it is split", async () => {
    const world = cluster({ nodes: 4, config: { replicas: 2, splits: [Uint8Array.of(0x40), Uint8Array.of(0x80)] } });
    await world.recover();
    expect(world.layout!.teams.map(({ begin, end }) => [[...begin], [...end]])).toEqual([
      [[], [0x40]],
      [[0x40], [0x80]],
      [[0x80], [0xff, 0xff]],
    ]);
    for (const { members } of world.layout!.teams)
      expect(new Set(members.map(({ storage }) => storage.id)).size).toBe(2);
  });

  test("takes idle workers before it makes new ones, and storage only when it is empty", async () => {
    const world = cluster();
    world.host("n1").addWorker("idle-log", "log");
    world.host("n2").addWorker("used-storage", "storage");
    world.host("n2").storages.get("used-storage")!.durableVersion = 5n;
    await world.recover();
    const { logs, teams } = world.layout!;
    expect(logs.map(({ id }) => id)).toContain("idle-log");
    expect(teams[0]!.members.map(({ storage }) => storage.id)).not.toContain("used-storage");
    expect(teams[0]!.members).toHaveLength(3);
    expect(world.host("n1").logs.size).toBe(1);
  });
});

describe("nothing acknowledged is lost", () => {
  test("when all goes on without a loss", async () => {
    const { world, first } = await running();
    first.abort();
    await expectWhole(world);
    expect(world.layout!.recoveryVersion).toBeGreaterThan(100_000_000n);
  });

  const role = (world: FakeCluster, kind: string) => {
    const host = world.hosts.find(({ components }) => [...components.values()].some(({ type }) => type === kind))!;
    return { host, id: [...host.components].find(([, { type }]) => type === kind)![0] };
  };

  test.each(["sequencer", "proxy", "resolver"])("when a %s ends", async (kind) => {
    const { world, first } = await running();
    const { host, id } = role(world, kind);
    host.end(id);
    await world.until(() => hasEnded(first), 5000);
    expect(first.end).toMatchObject({ reason: "component_lost", kind, id, node: host.node });
    await expectWhole(world);
  });

  test("when a log starts anew", async () => {
    const { world, first } = await running();
    const [id, log] = [...world.host("n2").logs][0]!;
    log.restart();
    await world.until(() => hasEnded(first), 5000);
    expect(first.end).toMatchObject({ reason: "component_lost", kind: "log", id });
    await expectWhole(world);
  });

  test.each(["dead", "paused"] as const)("when a node is %s", async (state) => {
    const { world, first } = await running();
    if (state === "dead") world.host("n3").kill();
    else world.host("n3").state = "paused";
    await world.until(() => hasEnded(first), 5000);
    expect(first.end).toMatchObject({ reason: "component_lost", node: "n3" });
    await expectWhole(world);
    expect(world.layout!.logs).toHaveLength(2);
    expect(world.layout!.teams[0]!.members.filter(({ status }) => status === "down")).toHaveLength(1);
  });

  test("when one node after the other dies and comes back", async () => {
    const { world } = await running({ options: { betterAfterMs: 1000 } });
    for (const name of ["n1", "n2", "n3", "n1"]) {
      world.host(name).kill();
      await expectWhole(world);
      await world.writes(5);
      world.host(name).restart();
      // The node gets a log again, and its storage server catches up: only then may the next one fail.
      const { epoch } = world;
      await world.until(() => world.hosts.every(({ state }) => state === "up"), 100);
      await world.recoverAtLast();
      expect(world.layout!.logs).toHaveLength(3);
      expect(world.epoch).toBeGreaterThan(epoch);
    }
    await expectWhole(world);
  });

  test("when storage servers and logs differ in how far they are", async () => {
    const { world, first } = await running();
    world.host("n1").storages.values().next().value!.slow = true;
    await world.writes(10);
    // The last commit has reached two logs, and nobody was told of it.
    world.network.fault = ({ method, address }) => (method === "push" && address === "n3:1" ? "refuse" : undefined);
    expect(await world.write()).toBe(false);
    world.network.fault = () => undefined;
    first.abort();
    world.host("n1").storages.values().next().value!.slow = false;
    await expectWhole(world);
  });

  test("when a member was away for long: the logs keep what it lacks", async () => {
    const { world } = await running({ nodes: 4 });
    world.host("n1").kill();
    await expectWhole(world);
    await world.writes(30);
    await world.time.advanceSettled(5000);
    world.host("n2").kill();
    world.host("n1").restart();
    await expectWhole(world);
    expect(world.layout!.teams[0]!.members.filter(({ status }) => status === "up")).toHaveLength(2);
  });

  test("and nothing of an older epoch is acknowledged any more", async () => {
    const { world } = await running();
    const old = world.layout!;
    expect(await world.write(old)).toBe(true);
    await world.recover();
    expect(await world.write(old)).toBe(false);
    await world.readAll();
    expect(world.violations).toEqual([]);
  });
});
