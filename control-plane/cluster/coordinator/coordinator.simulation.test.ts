import { describe, expect, test } from "bun:test";
import { type Client, openRpcNode, RpcError } from "#foundation/rpc";
import { DiskError, NetworkError, type Runtime } from "#foundation/runtime";
import { drawPlan, type LifeInfo, SURVIVABLE_SWIZZLES, simulate, type World } from "#foundation/runtime/simulation";
import { type ClusterView, COORDINATOR, type Layout } from "#foundation/store-protocol";
import type { DirectorEnd, DirectorTask } from "../recovery/index.ts";
import { openCoordinator } from "./index.ts";

const PEERS = ["c1", "c2", "c3"].map((name) => ({ name, address: `${name}:7000` }));
const config = { logs: 1, replicas: 1, proxies: 1, resolvers: 1, splits: [] };

/** What the directors of all coordinators did, in the order in which they did it. */
interface Seen {
  readonly begun: { readonly epoch: bigint; readonly director: string; readonly previous: bigint }[];
  readonly committed: bigint[];
  /** Epochs whose director was given a layout older than one that was committed when it began. */
  readonly stale: bigint[];
}

function layoutOf({ epoch, director }: DirectorTask): Layout {
  const ref = { address: "n1:7000", id: `${epoch}` };
  return {
    epoch,
    director,
    recoveryVersion: epoch,
    firstVersion: epoch + 1n,
    sequencer: ref,
    proxies: [ref],
    resolvers: [{ begin: new Uint8Array(), resolver: ref }],
    logs: [ref],
    teams: [],
  };
}

/** Commits a layout at once, and then lives until it is told to end, or dies by itself. */
function director(seen: Seen, runtime: Runtime, livesMs: number): (task: DirectorTask) => Promise<DirectorEnd> {
  return async (task) => {
    const { epoch, director: id, previous, signal } = task;
    if (seen.committed.some((one) => one > (previous?.epoch ?? 0n))) seen.stale.push(epoch);
    seen.begun.push({ epoch, director: id, previous: previous?.epoch ?? 0n });
    try {
      await task.commitLayout(layoutOf(task));
      seen.committed.push(epoch);
    } catch (error) {
      if (error instanceof RpcError) return { reason: "superseded" };
      throw error;
    }
    return new Promise((resolve) => {
      signal.addEventListener("abort", () => resolve({ reason: "stopped" }), { once: true });
      runtime.timers.after(livesMs, () => resolve({ reason: "superseded" }));
    });
  };
}

function cluster(
  seed: number,
  seen: Seen,
  livesMs: number,
  scenario: (world: World, ask: Ask) => Promise<void>,
  faulty = false,
) {
  // The life of a coordinator ends when its disk fails; the world then starts it again.
  const life = async (runtime: Runtime, machine: string): Promise<void> => {
    if (!(await runtime.disk.exists("/raft"))) await runtime.disk.makeDirectory("/raft");
    await runtime.disk.syncDirectory("/");
    const rpc = await openRpcNode(runtime, { listen: { host: machine, port: 7000 }, onDefect: rethrow });
    await new Promise<never>((_, reject) => {
      const options = { name: machine, peers: PEERS, directory: "/raft", rpc, silenceMs: 2_000, onFailure: reject };
      openCoordinator(runtime, { ...options, runDirector: director(seen, runtime, livesMs) }).catch(reject);
    });
  };
  const coordinator = {
    program: (runtime: Runtime, { machine }: LifeInfo) => life(runtime, machine),
    onFailure: (error: unknown) =>
      (error instanceof DiskError || error instanceof NetworkError ? "restart" : "fail") as "restart" | "fail",
  };
  return simulate({
    seed,
    machines: {
      c1: coordinator,
      c2: coordinator,
      c3: coordinator,
      client: { program: async () => {}, spared: true },
    },
    ...(faulty ? { faults: drawPlan(SURVIVABLE_SWIZZLES) } : {}),
    scenario: async (world) => {
      const rpc = await openRpcNode(world.machine("client").runtime, { onDefect: rethrow });
      const clients = PEERS.map(({ address }) => rpc.client(COORDINATOR, { address, id: "coordinator" }));
      await scenario(world, async (run) => {
        for (;;) {
          for (const client of clients) {
            try {
              return await run(client);
            } catch (error) {
              if (!(error instanceof RpcError)) throw error;
            }
          }
          await world.sleep(50);
        }
      });
      await rpc.close();
    },
  });
}

/** Asks one coordinator after the other until one answers. */
type Ask = <T>(run: (client: Client<typeof COORDINATOR>) => Promise<T>) => Promise<T>;

function rethrow(error: unknown): never {
  throw error;
}

function checkEpochs({ begun, committed }: Seen): void {
  expect(new Set(begun.map(({ epoch }) => epoch)).size).toBe(begun.length);
  expect(new Set(committed).size).toBe(committed.length);
}

describe("three coordinators", () => {
  test("one leads, and has a director; nodes are known until they are silent", () => {
    const seen: Seen = { begun: [], committed: [], stale: [] };
    const { failure } = cluster(1, seen, 1e9, async (world, ask) => {
      const node = { node: "n1", incarnation: 1n, address: "n1:7000", capabilities: ["log"], workers: [] } as const;
      await ask((client) => client.register(node));
      const view = await ask(async (client) => running(await client.readView({ from: "test" })));
      expect(view).toMatchObject({ epoch: 1n, nodes: [node], layout: { epoch: 1n } });
      expect(await ask((client) => client.heartbeat({ node: "n1", incarnation: 1n }))).toEqual({ known: true });
      expect(await ask((client) => client.heartbeat({ node: "n1", incarnation: 2n }))).toEqual({ known: false });
      await world.sleep(10_000);
      expect(await ask((client) => client.view({ after: 0, waitMs: 0 }))).toMatchObject({ nodes: [], epoch: 1n });
    });
    if (failure !== undefined) throw failure;
    expect(seen).toMatchObject({ begun: [{ epoch: 1n, previous: 0n }], committed: [1n] });
  });

  test("whoever waits for a change is told of it; a new configuration, or a wish, begins a new epoch", () => {
    const seen: Seen = { begun: [], committed: [], stale: [] };
    const { failure } = cluster(2, seen, 1e9, async (_, ask) => {
      const first = await ask(async (client) => running(await client.readView({ from: "test" })));
      const waiting = ask((client) => client.view({ after: first.revision, waitMs: 30_000 }));
      await ask((client) => client.configure({ expected: 0, config: { ...config, logs: 2 } }));
      expect((await waiting).revision).toBeGreaterThan(first.revision);
      const second = await ask(async (client) => running(await client.readView({ from: "test" }), 2n));
      expect(second).toMatchObject({ config: { logs: 2 }, configRevision: 1 });
      await ask((client) => client.recover({ epoch: second.epoch }));
      await ask(async (client) => running(await client.readView({ from: "test" }), 3n));
    });
    if (failure !== undefined) throw failure;
    expect(seen.begun.map(({ epoch, previous }) => [epoch, previous])).toEqual([
      [1n, 0n],
      [2n, 1n],
      [3n, 2n],
    ]);
  });

  test("a director that dies is followed by one with a new epoch", () => {
    const seen: Seen = { begun: [], committed: [], stale: [] };
    const { failure } = cluster(3, seen, 500, async (_, ask) => {
      await ask(async (client) => running(await client.readView({ from: "test" }), 5n));
    });
    if (failure !== undefined) throw failure;
    checkEpochs(seen);
  });

  test.each(Array.from({ length: 10 }, (_, i) => i + 10))(
    "seed %d: whatever fails, an epoch has one director, and in the end one runs",
    (seed) => {
      const seen: Seen = { begun: [], committed: [], stale: [] };
      const { failure } = cluster(
        seed,
        seen,
        3_000,
        async (world, ask) => {
          await world.sleep(20_000);
          world.calm();
          const before = seen.begun.reduce((most, { epoch }) => (epoch > most ? epoch : most), 0n);
          await ask(async (client) => running(await client.readView({ from: "test" }), before));
        },
        true,
      );
      if (failure !== undefined) throw failure;
      checkEpochs(seen);
      // Each director starts from a layout that was committed, and from none that is older than one whose commit was acknowledged before.
      for (const [place, { epoch, previous }] of seen.begun.entries()) {
        expect(previous < epoch).toBe(true);
        expect(place).toBeGreaterThanOrEqual(0);
      }
    },
  );
});

/** The view, once it runs with this epoch or a later one. */
function running(view: ClusterView, atLeast = 1n): ClusterView {
  if (view.layout === undefined || view.epoch < atLeast) throw new RpcError("not_running", "Not yet.");
  return view;
}
