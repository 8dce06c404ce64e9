/**
 * The host as a service.
 */
import { type Handlers, type Ref, RpcError, type RpcNode } from "#foundation/rpc";
import type { Runtime } from "#foundation/runtime";
import { HOST, type NodeRecord } from "#foundation/store-protocol";
import { Components, type Owner } from "./components.ts";
import { tellingDiskErrors } from "./disk-errors.ts";
import { isWorkerId } from "./worker-directory.ts";
import { type WorkerSettings, Workers } from "./workers.ts";

export interface HostOptions {
  /** An existing directory for the workers of this host alone. */
  readonly directory: string;
  readonly rpc: RpcNode;
  readonly capabilities: NodeRecord["capabilities"];
  readonly workers?: WorkerSettings;
  /** The list of workers has changed. */
  readonly onChange: () => void;
  readonly onWorkerFailure: (id: string, error: unknown) => void;
}

export interface Host {
  readonly workers: NodeRecord["workers"];
  close(): Promise<void>;
}

const LEASE_MS_MAX = 60_000;

/** Starts a host with the workers of its directory, served under the id `host`. @throws DiskError, Error when a manifest cannot be read */
export async function openHost(runtime: Runtime, options: HostOptions): Promise<Host> {
  const host = new RunningHost(runtime, options);
  await host.open();
  return host;
}

class RunningHost implements Host {
  private readonly components: Components;
  private readonly running: Workers;
  private served: { end(): void } | undefined;
  /** The newest director that was heard of. Those before it may not make or start anything any more. */
  private newest: Owner = { epoch: 0n, director: "" };

  constructor(
    runtime: Runtime,
    private readonly options: HostOptions,
  ) {
    this.components = new Components(runtime, options.rpc);
    this.running = new Workers(runtime, options.rpc, {
      directory: options.directory,
      settings: options.workers ?? {},
      onChange: options.onChange,
      onFailure: options.onWorkerFailure,
    });
  }

  get workers(): NodeRecord["workers"] {
    return this.running.list;
  }

  async open(): Promise<void> {
    await this.running.open();
    this.served = this.options.rpc.serve("host", HOST, tellingDiskErrors(this.handlers(), HOST));
  }

  async close(): Promise<void> {
    this.served?.end();
    this.components.stopAll();
    await this.running.close();
  }

  private handlers(): Handlers<typeof HOST> {
    return {
      listWorkers: async () => ({ workers: this.running.list }),
      createWorker: async ({ epoch, director, id, kind }) => {
        this.admit({ epoch, director });
        if (!isWorkerId(id)) throw new RpcError("invalid_request", `"${id}" cannot be the name of a worker.`);
        if (!this.options.capabilities.includes(kind))
          throw new RpcError("incapable", `This host has no ${kind} workers.`);
        await this.running.create(id, kind);
        return this.refOf(id);
      },
      removeWorker: async ({ epoch, director, id }) => {
        this.admit({ epoch, director });
        if (!isWorkerId(id)) throw new RpcError("invalid_request", `"${id}" cannot be the name of a worker.`);
        await this.running.remove(id);
      },
      startComponent: async ({ epoch, director, id, leaseMs, component }) => {
        this.admit({ epoch, director });
        if (!this.options.capabilities.includes("transaction")) {
          throw new RpcError("incapable", "This host runs no components of the transaction system.");
        }
        if (!isWorkerId(id)) throw new RpcError("invalid_request", `"${id}" cannot be the name of a component.`);
        this.components.start({ epoch, director }, id, component, Math.min(leaseMs, LEASE_MS_MAX));
        return this.refOf(id);
      },
      // Whatever its epoch: who undoes is late by nature, and an id belongs to one director alone.
      stopComponent: async ({ id }) => this.components.stop(id),
      renew: async ({ epoch, director, leaseMs }) => {
        this.admit({ epoch, director });
        return {
          components: this.components.renew({ epoch, director }, Math.min(leaseMs, LEASE_MS_MAX)),
          workers: this.running.list.map(({ id }) => id),
        };
      },
    };
  }

  private refOf(id: string): Ref {
    return { address: this.options.rpc.address, id };
  }

  private admit(owner: Owner): void {
    const { epoch, director } = this.newest;
    if (owner.epoch < epoch || (owner.epoch === epoch && owner.director !== director)) {
      throw new RpcError("newer_epoch", `Epoch ${epoch} has begun.`, epoch);
    }
    this.newest = owner;
  }
}
