/**
 * The node, and its registration.
 */
import { RpcError, type RpcNode } from "#foundation/rpc";
import { type Runtime, sleep } from "#foundation/runtime";
import type { NodeRecord } from "#foundation/store-protocol";
import { Coordinators } from "../cluster/index.ts";
import { type Host, type HostOptions, openHost } from "../host/index.ts";
import { nextIncarnation } from "./incarnation.ts";

export interface StoreNodeOptions extends Pick<HostOptions, "capabilities" | "onWorkerFailure"> {
  /** Unique among the nodes of the cluster, and the same at each start. */
  readonly name: string;
  /** An existing directory that is the node's own. */
  readonly directory: string;
  /** Where others reach it. */
  readonly rpc: RpcNode;
  readonly coordinators: readonly string[];
  readonly workers?: HostOptions["workers"];
  /** How often it says that it lives. Default 1 s. */
  readonly heartbeatMs?: number;
  /** A node of this name was started after this one: this one is to end. */
  readonly onReplaced: () => void;
}

export interface StoreNode {
  readonly host: Host;
  close(): Promise<void>;
}

const HEARTBEAT_MS = 1_000;
const CALL_MS = 2_000;

/** Starts the workers of its disk, and registers as soon as a coordinator leads. @throws DiskError, Error when its disk cannot be read */
export async function openNode(runtime: Runtime, options: StoreNodeOptions): Promise<StoreNode> {
  const { disk } = runtime;
  const incarnation = await nextIncarnation(disk, options.directory);
  const directory = `${options.directory}/workers`;
  if (!(await disk.exists(directory))) await disk.makeDirectory(directory);
  await disk.syncDirectory(options.directory);
  const registration = new Registration(runtime, options, incarnation);
  const host = await openHost(runtime, {
    directory,
    rpc: options.rpc,
    capabilities: options.capabilities,
    ...(options.workers === undefined ? {} : { workers: options.workers }),
    onChange: () => registration.changed(),
    onWorkerFailure: options.onWorkerFailure,
  });
  registration.start(host);
  return {
    host,
    close: async () => {
      registration.close();
      await host.close();
    },
  };
}

/** Tells the leader what the node has, again whenever that changes or the leader does not know it, and then that it lives. */
class Registration {
  private readonly coordinators: Coordinators;
  private readonly controller = new AbortController();
  private wake = Promise.withResolvers<void>();
  private isTold = false;

  constructor(
    private readonly runtime: Runtime,
    private readonly options: StoreNodeOptions,
    private readonly incarnation: bigint,
  ) {
    this.coordinators = new Coordinators(runtime, options.rpc, options.coordinators);
  }

  start(host: Host): void {
    this.runtime.spawn("register", () => this.run(host));
  }

  changed(): void {
    this.isTold = false;
    this.wake.resolve();
  }

  close(): void {
    this.controller.abort();
    this.wake.resolve();
  }

  private async run(host: Host): Promise<void> {
    const { signal } = this.controller;
    while (!signal.aborted) {
      this.wake = Promise.withResolvers();
      let failed = false;
      try {
        if (this.isTold) await this.heartbeat();
        else await this.register(host);
      } catch (error) {
        if (!(error instanceof RpcError)) throw error;
        if (error.code === "superseded") return this.options.onReplaced();
        failed = true;
      }
      const pause = sleep(this.runtime.timers, this.options.heartbeatMs ?? HEARTBEAT_MS, signal).catch(() => undefined);
      if (this.isTold || failed) await Promise.race([pause, this.wake.promise]);
    }
  }

  private async register(host: Host): Promise<void> {
    this.isTold = true;
    const record: NodeRecord = {
      node: this.options.name,
      incarnation: this.incarnation,
      address: this.options.rpc.address,
      capabilities: this.options.capabilities,
      workers: host.workers,
    };
    try {
      await this.coordinators.askLeader((leader, call) => leader.register(record, call), this.call);
    } catch (error) {
      this.isTold = false;
      throw error;
    }
  }

  private async heartbeat(): Promise<void> {
    const request = { node: this.options.name, incarnation: this.incarnation };
    const { known } = await this.coordinators.askLeader((leader, call) => leader.heartbeat(request, call), this.call);
    if (!known) this.isTold = false;
  }

  private get call() {
    return { timeoutMs: CALL_MS, signal: this.controller.signal };
  }
}
