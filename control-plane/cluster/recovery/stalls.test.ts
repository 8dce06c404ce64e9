/**
 * Every reason for which a recovery stands still, and what makes it go on.
 */
import { describe, expect, test } from "bun:test";
import type { DirectorOptions } from "./index.ts";
import { type FakeCluster, type FakeClusterOptions, hasEnded, isRunning } from "./testing/fake-cluster.ts";
import { cluster, expectWhole } from "./testing/running-cluster.ts";

describe("a stall says why, and ends when its reason does", () => {
  interface Case {
    readonly stall: string;
    readonly before?: Omit<FakeClusterOptions, "director">;
    /** Whether the cluster ran before. */
    readonly ran: boolean;
    readonly hinder: (world: FakeCluster) => void;
    readonly help: (world: FakeCluster) => void;
  }
  const killTwo = (world: FakeCluster): void => {
    world.host("n1").kill();
    world.host("n2").kill();
  };
  const restartAll = (world: FakeCluster): void => {
    for (const host of world.hosts) if (host.state === "dead") host.restart();
    world.nodesChanged();
  };
  const refuse = (method: string) => (world: FakeCluster) => {
    world.network.fault = (call) => (call.method === method && call.caller === "director" ? "refuse" : undefined);
  };
  const allow = (world: FakeCluster): void => {
    world.network.fault = () => undefined;
  };
  const capabilities =
    (...can: ("log" | "storage" | "transaction")[]) =>
    (world: FakeCluster) => {
      for (const host of world.hosts) host.capabilities = can;
      world.nodesChanged();
    };
  const healthy = capabilities("log", "storage", "transaction");
  const cases: readonly Case[] = [
    { stall: "no_coordination_nodes", ran: false, hinder: capabilities("log", "storage"), help: healthy },
    {
      stall: "insufficient_log_nodes{needed:3,have:0}",
      ran: false,
      hinder: capabilities("storage", "transaction"),
      help: healthy,
    },
    {
      stall: "insufficient_storage_nodes{needed:3,have:0}",
      ran: false,
      hinder: capabilities("log", "transaction"),
      help: healthy,
    },
    { stall: "log_quorum{locked:1,total:3}", ran: true, hinder: killTwo, help: restartAll },
    {
      stall: "insufficient_replication{tags:[team-0]}",
      ran: true,
      before: { config: { replicas: 1 } },
      hinder: (world) => {
        const address = world.layout!.teams[0]!.members[0]!.storage.address;
        world.hosts.find((host) => host.address === address)!.kill();
      },
      help: restartAll,
    },
    {
      stall: "log_gap{",
      ran: true,
      hinder: (world) => {
        for (const { logs } of world.hosts) for (const log of logs.values()) log.oldest += 1_000_000_000n;
        for (const { logs } of world.hosts) for (const log of logs.values()) log.last += 1_000_000_000n;
      },
      help: (world) => {
        for (const { logs } of world.hosts) for (const log of logs.values()) log.oldest -= 1_000_000_000n;
        for (const { logs } of world.hosts) for (const log of logs.values()) log.last -= 1_000_000_000n;
      },
    },
    {
      stall: "recruited_unavailable{id:log-",
      ran: true,
      hinder: (world) => {
        for (const host of world.hosts) host.incapable = "createWorker";
      },
      help: (world) => {
        for (const host of world.hosts) host.incapable = undefined;
      },
    },
    {
      stall: "lock_failed{id:log-2",
      ran: true,
      hinder: (world) => {
        world.network.fault = ({ method, id }) => (method === "lock" && id.startsWith("log-2") ? "refuse" : undefined);
      },
      help: allow,
    },
    { stall: "replay_failed{logs:{log-2", ran: true, hinder: refuse("recoverFrom"), help: allow },
    {
      stall: "start_failed{kind:sequencer,node:n1,cause:incapable: no memory}",
      ran: true,
      hinder: (world) => {
        for (const host of world.hosts) host.incapable = "startComponent";
      },
      help: (world) => {
        for (const host of world.hosts) host.incapable = undefined;
      },
    },
    {
      stall: "layout_invalid{cause:splits}",
      ran: false,
      before: { config: { splits: [Uint8Array.of(2), Uint8Array.of(1)] } },
      hinder: () => undefined,
      // The configuration is the coordinators' to change, who begin another epoch then.
      help: (world) => {
        world.config = { ...world.config, splits: [] };
      },
    },
    { stall: "unlock_failed{id:", ran: true, hinder: refuse("activate"), help: allow },
    { stall: "system_tx_failed{cause:unreachable", ran: true, hinder: refuse("writeLayout"), help: allow },
    {
      stall: "tsl_corrupt{cause:no_logs}",
      ran: true,
      hinder: (world) => {
        world.layout = { ...world.layout!, logs: [] };
      },
      help: (world) => {
        world.layout = world.layouts.at(-1);
      },
    },
  ];

  test.each(cases.map((one) => [one.stall, one] as const))("%s", async (stall, { before, ran, hinder, help }) => {
    const options: Partial<DirectorOptions> = { lockMs: 200, lockGraceMs: 50, retryFirstMs: 50, retryMostMs: 400 };
    const world = cluster({ ...before, options });
    if (ran) {
      const first = await world.recover();
      await world.writes(5);
      first.abort();
      await world.until(() => hasEnded(first), 1000);
    }
    hinder(world);
    const inventory = world.inventory().filter((id) => !/ (sequencer|proxy|resolver)-/.test(id));
    const stalled = world.begin();
    const said = (): readonly string[] =>
      stalled.reports.flatMap((report) => (report.stall === "" ? [] : [report.stall]));
    await world.until(() => said().length > 1 || hasEnded(stalled), 10_000);
    for (const text of said()) expect(text).toStartWith(stall);
    expect(stalled.failure).toBeUndefined();
    for (const left of stalled.left) {
      expect(left.filter((id) => !/ (sequencer|proxy|resolver)-1-/.test(id))).toEqual(inventory as string[]);
    }
    // What had something of the new generation awake ends its epoch; the rest goes on in it, and is through once it is helped.
    const late = /^(unlock|system_tx)_failed/.test(stall);
    expect(stalled.end).toEqual(late ? expect.objectContaining({ reason: "failed" }) : undefined);
    help(world);
    if (!late && stall !== "layout_invalid{cause:splits}" && stall !== "tsl_corrupt{cause:no_logs}") {
      expect(await world.until(() => isRunning(stalled), 5000)).toBe(true);
    }
    await expectWhole(world);
  });

  test("pauses grow, and a change of the nodes ends one at once", async () => {
    const world = cluster({ nodes: 2, options: { retryFirstMs: 1000, retryMostMs: 60_000 } });
    const directing = world.begin();
    const attempts = (): number => directing.reports.at(-1)?.attempt ?? 0;
    await world.time.advanceSettled(10_000);
    // 1, 2 and 4 seconds, and at most a fifth more each.
    expect(attempts()).toBe(4);
    expect(directing.reports.at(-1)!.stall).toBe("insufficient_log_nodes{needed:3,have:2}");
    world.addHost("n3");
    expect(await world.until(() => isRunning(directing), 100)).toBe(true);
    expect(attempts()).toBe(5);
    // While it runs a change is only that.
    world.addHost("n4");
    await world.time.advanceSettled(1000);
    expect(attempts()).toBe(5);
    expect(isRunning(directing)).toBe(true);
  });

  test("a change while an attempt runs is not forgotten", async () => {
    const world = cluster({ nodes: 2, options: { retryFirstMs: 10_000 } });
    world.network.onEffect = ({ method }) => {
      if (method === "listWorkers" && world.hosts.length === 2) world.addHost("n3");
    };
    const directing = world.begin();
    expect(await world.until(() => isRunning(directing), 1000)).toBe(true);
    expect(directing.reports.at(-1)!.attempt).toBe(2);
  });

  test("a node where something failed is avoided while there are others", async () => {
    const world = cluster({ nodes: 4, options: { retryFirstMs: 50 } });
    world.host("n1").incapable = "startComponent";
    const directing = await world.recover();
    expect(isRunning(directing)).toBe(true);
    expect(directing.reports.at(-1)!.attempt).toBe(2);
    expect(world.layout!.sequencer.address).not.toBe("n1:1");
  });
});
