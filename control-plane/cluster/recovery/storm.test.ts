/**
 * Storms from seeds: nodes die, stop and come back, calls and commits are lost, directors are stopped, while somebody writes. Afterwards everything that
 * was acknowledged is there, and old logs are gone.
 */
import { expect, test } from "bun:test";
import { randomBelow } from "#foundation/runtime";
import { pick, SeededRandom } from "#foundation/runtime/simulation";
import { runDirector } from "./index.ts";
import { FakeCluster, type FakeDirecting, hasEnded, isRunning } from "./testing/fake-cluster.ts";
import { fakeStorageOf } from "./testing/fake-host.ts";

const SEEDS = Number(process.env.BIPLANE_SEEDS ?? 8);
const STRIKES = 50;

interface Tally {
  epochs: number;
  acked: number;
}

async function storm(seed: number, tally: Tally): Promise<FakeCluster> {
  const random = SeededRandom.fromSeed(seed).fork("storm");
  const nodes = 3 + randomBelow(random, 3);
  const options = {
    createMs: 400,
    replayMs: 400,
    startMs: 400,
    unlockMs: 400,
    verifyMs: 600,
    lockMs: 300,
    tendMs: 400,
    betterAfterMs: 800,
  };
  const world = new FakeCluster({ director: runDirector, nodes, seed, options });
  let directing: FakeDirecting = world.begin();
  /** As a coordinator: one director after the other. */
  const supervise = (): void => {
    if (hasEnded(directing)) directing = world.begin();
  };
  const loss = random.float() < 0.5 ? 0.03 : 0;
  world.network.fault = ({ caller }) =>
    caller === "director" && random.float() < loss
      ? pick(random, ["refuse", "lose_reply", "hang"] as const)
      : undefined;

  const strikes = [
    (): void => pick(random, world.hosts).kill(),
    (): void => {
      for (const host of world.hosts) if (host.state === "dead") host.restart();
      world.nodesChanged();
    },
    (): void => {
      const host = pick(random, world.hosts);
      if (host.state !== "dead") host.state = host.state === "up" ? "paused" : "up";
    },
    (): void => {
      const host = pick(random, world.hosts);
      for (const log of host.logs.values()) log.restart();
    },
    (): void => {
      for (const server of fakeStorageOf(pick(random, world.hosts))) server.slow = !server.slow;
    },
    (): void => {
      for (const server of fakeStorageOf(pick(random, world.hosts))) server.restart();
    },
    (): void => directing.abort(),
    (): void => {
      world.commitFault = pick(random, ["lost", "accepted_unheard", "superseded"] as const);
    },
  ];
  for (let strike = 0; strike < STRIKES; strike++) {
    if (random.float() < 0.35) pick(random, strikes)();
    await world.until(() => hasEnded(directing), randomBelow(random, 300));
    supervise();
    // Some of them reach one log alone.
    if (world.layout !== undefined) await world.write();
  }

  world.network.fault = () => undefined;
  world.commitFault = undefined;
  for (const host of world.hosts) {
    if (host.state === "dead") host.restart();
    host.state = "up";
    for (const server of fakeStorageOf(host)) server.slow = false;
  }
  world.nodesChanged();
  directing.abort();
  await world.until(() => hasEnded(directing), 10_000);
  directing = await world.recoverAtLast();
  expect({ seed, running: isRunning(directing), failure: directing.failure }).toEqual({
    seed,
    running: true,
    failure: undefined,
  });
  expect(await world.write()).toBe(true);
  await world.readAll();
  await world.time.advanceSettled(3000);
  tally.epochs += Number(world.epoch);
  tally.acked += world.acked.size;
  return world;
}

test("whatever happens, nothing acknowledged is lost, and nothing is left over", async () => {
  const tally: Tally = { epochs: 0, acked: 0 };
  for (let seed = 1; seed <= SEEDS; seed++) {
    const world = await storm(seed, tally);
    expect({ seed, violations: world.violations }).toEqual({ seed, violations: [] });
    const logs = world.hosts.flatMap((host) => [...host.logs.keys()]).sort();
    expect({ seed, logs }).toEqual({ seed, logs: world.layout!.logs.map(({ id }) => id).sort() });
    const statuses = world.layout!.teams.flatMap(({ members }) => members.map(({ status }) => status));
    expect({ seed, statuses }).toEqual({ seed, statuses: ["up", "up", "up"] });
  }
  expect(tally.epochs).toBeGreaterThan(5 * SEEDS);
  expect(tally.acked).toBeGreaterThan(SEEDS);
});
