/**
 * The host of a node: workers survive its death, components do not, and end with their lease.
 */
import { type Handlers, RpcError } from "#foundation/rpc";
import type { HOST } from "#foundation/store-protocol";
import type { RecoveryNode } from "../recovery-view.ts";
import { fakeComponent } from "./fake-components.ts";
import { FakeLog, newer } from "./fake-log.ts";
import type { AnyHandlers, FakeMachine, FakeNetwork } from "./fake-network.ts";
import { FakeStorage } from "./fake-storage.ts";

export interface FakeHostNeeds {
  readonly node: string;
  readonly network: FakeNetwork;
  readonly nowMs: () => number;
  readonly onFinalize: (epoch: bigint) => void;
  readonly onPush: (version: bigint, epoch: bigint) => void;
  readonly complain: (text: string) => void;
}

interface Component {
  readonly type: string;
  readonly epoch: bigint;
  readonly director: string;
  endsMs: number;
}

export class FakeHost implements FakeMachine {
  state: FakeMachine["state"] = "up";
  readonly services = new Map<string, AnyHandlers>();
  readonly logs = new Map<string, FakeLog>();
  readonly storages = new Map<string, FakeStorage>();
  readonly components = new Map<string, Component>();
  readonly removed = new Set<string>();
  capabilities: RecoveryNode["capabilities"] = ["coordination", "log", "storage", "transaction"];
  incarnation = 1n;
  readonly address: string;
  /** Fails to make workers, or to start components. */
  incapable: "createWorker" | "startComponent" | undefined;
  private epoch = 0n;
  private director = "";

  constructor(private readonly needs: FakeHostNeeds) {
    this.address = `${needs.node}:1`;
    this.services.set("host", this.handlers);
    needs.network.machines.set(this.address, this);
  }

  get node(): string {
    return this.needs.node;
  }

  describe(): RecoveryNode {
    const { node, incarnation, address, capabilities } = this;
    return { node, incarnation, address, capabilities, workers: this.workers() };
  }

  kill(): void {
    this.state = "dead";
    for (const id of [...this.components.keys()]) this.end(id);
  }

  restart(): void {
    this.state = "up";
    this.incarnation++;
    for (const log of this.logs.values()) log.restart();
    for (const storage of this.storages.values()) storage.restart();
  }

  /** Ends what has outlived its lease, and lets storage servers pull. */
  tick(): void {
    if (this.state !== "up") return;
    for (const [id, { endsMs }] of [...this.components]) if (endsMs <= this.needs.nowMs()) this.end(id);
    for (const storage of this.storages.values()) void storage.tick();
  }

  end(id: string): void {
    this.components.delete(id);
    this.services.delete(id);
  }

  addWorker(id: string, kind: "log" | "storage"): void {
    const { network, onFinalize, onPush, complain } = this.needs;
    const clientOf = network.clientsOf(id);
    const worker = kind === "log" ? new FakeLog({ id, clientOf, onFinalize, onPush }) : undefined;
    if (worker !== undefined) this.logs.set(id, worker);
    const storage = kind === "storage" ? new FakeStorage({ id, clientOf, onFinalize, complain }) : undefined;
    if (storage !== undefined) this.storages.set(id, storage);
    this.services.set(id, (worker ?? storage)!.handlers);
  }

  private workers(): RecoveryNode["workers"] {
    return [
      ...[...this.logs.keys()].map((id) => ({ id, kind: "log" as const })),
      ...[...this.storages.keys()].map((id) => ({ id, kind: "storage" as const })),
    ];
  }

  private readonly handlers: Handlers<typeof HOST> = {
    listWorkers: async () => ({ workers: this.workers() }),
    createWorker: async ({ epoch, director, id, kind }) => {
      this.obey(epoch, director);
      if (this.incapable === "createWorker") throw new RpcError("incapable", "the disk is full");
      if (this.removed.has(id)) this.needs.complain(`worker ${id} was made again after it was removed`);
      if (!this.services.has(id)) this.addWorker(id, kind);
      return { address: this.address, id };
    },
    removeWorker: async ({ epoch, director, id }) => {
      this.obey(epoch, director);
      this.logs.delete(id);
      this.storages.delete(id);
      this.services.delete(id);
      this.removed.add(id);
    },
    startComponent: async ({ epoch, director, id, leaseMs, component }) => {
      this.obey(epoch, director);
      if (this.incapable === "startComponent") throw new RpcError("incapable", "no memory");
      if (this.services.has(id) || this.removed.has(id)) this.needs.complain(`component ${id} is used twice`);
      this.services.set(id, fakeComponent(component, epoch, this.needs.network.clientsOf(id)));
      this.components.set(id, { type: component.type, epoch, director, endsMs: this.needs.nowMs() + leaseMs });
      return { address: this.address, id };
    },
    stopComponent: async ({ epoch, director, id }) => {
      this.obey(epoch, director);
      this.end(id);
    },
    renew: async ({ epoch, director, leaseMs }) => {
      this.obey(epoch, director);
      const mine = [...this.components].filter(([, one]) => one.epoch === epoch && one.director === director);
      for (const [, component] of mine) component.endsMs = this.needs.nowMs() + leaseMs;
      return { components: mine.map(([id]) => id), workers: this.workers().map(({ id }) => id) };
    },
  };

  private obey(epoch: bigint, director: string): void {
    if (epoch < this.epoch || (epoch === this.epoch && director !== this.director)) throw newer(this.epoch);
    this.epoch = epoch;
    this.director = director;
  }
}

export function fakeStorageOf({ storages }: FakeHost): readonly FakeStorage[] {
  return [...storages.values()];
}
