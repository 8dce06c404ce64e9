/**
 * A cluster of fakes over virtual time, with coordinators that never fail, and with an eye on what must hold.
 *
 * Invariants, checked whenever a layout is committed and collected in `violations`:
 * I1 one director, and one layout apart from the status of members, per epoch; I3 what was acknowledged is at or below R; I4 no storage server shows
 * anything between R and the first version; no version is given in two epochs; and what the layout promises: logs and storage servers of this epoch, running, none of the old logs among
 * them, the system transaction on every log, nothing durable beyond R, nothing told to be final. I2, the order of epochs, is kept by the fakes' own refusals.
 */
import { RpcError } from "#foundation/rpc";
import { createVirtualTime, type VirtualTime } from "#foundation/runtime";
import { SeededRandom } from "#foundation/runtime/simulation";
import { type ClusterConfig, COMMIT_PROXY, type Layout, STORAGE, SYSTEM_KEYS } from "#foundation/store-protocol";
import type {
  DirectorEnd,
  DirectorOptions,
  DirectorTask,
  RecoveryProgress,
  runDirector,
  UndoReport,
} from "../index.ts";
import { hex } from "./fake-components.ts";
import { FakeHost } from "./fake-host.ts";
import { FakeNetwork } from "./fake-network.ts";
import { layoutComplaints } from "./layout-complaints.ts";

export type Director = typeof runDirector;

export const CONFIG: ClusterConfig = { logs: 3, replicas: 3, proxies: 2, resolvers: 2, splits: [] };

/** How often storage servers pull. Longer than needed, so that they lag behind the logs. */
const TICK_MS = 25;

/** Few, so that writes meet. */
const KEYS = 7;

/** A director under way. */
export interface FakeDirecting {
  readonly epoch: bigint;
  readonly reports: RecoveryProgress[];
  readonly undone: UndoReport[];
  /** What was on the hosts after each undo. */
  readonly left: (readonly string[])[];
  /** Set once it has ended. */
  end: DirectorEnd | undefined;
  /** What it rejected with: a defect. */
  failure: unknown;
  abort(): void;
}

export interface FakeClusterOptions {
  readonly nodes?: number;
  readonly config?: Partial<ClusterConfig>;
  readonly director: Director;
  readonly options?: Partial<DirectorOptions>;
  readonly seed?: number;
}

export class FakeCluster {
  readonly time: VirtualTime = createVirtualTime(0);
  readonly network = new FakeNetwork(this.time.timers);
  readonly hosts: FakeHost[] = [];
  readonly violations: string[] = [];
  /** Hosts that the directory does not have. */
  readonly unregistered = new Set<string>();
  config: ClusterConfig;
  epoch = 0n;
  layout: Layout | undefined;
  readonly layouts: Layout[] = [];
  /** What was acknowledged: by key, the value and the version. */
  readonly acked = new Map<string, { readonly value: string; readonly version: bigint }>();
  /** What may have been written as well, by the number of the write: values whose writer was told nothing. */
  private readonly unknown = new Map<string, Map<number, string>>();
  /** What becomes of proposals to commit a layout. */
  commitFault: "superseded" | "lost" | "accepted_unheard" | undefined;
  /** How long the coordinators take to agree. */
  commitMs = 3;
  /** The epoch of each version that was given out. */
  private readonly pushed = new Map<bigint, bigint>();
  private readonly listeners = new Set<() => void>();
  private readonly random: SeededRandom;
  private director = "";
  private written = 0;

  constructor(private readonly parts: FakeClusterOptions) {
    this.config = { ...CONFIG, ...parts.config };
    this.random = SeededRandom.fromSeed(parts.seed ?? 1);
    for (let index = 1; index <= (parts.nodes ?? 3); index++) this.addHost(`n${index}`);
    this.time.timers.every(TICK_MS, () => {
      for (const host of this.hosts) host.tick();
    });
  }

  addHost(node: string): FakeHost {
    const host = new FakeHost({
      node,
      network: this.network,
      nowMs: () => this.time.clock.monotonicMs(),
      onFinalize: (epoch) => {
        if (this.layout === undefined || this.layout.epoch < epoch)
          this.complain(`epoch ${epoch} is finalized uncommitted`);
      },
      onPush: (version, epoch) => {
        const before = this.pushed.get(version) ?? epoch;
        if (before !== epoch) this.complain(`version ${version} of epoch ${before} is given again in epoch ${epoch}`);
        this.pushed.set(version, epoch);
      },
      complain: (text) => this.complain(text),
    });
    this.hosts.push(host);
    this.nodesChanged();
    return host;
  }

  host(node: string): FakeHost {
    return this.hosts.find((host) => host.node === node)!;
  }

  complain(text: string): void {
    this.violations.push(text);
  }

  nodesChanged(): void {
    for (const listener of this.listeners) listener();
  }

  /** Begins an epoch, and has a director run for it. */
  begin(): FakeDirecting {
    const epoch = ++this.epoch;
    const director = `d${epoch}`;
    this.director = director;
    const abort = new AbortController();
    const directing: FakeDirecting = {
      ...{ epoch, reports: [], undone: [], left: [], end: undefined, failure: undefined },
      abort: () => abort.abort(),
    };
    const task: DirectorTask = {
      ...{ epoch, director, previous: this.layout, config: this.config, signal: abort.signal },
      nodes: () => this.hosts.filter(({ node }) => !this.unregistered.has(node)).map((host) => host.describe()),
      onNodesChanged: (listener) => {
        this.listeners.add(listener);
        return () => void this.listeners.delete(listener);
      },
      commitLayout: (layout) => this.commitLayout(epoch, director, layout),
      report: (progress) => void directing.reports.push(progress),
    };
    this.parts
      .director(task, {
        clientOf: this.network.clientsOf("director"),
        runtime: { clock: this.time.clock, timers: this.time.timers, random: this.random.fork(director) },
        options: this.parts.options,
        onUndone: (report) => {
          directing.undone.push(report);
          directing.left.push(this.inventory());
        },
      })
      .then(
        (end) => {
          directing.end = end;
        },
        (error) => {
          directing.failure = error;
        },
      );
    return directing;
  }

  /** Lets time go on until the condition holds. @returns whether it does within the limit */
  async until(condition: () => boolean, limitMs: number): Promise<boolean> {
    for (let waited = 0; waited <= limitMs; waited += 5) {
      await this.time.advanceSettled(0);
      if (condition()) return true;
      await this.time.advanceSettled(5);
    }
    return false;
  }

  /** A new epoch until it runs or its director has ended. @throws Error when neither happens in time */
  async recover(limitMs = 120_000): Promise<FakeDirecting> {
    const directing = this.begin();
    if (!(await this.until(() => isRunning(directing) || hasEnded(directing), limitMs))) {
      throw new Error(`epoch ${directing.epoch} neither runs nor ends: ${JSON.stringify(directing.reports.at(-1))}`);
    }
    return directing;
  }

  /** Epochs one after the other until one runs, as coordinators would. */
  async recoverAtLast(epochsMax = 5, limitMs = 120_000): Promise<FakeDirecting> {
    for (let tries = 1; ; tries++) {
      const directing = await this.recover(limitMs);
      if (isRunning(directing) || tries === epochsMax) return directing;
    }
  }

  /** One write by way of the layout's first proxy. @returns whether it was acknowledged */
  async write(layout: Layout | undefined = this.layout): Promise<boolean> {
    const key = `k${this.written % KEYS}`;
    const number = ++this.written;
    const value = Buffer.from(`v${number}`).toString("hex");
    const unknown = this.unknown.get(key) ?? new Map<number, string>();
    this.unknown.set(key, unknown.set(number, value));
    let acked: boolean | undefined;
    const data = new TextEncoder().encode(JSON.stringify({ [hex(new TextEncoder().encode(key))]: value }));
    const proxy = this.network.clientsOf("client")(COMMIT_PROXY, layout!.proxies[0]!);
    proxy.commit({ epoch: layout!.epoch, transaction: data }).then(
      ({ version }) => {
        acked = true;
        const before = this.acked.get(key);
        if (before === undefined || before.version < version) this.acked.set(key, { value, version });
        for (const earlier of [...unknown.keys()]) if (earlier <= number) unknown.delete(earlier);
      },
      () => {
        acked = false;
      },
    );
    await this.until(() => acked !== undefined, 100);
    return acked === true;
  }

  async writes(count: number): Promise<void> {
    for (let index = 0; index < count; index++) await this.write();
  }

  /** I6: what was acknowledged is read, from each server that is up in the layout. */
  async readAll(): Promise<void> {
    const layout = this.layout!;
    const version = this.hosts
      .flatMap(({ logs }) => [...logs.values()])
      .reduce((most, log) => (log.last > most ? log.last : most), 0n);
    const clients = this.network.clientsOf("client");
    await this.until(() => this.storagesUp().every((storage) => storage.appliedVersion >= version), 1000);
    for (const { storage, status } of layout.teams.flatMap(({ members }) => members)) {
      if (status !== "up") continue;
      for (const [key, { value, version: acked }] of this.acked) {
        let seen: string | undefined;
        clients(STORAGE, storage)
          .get({ epoch: layout.epoch, key: new TextEncoder().encode(key), version: acked })
          .then(
            (reply) => {
              seen = reply.value === undefined ? "nothing" : hex(reply.value);
            },
            (error) => {
              seen = String(error);
            },
          );
        await this.until(() => seen !== undefined, 100);
        if (seen === value || [...this.unknown.get(key)!.values()].includes(seen ?? "")) continue;
        this.complain(`${storage.id} has ${seen} for ${key}, acknowledged at ${acked} was ${value}`);
      }
    }
  }

  /** Workers and components on hosts that can be reached. */
  inventory(): readonly string[] {
    return this.hosts
      .filter(({ state }) => state === "up")
      .flatMap(({ node, logs, storages, components }) =>
        [...logs.keys(), ...storages.keys(), ...components.keys()].map((id) => `${node} ${id}`),
      )
      .sort();
  }

  private storagesUp() {
    const ids = new Set(
      this.layout!.teams.flatMap(({ members }) => members.flatMap((m) => (m.status === "up" ? m.storage.id : []))),
    );
    return this.hosts
      .filter(({ state }) => state === "up")
      .flatMap(({ storages }) => [...storages].flatMap(([id, storage]) => (ids.has(id) ? [storage] : [])));
  }

  private async commitLayout(epoch: bigint, director: string, layout: Layout): Promise<void> {
    await new Promise<void>((resolve) => void this.time.timers.after(this.commitMs, resolve));
    const fault = this.commitFault;
    this.commitFault = undefined;
    if (fault === "superseded" || epoch !== this.epoch || director !== this.director || layout.epoch !== epoch) {
      throw new RpcError("superseded", "there is a newer epoch", this.epoch);
    }
    if (fault === "lost") throw new RpcError("commit_unknown_result", "nobody knows");
    for (const complaint of layoutComplaints(this, layout, director)) this.complain(complaint);
    this.layout = layout;
    this.layouts.push(layout);
    if (fault === "accepted_unheard") throw new RpcError("commit_unknown_result", "nobody knows");
  }
}

export function isRunning({ reports, end }: FakeDirecting): boolean {
  return end === undefined && reports.at(-1)?.step === "running";
}

export function hasEnded({ end, failure }: FakeDirecting): boolean {
  return end !== undefined || failure !== undefined;
}

export const EPOCH_KEY = hex(SYSTEM_KEYS.epoch);
