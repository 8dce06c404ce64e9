/**
 * Short stories of a cluster. Each says what went wrong in it: nothing, unless the director is broken.
 */
import { COMMIT_PROXY } from "#foundation/store-protocol";
import { type Director, FakeCluster, type FakeClusterOptions, hasEnded, isRunning } from "./fake-cluster.ts";
import { fakeStorageOf } from "./fake-host.ts";

export type Scene = (director: Director) => Promise<readonly string[]>;

/** Short, so that little time has to pass. */
const OPTIONS = {
  lockMs: 200,
  createMs: 300,
  replayMs: 300,
  startMs: 300,
  unlockMs: 300,
  undoCallMs: 100,
  tendMs: 300,
};

async function begun(director: Director, more: Partial<FakeClusterOptions> = {}) {
  const world = new FakeCluster({ director, options: OPTIONS, ...more });
  const first = await world.recover(20_000);
  await world.writes(8);
  return { world, first };
}

async function whole(world: FakeCluster, epochsMax = 5): Promise<readonly string[]> {
  const directing = await world.recoverAtLast(epochsMax, 20_000);
  if (!isRunning(directing)) return [`nothing runs in the end: ${JSON.stringify(directing.end?.reason)}`];
  if (!(await world.write())) return ["nothing can be written in the end"];
  await world.readAll();
  return world.violations;
}

/** Nodes die and come back, one after the other; servers lag; commits stay half done. */
const life: Scene = async (director) => {
  const { world } = await begun(director, { nodes: 4, seed: 5 });
  for (const name of ["n2", "n1", "n3", "n4", "n2"]) {
    for (const host of world.hosts) for (const server of fakeStorageOf(host)) server.slow = host.node === "n3";
    await world.writes(6);
    // It reaches one log only: nobody is told, and another content may follow at its version.
    world.network.fault = ({ method, address }) =>
      method === "push" && address !== world.layout!.logs[1]!.address ? "refuse" : undefined;
    await world.write();
    world.network.fault = () => undefined;
    world.host(name).kill();
    if ((await whole(world)).length > 0) return world.violations.length > 0 ? world.violations : ["it does not go on"];
    for (const host of world.hosts) for (const server of fakeStorageOf(host)) server.slow = false;
    await world.writes(3);
    await world.time.advanceSettled(2000);
    world.host(name).restart();
  }
  return whole(world);
};

/** Who was away for long still finds what it lacks. */
const away: Scene = async (director) => {
  const { world } = await begun(director, { nodes: 4 });
  world.host("n1").kill();
  await whole(world);
  await world.writes(20);
  await world.time.advanceSettled(3000);
  world.host("n1").restart();
  const complaints = await whole(world);
  const down = world.layout!.teams[0]!.members.filter(({ status }) => status === "down");
  return down.length > 0 ? ["a server that came back is still down"] : complaints;
};

/** Two logs, of which one is gone: nothing may begin that did not ask it. */
const halfOfTheLogs: Scene = async (director) => {
  const { world, first } = await begun(director, { config: { logs: 2 } });
  world.hosts.find(({ address }) => address === world.layout!.logs[0]!.address)!.kill();
  await world.until(() => hasEnded(first), 3000);
  const directing = world.begin();
  await world.until(() => hasEnded(directing) || isRunning(directing), 3000);
  return isRunning(directing) ? ["an epoch begins with half of the old logs"] : [];
};

/** Whatever call it is at which it is told to stop: nothing of it stays. */
const stopped: Scene = async (director) => {
  for (let number = 1; number < 60; number++) {
    const world = new FakeCluster({ director, options: OPTIONS });
    let calls = 0;
    const directing = world.begin();
    world.network.onEffect = ({ caller, method }) => {
      if (caller === "director" && !["renew", "confirmRunning", "info"].includes(method) && ++calls === number)
        directing.abort();
    };
    await world.until(() => hasEnded(directing) || isRunning(directing), 10_000);
    if (isRunning(directing)) return world.violations;
    for (const left of directing.end?.reason === "commit_unknown" ? [] : directing.left) {
      if (left.length > 0) return [`stopped at call ${number} it leaves ${left.join(", ")}`];
    }
    if (!hasEnded(directing)) return [`stopped at call ${number} it does not end`];
  }
  return ["it never comes to an end"];
};

/** A newer epoch, of which only one log has heard. */
const overtaken: Scene = async (director) => {
  const { world, first } = await begun(director);
  first.abort();
  for (const log of world.host("n1").logs.values()) Object.assign(log, { epoch: 9n, director: "other" });
  const directing = world.begin();
  await world.until(() => hasEnded(directing) || isRunning(directing), 3000);
  return directing.end?.reason === "superseded" ? [] : ["it goes on although there is a newer epoch"];
};

/** The coordinators have agreed or not, and the answer is lost. */
const unheard: Scene = async (director) => {
  const { world } = await begun(director);
  world.commitFault = "lost";
  await world.recover(20_000);
  world.commitFault = "accepted_unheard";
  await world.recover(20_000);
  return whole(world, 2);
};

/** What was awake in an attempt must not meet the next one. */
const lateStall: Scene = async (director) => {
  const { world } = await begun(director);
  world.network.fault = ({ method, caller }) => (method === "unlock" && caller === "director" ? "refuse" : undefined);
  const directing = world.begin();
  await world.until(() => hasEnded(directing), 3000);
  if (directing.end?.reason !== "failed") return ["an epoch is tried again in which parts were awake"];
  world.network.fault = () => undefined;
  return whole(world);
};

/** Old logs are a copy of what a slow server has not on its disk. */
const slowServer: Scene = async (director) => {
  const { world } = await begun(director);
  for (const server of fakeStorageOf(world.host("n2"))) server.slow = true;
  await world.writes(5);
  const old = world.layout!.logs;
  const complaints = await whole(world);
  await world.time.advanceSettled(3000);
  const there = old.filter(({ id }) => world.hosts.some(({ logs }) => logs.has(id)));
  return there.length < old.length ? ["old logs are removed too early"] : complaints;
};

/** Storage servers need longer than a lease to be unlocked. */
const slowUnlock: Scene = async (director) => {
  const world = new FakeCluster({ director });
  world.network.delayMs = ({ method }) => (method === "unlock" ? 3000 : 0);
  return isRunning(await world.recover(20_000)) ? world.violations : ["components ended while they were needed"];
};

/** What is committed comes to the disks of storage servers in the end, so that the logs can forget it. */
const durability: Scene = async (director) => {
  const { world } = await begun(director);
  await world.time.advanceSettled(1000);
  const servers = world.hosts.flatMap(fakeStorageOf);
  return servers.every(({ durableVersion }) => durableVersion > world.layout!.firstVersion)
    ? world.violations
    : ["nothing becomes durable"];
};

/** A log ends while nobody writes. */
const lostLog: Scene = async (director) => {
  const { world, first } = await begun(director);
  for (const log of world.host("n2").logs.values()) log.restart();
  await world.until(() => hasEnded(first), 5000);
  return first.end?.reason === "component_lost" ? whole(world) : ["nobody notices that a log has ended"];
};

/** Proxies that were not unlocked by their director take nothing. */
const foreignToken: Scene = async (director) => {
  const { world } = await begun(director);
  const proxy = world.network.clientsOf("client")(COMMIT_PROXY, world.layout!.proxies[1]!);
  let refused = false;
  proxy.unlock({ epoch: 1n, token: new Uint8Array(16), layout: world.layout! }).catch(() => {
    refused = true;
  });
  await world.until(() => refused, 100);
  return refused ? [] : ["a token can be guessed"];
};

export const SCENES = {
  ...{
    life,
    away,
    halfOfTheLogs,
    stopped,
    overtaken,
    unheard,
    lateStall,
    slowServer,
    slowUnlock,
    durability,
    lostLog,
    foreignToken,
  },
};

export type SceneName = keyof typeof SCENES;
