/**
 * Recoveries of a cluster of fakes: from nothing, after each loss, through every stall, and overtaken at every step.
 */
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { assertDeterministicSource } from "#foundation/runtime/simulation";
import { type DirectorOptions, runDirector } from "./index.ts";
import { FakeCluster, type FakeClusterOptions, hasEnded, isRunning } from "./testing/fake-cluster.ts";

const cluster = (options: Omit<FakeClusterOptions, "director"> = {}): FakeCluster =>
  new FakeCluster({ director: runDirector, ...options });

/** A cluster that runs and has acknowledged something. */
async function running(options?: Omit<FakeClusterOptions, "director">) {
  const world = cluster(options);
  const first = await world.recover();
  await world.writes(10);
  return { world, first };
}

/** Runs on in a new epoch, and has everything. */
async function expectWhole(world: FakeCluster): Promise<void> {
  expect(isRunning(await world.recoverAtLast())).toBe(true);
  expect(await world.write()).toBe(true);
  await world.readAll();
  expect(world.violations).toEqual([]);
}

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

describe("a director that is overtaken ends, and leaves nothing behind", () => {
  const steps = [
    "lock",
    "listWorkers",
    "createWorker",
    "recoverFrom",
    "startComponent",
    "activate",
    "unlock",
    "writeLayout",
    "renew",
  ];
  test.each(steps)("at the first %s", async (method) => {
    const { world, first } = await running();
    first.abort();
    await world.until(() => hasEnded(first), 1000);
    let epoch: bigint | undefined;
    // The newer director makes itself known to everybody just before the call arrives.
    world.network.fault = (call) => {
      if (call.caller !== "director" || call.method !== method || epoch !== undefined || world.epoch !== 2n)
        return undefined;
      epoch = 7n;
      for (const { logs, storages } of world.hosts) {
        for (const one of [...logs.values(), ...storages.values()])
          Object.assign(one, { epoch, director: "other", mode: "locked" });
      }
      for (const host of world.hosts) Object.assign(host, { epoch, director: "other" });
      return undefined;
    };
    const overtaken = world.begin();
    await world.until(() => hasEnded(overtaken), 10_000);
    expect(epoch).toBe(7n);
    expect(overtaken.end).toEqual({ reason: "superseded", epoch: 7n });
    expect(world.layout!.epoch).toBe(1n);
    world.epoch = 7n;
    world.network.fault = () => undefined;
    await expectWhole(world);
    await world.until(() => world.inventory().filter((id) => id.includes(" log-")).length === 3, 5000);
    expect(world.inventory().filter((id) => id.includes(" log-"))).toHaveLength(3);
  });

  test("nothing else is attempted after the word of a newer epoch", async () => {
    const { world } = await running();
    for (const log of world.host("n1").logs.values()) Object.assign(log, { epoch: 9n, director: "other" });
    const calls: string[] = [];
    world.network.onEffect = ({ caller, method }) => void (caller === "director" && calls.push(method));
    const overtaken = await world.recover();
    expect(overtaken.end).toEqual({ reason: "superseded", epoch: 9n });
    expect(
      calls.filter((method) => !["lock", "listWorkers", "renew", "confirmRunning", "info"].includes(method)),
    ).toEqual([]);
  });

  test("at the commit: undone, since it never will be accepted", async () => {
    const { world } = await running();
    const before = world.layout;
    world.commitFault = "superseded";
    const overtaken = await world.recover();
    expect(overtaken.end?.reason).toBe("superseded");
    expect(world.layout).toBe(before!);
    expect(overtaken.undone[0]!.undone.filter((name) => name.startsWith("createWorker"))).toHaveLength(3);
    await expectWhole(world);
  });

  test("a leadership that is lost during the commit leaves the logs, since the commit may go on without it", async () => {
    const { world } = await running();
    world.commitMs = 50;
    const directing = world.begin();
    await world.until(() => directing.reports.at(-1)?.step === "commit", 1000);
    expect(world.layout!.epoch).toBe(1n);
    directing.abort();
    await world.until(() => hasEnded(directing), 1000);
    expect(directing.end?.reason).toBe("commit_unknown");
    expect(await world.until(() => world.layout!.epoch === 2n, 100)).toBe(true);
    await expectWhole(world);
  });

  test.each(["lost", "accepted_unheard"] as const)(
    "a commit that was %s leaves the logs, which may be in a layout",
    async (fault) => {
      const { world } = await running();
      world.commitFault = fault;
      const directing = await world.recover();
      expect(directing.end).toMatchObject({ reason: "commit_unknown" });
      expect(directing.undone[0]!.undone.filter((name) => name.startsWith("createWorker"))).toEqual([]);
      await expectWhole(world);
    },
  );
});
