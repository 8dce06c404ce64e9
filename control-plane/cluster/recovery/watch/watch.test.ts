/**
 * What goes on while an epoch runs: leases, the word that the layout is committed, old logs, storage servers that come back, better layouts.
 */
import { describe, expect, test } from "bun:test";
import { type DirectorOptions, runDirector } from "../index.ts";
import { FakeCluster, type FakeClusterOptions, hasEnded, isRunning } from "../testing/fake-cluster.ts";

async function running(options: Partial<DirectorOptions> = {}, more: Partial<FakeClusterOptions> = {}) {
  const world = new FakeCluster({ director: runDirector, options, ...more });
  const first = await world.recover();
  await world.writes(5);
  return { world, first };
}

const logsOf = (world: FakeCluster): readonly string[] => world.inventory().filter((id) => id.includes(" log-"));
const components = (world: FakeCluster): readonly string[] =>
  world.inventory().filter((id) => / (sequencer|proxy|resolver)-/.test(id));
const statuses = (world: FakeCluster) => world.layout!.teams[0]!.members.map(({ status }) => status);

describe("leases", () => {
  test("an epoch that nothing happens to runs on", async () => {
    const { world, first } = await running({ tendMs: 1000 });
    await world.time.advanceSettled(30_000);
    expect(isRunning(first)).toBe(true);
    expect(components(world)).toHaveLength(5);
    await world.readAll();
    expect(world.violations).toEqual([]);
  });

  test("components end by themselves when their director is gone", async () => {
    const { world, first } = await running();
    first.abort();
    await world.until(() => hasEnded(first), 100);
    expect(first.end).toEqual({ reason: "stopped" });
    await world.time.advanceSettled(1100);
    expect(components(world)).toEqual([]);
    expect(world.time.pendingTimers()).toBe(1);
  });

  test("a lost answer or two is no loss", async () => {
    const { world, first } = await running();
    let lost = 0;
    world.network.fault = ({ caller, method }) => {
      if (caller !== "director" || !["renew", "confirmRunning"].includes(method) || lost >= 4) return undefined;
      lost++;
      return "lose_reply";
    };
    await world.time.advanceSettled(3000);
    expect(lost).toBe(4);
    expect(isRunning(first)).toBe(true);
  });

  test("a slow step does not let them run out", async () => {
    const world = new FakeCluster({ director: runDirector });
    let waiting = true;
    world.network.fault = ({ method }) => (method === "get" && waiting ? "refuse" : undefined);
    world.time.timers.after(3000, () => {
      waiting = false;
    });
    expect(isRunning(await world.recover())).toBe(true);
    expect(world.time.clock.monotonicMs()).toBeGreaterThan(3000);
  });

  test("a component that ends before the layout is committed ends the attempt", async () => {
    const world = new FakeCluster({ director: runDirector });
    world.network.fault = ({ method }) => {
      if (method !== "get") return undefined;
      for (const host of world.hosts)
        for (const [id, { type }] of host.components) if (type === "resolver") host.end(id);
      return "refuse";
    };
    const directing = await world.recover();
    expect(directing.end).toMatchObject({ reason: "component_lost", kind: "resolver" });
    expect(world.inventory()).toEqual([]);
  });
});

test("who has not heard that the layout is committed is told again", async () => {
  const world = new FakeCluster({ director: runDirector });
  let refused = 0;
  world.network.fault = ({ method }) => (method === "finalize" && refused++ < 10 ? "refuse" : undefined);
  await world.recover();
  await world.until(
    () => world.hosts.every(({ logs }) => [...logs.values()].every(({ finalized }) => finalized === 1n)),
    5000,
  );
  for (const { logs, storages } of world.hosts) {
    for (const one of [...logs.values(), ...storages.values()]) expect(one.finalized).toBe(1n);
  }
  expect(refused).toBeGreaterThan(10);
});

describe("old logs", () => {
  test("are kept until every storage server has R on its disk", async () => {
    const { world } = await running({ tendMs: 500 });
    const slow = [...world.host("n2").storages.values()][0]!;
    slow.slow = true;
    await world.writes(5);
    await world.recover();
    await world.time.advanceSettled(5000);
    expect(logsOf(world)).toHaveLength(6);
    slow.slow = false;
    await world.time.advanceSettled(2000);
    expect(logsOf(world)).toHaveLength(3);
    expect(new Set(logsOf(world).map((id) => id.split(" ")[1]))).toEqual(
      new Set(world.layout!.logs.map(({ id }) => id)),
    );
  });

  test("of a node that was away are removed when it is back", async () => {
    const { world } = await running({ tendMs: 500 });
    world.host("n1").kill();
    await world.recoverAtLast();
    await world.time.advanceSettled(2000);
    world.host("n1").restart();
    await world.time.advanceSettled(2000);
    expect(logsOf(world)).toHaveLength(2);
  });

  test("that could not be opened, and come to light only later, are removed then", async () => {
    const { world } = await running({ tendMs: 500 });
    await world.time.advanceSettled(2000);
    world.host("n1").addWorker("log-0-late", "log");
    expect(logsOf(world)).toHaveLength(4);
    await world.time.advanceSettled(2000);
    expect(logsOf(world)).toHaveLength(3);
  });

  test("and what an attempt could not undo goes the same way", async () => {
    const { world } = await running({ undoCallMs: 50, undoMs: 500, tendMs: 500 });
    world.network.fault = ({ method }) => (["writeLayout", "removeWorker"].includes(method) ? "refuse" : undefined);
    const failed = await world.recover();
    expect(failed.end).toMatchObject({ reason: "failed", stall: { reason: "system_tx_failed" } });
    expect(failed.undone[0]!.failed.map(({ name }) => name.split("-")[0])).toEqual(Array(3).fill("createWorker log"));
    world.network.fault = () => undefined;
    await world.recoverAtLast();
    await world.time.advanceSettled(2000);
    expect(logsOf(world)).toHaveLength(3);
    expect(world.violations).toEqual([]);
  });
});

describe("storage servers", () => {
  test("that come back catch up, and are up again in the same epoch", async () => {
    const { world } = await running({ tendMs: 500, betterAfterMs: 60_000 });
    world.host("n3").kill();
    const directing = await world.recoverAtLast();
    expect(statuses(world)).toEqual(["up", "up", "down"]);
    await world.writes(10);
    world.host("n3").restart();
    expect(await world.until(() => statuses(world).every((status) => status === "up"), 5000)).toBe(true);
    expect(isRunning(directing)).toBe(true);
    expect(world.layout!.epoch).toBe(directing.epoch);
    await world.writes(5);
    await world.readAll();
    // Nothing is kept for anybody any more.
    await world.time.advanceSettled(1000);
    for (const { id } of world.layout!.logs) {
      const log = world.hosts.map(({ logs }) => logs.get(id)).find((one) => one !== undefined)!;
      expect(log.entries.length).toBeLessThan(3);
    }
    expect(world.violations).toEqual([]);
  });

  test("that have lost whom they followed are let go on from their disk", async () => {
    const { world, first } = await running({ tendMs: 500 });
    await world.time.advanceSettled(500);
    const server = [...world.host("n2").storages.values()][0]!;
    expect(server.durableVersion).toBeGreaterThan(world.layout!.firstVersion);
    server.restart();
    server.mode = "locked";
    await world.until(() => server.mode === "running", 3000);
    expect(isRunning(first)).toBe(true);
    await world.writes(3);
    await world.readAll();
    expect(world.violations).toEqual([]);
  });
});

describe("a better layout", () => {
  test("is made once a node that could hold a log has been there for a while", async () => {
    const { world } = await running({ tendMs: 500, betterAfterMs: 3000 });
    world.host("n1").kill();
    const directing = await world.recoverAtLast();
    expect(world.layout!.logs).toHaveLength(2);
    world.unregistered.add("n1");
    await world.time.advanceSettled(10_000);
    expect(isRunning(directing)).toBe(true);
    world.host("n1").restart();
    world.unregistered.delete("n1");
    await world.time.advanceSettled(2500);
    expect(isRunning(directing)).toBe(true);
    await world.time.advanceSettled(1500);
    expect(directing.end).toMatchObject({ reason: "better_layout" });
    await world.recoverAtLast();
    expect(world.layout!.logs).toHaveLength(3);
    await world.readAll();
    expect(world.violations).toEqual([]);
  });

  test("is not asked for when the node cannot make a log", async () => {
    const { world } = await running({ tendMs: 500, betterAfterMs: 1000 });
    world.host("n1").kill();
    const directing = await world.recoverAtLast();
    world.host("n1").restart();
    world.host("n1").incapable = "createWorker";
    await world.time.advanceSettled(20_000);
    expect(isRunning(directing)).toBe(true);
  });
});
