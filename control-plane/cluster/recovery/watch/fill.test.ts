/**
 * Teams are kept full: servers that lack what no log keeps get a copy, places that are vacant a new server.
 */
import { expect, test } from "bun:test";
import { type FakeCluster, type FakeDirecting, hasEnded, isRunning } from "../testing/fake-cluster.ts";
import { fakeStorageOf } from "../testing/fake-host.ts";
import type { FakeStorage } from "../testing/fake-storage.ts";
import { type ClusterOptions, expectWhole, running } from "../testing/running-cluster.ts";

const OPTIONS = { tendMs: 200, betterAfterMs: 600_000, behindAfterMs: 1000, fillMs: 5000 };

const begun = (more: ClusterOptions = {}) => running({ ...more, options: { ...OPTIONS, ...more.options } });
const statuses = (world: FakeCluster, team = 0) => world.layout!.teams[team]!.members.map(({ status }) => status);
const nodesOf = (world: FakeCluster, team = 0) =>
  world.layout!.teams[team]!.members.map(({ storage }) => storage.address).sort();
const storagesOf = (world: FakeCluster): readonly string[] =>
  world.hosts.flatMap((host) => [...host.storages.keys()]).sort();
const membersOf = (world: FakeCluster): readonly string[] =>
  world.layout!.teams.flatMap(({ members }) => members.map(({ storage }) => storage.id)).sort();
const allUp = (world: FakeCluster) =>
  world.layout!.teams.every(({ members }) => members.every((m) => m.status === "up"));
const stallOf = (directing: FakeDirecting): string => directing.reports.at(-1)!.stall;

async function raise(world: FakeCluster, first: FakeDirecting, replicas: number): Promise<FakeDirecting> {
  world.config = { ...world.config, replicas };
  first.abort();
  await world.until(() => hasEnded(first), 1000);
  return world.recover();
}

/** The logs forget all that servers that are up have on their disks. */
async function forget(world: FakeCluster): Promise<void> {
  await world.time.advanceSettled(500);
  const up = world.hosts.filter(({ state }) => state === "up").flatMap(fakeStorageOf);
  const least = up.reduce((min, { durableVersion }) => (durableVersion < min ? durableVersion : min), 1n << 60n);
  for (const { logs } of world.hosts) {
    for (const log of logs.values()) {
      log.oldest = least;
      log.entries = log.entries.filter(({ version }) => version > least);
    }
  }
}

/** A member of which the disk is too old for the logs, and that is back. */
async function lacking(more: ClusterOptions = {}) {
  const { world } = await begun(more);
  const server = fakeStorageOf(world.host("n3"))[0]!;
  world.host("n3").kill();
  const directing = await world.recoverAtLast();
  await world.writes(10);
  await forget(world);
  return { world, server, directing };
}

test("a server that lacks what is in no log gets a copy, and is up in the same epoch", async () => {
  const { world, directing } = await lacking();
  world.host("n3").restart();
  expect(statuses(world)).toEqual(["up", "up", "down"]);
  expect(await world.until(() => allUp(world), 5000)).toBe(true);
  await world.writes(5);
  await world.readAll();
  expect(isRunning(directing)).toBe(true);
  expect(stallOf(directing)).toBe("");
  await expectWhole(world);
  expect(allUp(world)).toBe(true);
});

test("a server that no log serves any more is down, and then gets a copy", async () => {
  const { world, first } = await begun();
  const server = fakeStorageOf(world.host("n2"))[0]!;
  const seen: string[] = [];
  server.restart();
  server.mode = "behind";
  await world.until(() => {
    if (statuses(world).includes("down")) seen.push("down");
    return seen.length > 0 && allUp(world);
  }, 10_000);
  expect(seen[0]).toBe("down");
  expect<string>(server.mode).toBe("running");
  expect(isRunning(first)).toBe(true);
  await expectWhole(world);
});

test("replicas that are raised from 1 to 3 are made, and hold everything when the first one is lost", async () => {
  const { world, first } = await begun({ config: { replicas: 1 } });
  await forget(world);
  let copies = 0;
  world.network.onEffect = ({ method }) => {
    if (method === "openCopy") copies++;
  };
  world.network.delayMs = ({ method }) => (method === "readCopy" ? 1000 : 0);
  const directing = await raise(world, first, 3);
  expect(isRunning(directing)).toBe(true);
  for (let round = 0; round < 100 && !(membersOf(world).length === 3 && allUp(world)); round++) {
    await world.write();
    await world.time.advanceSettled(100);
  }
  expect(allUp(world)).toBe(true);
  // The logs have kept what followed on each of them.
  expect(copies).toBe(2);
  expect(nodesOf(world)).toEqual(["n1:1", "n2:1", "n3:1"]);
  expect(storagesOf(world)).toEqual([...membersOf(world)]);
  await world.writes(5);
  await world.readAll();
  const lost = world.hosts.find(({ address }) => address === world.layout!.teams[0]!.members[0]!.storage.address)!;
  lost.kill();
  await expectWhole(world);
});

test("no server is made where no node is free, and it is said", async () => {
  const { world, first } = await begun({ nodes: 2, config: { logs: 2, replicas: 1 } });
  const directing = await raise(world, first, 3);
  expect(await world.until(() => membersOf(world).length === 2 && allUp(world), 10_000)).toBe(true);
  await world.time.advanceSettled(2000);
  expect(stallOf(directing)).toBe("insufficient_storage_nodes{needed:1,have:0}");
  expect(isRunning(directing)).toBe(true);
  expect(storagesOf(world)).toHaveLength(2);
  world.addHost("n3");
  expect(await world.until(() => membersOf(world).length === 3 && allUp(world), 10_000)).toBe(true);
  await world.time.advanceSettled(500);
  expect(stallOf(directing)).toBe("");
  await expectWhole(world);
});

test("a node that cannot make a server leaves it to another one", async () => {
  const { world, first } = await begun({ nodes: 4, config: { replicas: 1 } });
  const before = new Set(nodesOf(world));
  const broken = world.hosts.find(({ address }) => !before.has(address))!;
  broken.incapable = "createWorker";
  await raise(world, first, 2);
  expect(await world.until(() => membersOf(world).length === 2 && allUp(world), 10_000)).toBe(true);
  expect(nodesOf(world)).not.toContain(broken.address);
});

test("a member that is lost is replaced after a while, and not before", async () => {
  const { world } = await begun({ nodes: 4, options: { replaceAfterMs: 5000 } });
  const old = world.layout!.teams[0]!.members.find(({ storage }) => storage.address === "n3:1")!.storage.id;
  world.host("n3").kill();
  await world.recoverAtLast();
  await world.time.advanceSettled(3000);
  expect(membersOf(world)).toContain(old);
  expect(membersOf(world)).toHaveLength(3);
  expect(await world.until(() => !membersOf(world).includes(old), 10_000)).toBe(true);
  expect(statuses(world)).toEqual(["up", "up", "up"]);
  expect(nodesOf(world)).toContain("n4:1");
  await world.writes(5);
  await world.readAll();
  // Nothing is kept for it any more.
  await world.time.advanceSettled(1000);
  for (const { id } of world.layout!.logs) {
    const log = world.hosts.map(({ logs }) => logs.get(id)).find((one) => one !== undefined)!;
    expect(log.poppers).not.toContain(old);
    expect(log.entries.length).toBeLessThan(3);
  }
  // What it had is not removed when it comes back: it is not empty.
  world.host("n3").restart();
  await expectWhole(world);
  await world.time.advanceSettled(2000);
  expect(storagesOf(world)).toContain(old);
});

test("where a disk was lost, the new server may be on the same node", async () => {
  const { world } = await begun({ options: { replaceAfterMs: 2000 } });
  const host = world.host("n2");
  for (const id of [...host.storages.keys()]) {
    host.storages.delete(id);
    host.services.delete(id);
  }
  const isWhole = (): boolean => allUp(world) && membersOf(world).join() === storagesOf(world).join();
  expect(await world.until(() => host.storages.size === 1 && isWhole(), 10_000)).toBe(true);
  expect(membersOf(world)).toHaveLength(3);
  await expectWhole(world);
});

test("a lost member stays in its team while no node is free", async () => {
  const { world } = await begun({ options: { replaceAfterMs: 1000 } });
  const before = membersOf(world);
  world.host("n3").kill();
  world.unregistered.add("n3");
  const directing = await world.recoverAtLast();
  await world.time.advanceSettled(5000);
  expect(membersOf(world)).toEqual(before);
  expect(stallOf(directing)).toStartWith("insufficient_storage_nodes");
});

test("an epoch that ends while a server is being filled leaves it down, and the next one fills it", async () => {
  const { world, server, directing } = await lacking();
  world.network.delayMs = ({ method }) => (method === "readCopy" ? 4500 : 0);
  let filling = false;
  world.network.onEffect = ({ method }) => {
    if (method === "openCopy") filling = true;
  };
  world.host("n3").restart();
  expect(await world.until(() => filling, 5000)).toBe(true);
  const before = server.durableVersion;
  directing.abort();
  await world.until(() => hasEnded(directing), 3000);
  const next = await world.recover();
  expect(isRunning(next)).toBe(true);
  await world.time.advanceSettled(2000);
  expect(statuses(world).filter((status) => status === "up")).toHaveLength(2);
  expect(server.durableVersion).toBe(before);
  world.network.delayMs = () => 0;
  expect(await world.until(() => allUp(world), 10_000)).toBe(true);
  await expectWhole(world);
});

test("a source that is lost in the middle is followed by another one", async () => {
  const { world } = await lacking({ nodes: 5, config: { logs: 3, replicas: 3 } });
  const asked: string[] = [];
  world.network.onEffect = ({ method, address }) => {
    if (method === "openCopy") asked.push(address);
  };
  world.network.fault = ({ method, address }) => (method === "readCopy" && address === asked[0] ? "refuse" : undefined);
  world.host("n3").restart();
  expect(await world.until(() => allUp(world), 10_000)).toBe(true);
  expect(new Set(asked).size).toBe(2);
  await expectWhole(world);
});

test("while it is filled, the logs keep what follows on the copy", async () => {
  const { world } = await lacking();
  world.network.delayMs = ({ method }) => (method === "readCopy" ? 3000 : 0);
  world.host("n3").restart();
  for (let round = 0; round < 30; round++) {
    await world.write();
    await world.time.advanceSettled(100);
  }
  world.network.delayMs = () => 0;
  let copies = 0;
  world.network.onEffect = ({ method }) => {
    if (method === "openCopy") copies++;
  };
  expect(await world.until(() => allUp(world), 10_000)).toBe(true);
  // The copy that was under way was of use.
  expect(copies).toBe(0);
  await expectWhole(world);
});

test.each(["lost", "accepted_unheard"] as const)(
  "when nobody knows whether a new server is a member (%s), it is kept or removed as the next epoch finds it",
  async (fault) => {
    const { world, first } = await begun({ config: { replicas: 1 } });
    const directing = await raise(world, first, 2);
    expect(isRunning(directing)).toBe(true);
    world.commitFault = fault;
    expect(await world.until(() => hasEnded(directing), 5000)).toBe(true);
    expect(directing.end).toMatchObject({ reason: "commit_unknown" });
    expect(storagesOf(world)).toHaveLength(2);
    await world.recoverAtLast();
    expect(await world.until(() => membersOf(world).length === 2 && allUp(world), 10_000)).toBe(true);
    await world.time.advanceSettled(1000);
    expect(storagesOf(world)).toEqual([...membersOf(world)]);
    await expectWhole(world);
  },
);

test("a server that no layout has and that is empty is removed; one with something on its disk is not", async () => {
  const { world, first } = await begun({ nodes: 4, config: { replicas: 3 } });
  const host = world.host("n4");
  host.addWorker("storage-empty", "storage");
  host.addWorker("storage-full", "storage");
  (host.storages.get("storage-full") as FakeStorage).durableVersion = 7n;
  first.abort();
  await world.until(() => hasEnded(first), 1000);
  await world.recover();
  await world.time.advanceSettled(3000);
  expect(storagesOf(world)).toContain("storage-full");
  expect(storagesOf(world)).not.toContain("storage-empty");
});

test("who belongs to teams that no one server can give is left as it is, and it is said", async () => {
  const splits = [new TextEncoder().encode("m")];
  const { world, first } = await begun({ config: { replicas: 2, splits } });
  // Two servers of three nodes each, in turn: the one that is in both teams has another partner in each.
  const counts = new Map<string, number>();
  for (const id of membersOf(world)) counts.set(id, (counts.get(id) ?? 0) + 1);
  const [both] = [...counts].find(([, count]) => count === 2)!;
  const host = world.hosts.find(({ storages }) => storages.has(both))!;
  host.kill();
  await world.until(() => hasEnded(first), 5000);
  const directing = await world.recoverAtLast();
  await world.writes(5);
  await forget(world);
  host.restart();
  const said = `no_fill_source{id:${both}}`;
  expect(await world.until(() => stallOf(directing) === said, 10_000)).toBe(true);
  expect(isRunning(directing)).toBe(true);
  expect(world.violations).toEqual([]);
});

test.each(["while it is being agreed to", "once it is up"])(
  "an epoch that ends takes no new member with it: %s",
  async (when) => {
    const { world, first } = await begun({ config: { replicas: 1 } });
    const directing = await raise(world, first, 2);
    if (when === "once it is up") {
      expect(await world.until(() => membersOf(world).length === 2 && allUp(world), 10_000)).toBe(true);
    } else {
      world.commitMs = 500;
      expect(await world.until(() => storagesOf(world).length === 2, 5000)).toBe(true);
      await world.time.advanceSettled(50);
      expect(membersOf(world)).toHaveLength(1);
    }
    directing.abort();
    await world.until(() => hasEnded(directing), 5000);
    await world.time.advanceSettled(1000);
    expect(membersOf(world)).toHaveLength(2);
    expect(storagesOf(world)).toEqual([...membersOf(world)]);
    await expectWhole(world);
  },
);
