/**
 * Proxies among a real sequencer, real resolvers and logs in memory, for tests: each call goes through a gate that a test can hold, fail or delay.
 */
import { type Client, type Handlers, RpcError } from "#foundation/rpc";
import { createVirtualTime, type VirtualTime } from "#foundation/runtime";
import type { Layout, LOG, Version } from "#foundation/store-protocol";
import { keyAfter } from "../keys/index.ts";
import { decodeMutations } from "../mutations/index.ts";
import { Resolver } from "../resolver/index.ts";
import { createSequencer } from "../sequencer/index.ts";
import type { Mutation, Transaction } from "../transactions/index.ts";
import { CommitProxy, type ProxyLimits } from "./index.ts";

export const EPOCH = 3n;
export const TOKEN = Uint8Array.of(1, 2, 3);
export const RECOVERY = 1_000n;
export const FIRST = 2_000n;

type Push = Parameters<Handlers<typeof LOG>["push"]>[0];

/** Stands before each call, named `sequencer.reportCommitted`, `log1.push` …; what it throws, the proxy gets. */
export type Gate = (call: string, after: boolean) => Promise<void> | undefined;

/** A log without a disk: takes versions in the order of their chain. */
export class MemoryLog {
  readonly pushes: Push[] = [];
  last: Version = RECOVERY;
  locked = false;
  private readonly early = new Map<Version, () => void>();

  async push(request: Push): Promise<void> {
    if (this.locked || request.epoch !== EPOCH) throw new RpcError("wrong_epoch", "locked", 9n);
    if (request.version <= this.last) return;
    while (request.previous > this.last) {
      await new Promise<void>((resolve) => this.early.set(request.previous, resolve));
    }
    if (request.previous < this.last) throw new RpcError("out_of_order", "passed");
    this.pushes.push(request);
    this.last = request.version;
    this.early.get(this.last)?.();
  }

  async confirmRunning(): Promise<void> {
    if (this.locked) throw new RpcError("wrong_epoch", "locked", 9n);
  }
}

export interface SystemOptions {
  readonly logs?: number;
  readonly proxies?: number;
  /** Where the ranges of the second resolver and of those after it begin. */
  readonly splits?: readonly Uint8Array[];
  readonly limits?: Partial<ProxyLimits>;
  readonly gate?: Gate;
}

export interface System {
  readonly time: VirtualTime;
  /** The first one. */
  readonly proxy: CommitProxy;
  readonly proxies: readonly CommitProxy[];
  readonly layout: Layout;
  readonly logs: readonly MemoryLog[];
  /** All calls that were made, in the order in which they were. */
  readonly calls: readonly string[];
  readonly failures: readonly unknown[];
  commit(transaction: Partial<Transaction>, proxy?: number): Promise<{ version: bigint; index: number }>;
}

export function scriptSystem({
  logs = 3,
  proxies: count = 1,
  splits = [],
  limits = {},
  gate,
}: SystemOptions = {}): System {
  const time = createVirtualTime(0);
  const calls: string[] = [];
  const failures: unknown[] = [];
  const gated = <T extends object>(name: string, target: T): T =>
    new Proxy(target, {
      get: (of, method) => async (request: unknown) => {
        const call = `${name}.${String(method)}`;
        calls.push(call);
        await gate?.(call, false);
        const reply = await (of as Record<string, (request: unknown) => Promise<unknown>>)[String(method)]!(request);
        await gate?.(call, true);
        return reply;
      },
    });
  const memoryLogs = Array.from({ length: logs }, () => new MemoryLog());
  const sequencer = gated(
    "sequencer",
    createSequencer({ epoch: EPOCH, clock: time.clock, recoveryVersion: RECOVERY, firstVersion: FIRST }),
  );
  const begins = [new Uint8Array(0), ...splits];
  const resolvers = begins.map((_, i) =>
    gated(`resolver${i}`, new Resolver({ epoch: EPOCH, recoveryVersion: RECOVERY, timers: time.timers })),
  );
  const ref = (id: string | number) => ({ address: "", id: String(id) });
  const layout: Layout = {
    epoch: EPOCH,
    director: "d",
    recoveryVersion: RECOVERY,
    firstVersion: FIRST,
    sequencer: ref("s"),
    proxies: Array.from({ length: count }, (_, i) => ref(`p${i}`)),
    resolvers: begins.map((begin, i) => ({ begin, resolver: ref(i) })),
    logs: memoryLogs.map((_, i) => ref(i)),
    teams: [],
  };
  const logClients = memoryLogs.map((log, i) => gated(`log${i}`, log as unknown as Client<typeof LOG>));
  const proxies = Array.from(
    { length: count },
    (_, i) =>
      new CommitProxy({
        epoch: EPOCH,
        id: `p${i}`,
        token: TOKEN,
        clock: time.clock,
        timers: time.timers,
        neighbours: {
          sequencer: () => sequencer,
          resolver: ({ id }) => resolvers[Number(id)]!,
          log: ({ id }) => logClients[Number(id)]!,
        },
        onFailure: (error) => failures.push(error),
        limits,
      }),
  );
  return {
    time,
    proxy: proxies[0]!,
    proxies,
    layout,
    logs: memoryLogs,
    calls,
    failures,
    commit: (transaction, proxy = 0) => proxies[proxy]!.commitTransaction({ ...NOTHING, ...transaction }),
  };
}

/** As `scriptSystem`, with the proxies unlocked. */
export async function runSystem(options: SystemOptions = {}): Promise<System> {
  const system = scriptSystem(options);
  for (const proxy of system.proxies) await proxy.unlock({ epoch: EPOCH, token: TOKEN, layout: system.layout });
  return system;
}

const NOTHING: Transaction = {
  readVersion: undefined,
  reads: [],
  writes: [],
  mutations: [],
  idempotencyId: new Uint8Array(0),
};

export const key = (...bytes: number[]): Uint8Array => Uint8Array.from(bytes);

export const point = (at: Uint8Array) => ({ begin: at, end: keyAfter(at) });

/** A transaction that sets one key and knows it. */
export const write = (at: Uint8Array, value = key(1)): Partial<Transaction> => ({
  mutations: [{ type: "set", key: at, value } satisfies Mutation],
  writes: [point(at)],
});

/** What a log holds, version by version. */
export const written = (log: MemoryLog) => log.pushes.map(({ data }) => decodeMutations(data));

/** Lets all promises settle without moving time. */
export const settle = (system: System): Promise<void> => system.time.advanceSettled(0);

/** A gate that holds the calls of one name until it is opened. */
export function holdCalls(...names: readonly string[]): { readonly gate: Gate; open(): void; held(): number } {
  let opened = false;
  const held: (() => void)[] = [];
  return {
    gate: (call, after) =>
      opened || after || !names.includes(call) ? undefined : new Promise<void>((resolve) => held.push(resolve)),
    open: () => {
      opened = true;
      for (const go of held.splice(0)) go();
    },
    held: () => held.length,
  };
}

/** What has become of a promise so far. */
export function watch<T>(promise: Promise<T>): { state: "waiting" | "done" | string } {
  const watched = { state: "waiting" };
  promise.then(
    () => {
      watched.state = "done";
    },
    (error: RpcError) => {
      watched.state = error.code;
    },
  );
  return watched;
}
