/**
 * A whole store in a simulated world: machines that each have a coordinator and a node, and one that only has clients.
 */

import { openCoordinator } from "#control-plane/cluster/coordinator";
import { type DirectorOptions, type DirectorTask, runDirector } from "#control-plane/cluster/recovery";
import type { StoreBackend } from "#data-plane/store/backend";
import { Coordinators, connectCluster } from "#data-plane/store/cluster";
import { openNode } from "#data-plane/store/node";
import { openRpcNode } from "#foundation/rpc";
import type { Random } from "#foundation/runtime";
import { DiskError, NetworkError, type Runtime } from "#foundation/runtime";
import type { FaultPlan, LifeInfo, SimulationOptions, World } from "#foundation/runtime/simulation";
import type { ClusterConfig, ClusterView } from "#foundation/store-protocol";
import { Adversary } from "./adversary.ts";
import { Witness, watchedNode } from "./invariants/index.ts";

export interface SimulatedCluster {
  readonly world: World;
  /** Another client of the cluster, on the machine of the clients. */
  connect(patienceMs?: number): Promise<StoreBackend>;
  /** The epoch, as a number. */
  epoch(): Promise<number>;
  /** What the coordinators say of the cluster. */
  view(): Promise<ClusterView>;
  /** Ends all faults for good. */
  calm(): void;
  /** What runs on the machines and belongs to no layout. */
  leftovers(): readonly string[];
  /** Changes the configuration. */
  configure(change: Partial<ClusterConfig>): Promise<void>;
}

export interface ClusterSimulation {
  readonly seed: number;
  /** 1, 3 or 5 machines. */
  readonly machines: number;
  readonly config: ClusterConfig;
  readonly director?: Partial<DirectorOptions>;
  readonly faults?: (random: Random) => FaultPlan;
  readonly virtualMsMax?: number;
  /** Whether somebody strikes who knows what hurts; until `calm`. */
  readonly adversary?: boolean;
  readonly scenario: (cluster: SimulatedCluster) => Promise<void>;
}

const PORT = 7_000;
const CAPABILITIES = ["coordination", "log", "storage", "transaction"] as const;

/** For `simulate` or `runSeeds`. */
export function clusterSimulation(options: ClusterSimulation): SimulationOptions {
  const names = Array.from({ length: options.machines }, (_, i) => `n${i + 1}`);
  const peers = names.map((name) => ({ name, address: `${name}:${PORT}` }));
  const coordinators = peers.map(({ address }) => address);

  let world: World | undefined;
  const witness = new Witness((invariant, text) => {
    if (world === undefined) throw new Error(`${invariant}: ${text}`);
    world.fail("error", `at ${world.nowMs.toFixed(3)} ms, invariant ${invariant}: ${text}`);
  });

  const live = async (runtime: Runtime, name: string): Promise<void> => {
    witness.onStart(name);
    for (const directory of ["/raft", "/node"]) {
      if (!(await runtime.disk.exists(directory))) await runtime.disk.makeDirectory(directory);
    }
    await runtime.disk.syncDirectory("/");
    const bare = await openRpcNode(runtime, { listen: { host: name, port: PORT }, onDefect: defect });
    const rpc = watchedNode(bare, name, witness);
    await new Promise<never>((_, reject) => {
      const control = openCoordinator(runtime, {
        name,
        peers,
        directory: "/raft",
        rpc,
        firstConfig: options.config,
        silenceMs: 2_000,
        runDirector: (task) =>
          runDirector(witnessed(task, witness), {
            clientOf: (service, ref) => rpc.client(service, ref),
            runtime,
            ...(options.director === undefined ? {} : { options: options.director }),
          }),
        onFailure: reject,
      });
      const node = openNode(runtime, {
        name,
        directory: "/node",
        rpc,
        coordinators,
        capabilities: CAPABILITIES,
        workers: { storage: { flushMs: 200 }, log: { segmentBytes: 64 * 1024 } },
        heartbeatMs: 500,
        onWorkerFailure: (_id, error) => {
          if (!isWorldly(error)) reject(error);
        },
        onReplaced: () => reject(new Error("a node was replaced by itself")),
      });
      Promise.all([control, node]).catch(reject);
    });
  };

  return {
    seed: options.seed,
    machines: {
      ...Object.fromEntries(
        names.map((name) => [
          name,
          {
            program: (runtime: Runtime, { machine }: LifeInfo) => live(runtime, machine),
            onFailure: (error: unknown) => (isWorldly(error) ? "restart" : "fail") as "restart" | "fail",
          },
        ]),
      ),
      clients: { program: async () => {}, spared: true },
    },
    ...(options.faults === undefined ? {} : { faults: options.faults }),
    virtualMsMax: options.virtualMsMax ?? 600_000,
    scenario: async (started) => {
      world = started;
      const adversary = new Adversary(started, names, started.random.fork("adversary"), () => witness.hasBegun);
      if (options.adversary === true) witness.onCall = (method, place) => adversary.onCall(method, place);
      const { runtime } = started.machine("clients");
      const rpc = await openRpcNode(runtime, { onDefect: defect });
      const asked = new Coordinators(runtime, rpc, coordinators);
      const { signal } = new AbortController();
      const view = (): Promise<ClusterView> =>
        asked.ask((one, call) => one.readView({ from: "test" }, call), { signal });
      await options.scenario({
        world: started,
        connect: async (patienceMs) =>
          connectCluster(runtime, { rpc, coordinators, ...(patienceMs === undefined ? {} : { patienceMs }) }),
        epoch: async () => Number((await view()).epoch),
        view,
        calm: () => {
          adversary.stop();
          started.calm();
        },
        leftovers: () => witness.leftovers(),
        configure: async (change) => {
          const { config, configRevision: expected } = await view();
          const wanted = { ...config, ...change };
          await asked.askLeader((leader, call) => leader.configure({ expected, config: wanted }, call), { signal });
        },
      });
      await rpc.close();
    },
  };
}

/** The same task, and the witness is told of who directs, and of what was agreed to. */
function witnessed(task: DirectorTask, witness: Witness): DirectorTask {
  witness.onDirector(task.epoch, task.director, task.previous);
  return {
    ...task,
    commitLayout: async (layout) => {
      await task.commitLayout(layout);
      witness.onAgreed(layout);
    },
  };
}

/** What the world does to a program, as opposed to a defect of the program. */
function isWorldly(error: unknown): boolean {
  if (error instanceof DiskError || error instanceof NetworkError) return true;
  const { cause } = error as { cause?: unknown };
  return cause !== undefined && isWorldly(cause);
}

function defect(error: unknown): never {
  throw error;
}
