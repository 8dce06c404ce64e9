/**
 * The port of a store over the network.
 */
import { type Client, type Ref, RpcError, type RpcNode } from "#foundation/rpc";
import { type Random, type Runtime, randomBelow, sleep } from "#foundation/runtime";
import { COMMIT_PROXY, type Layout, STORAGE, type StorageTeam } from "#foundation/store-protocol";
import type { CommitPlace, KeyValue, RangeLimits, RangeResult, StoreBackend, Version } from "../backend/index.ts";
import { checkForStore, commitOnce } from "../commits/index.ts";
import { StoreError } from "../errors/index.ts";
import { compareKeys } from "../keys/index.ts";
import { idempotencyKey, stampToPlace } from "../mutations/index.ts";
import { encodeTransaction, type Transaction } from "../transactions/index.ts";
import { Coordinators } from "./coordinators.ts";
import { Layouts } from "./layouts.ts";
import { partsOf, teamOf } from "./routing.ts";

export interface ClusterOptions {
  readonly rpc: RpcNode;
  /** `host:port` of each coordinator. */
  readonly coordinators: readonly string[];
  /** How long a call waits for a cluster that recovers. Default 5 s. */
  readonly patienceMs?: number;
}

/** Begins to follow the cluster; it need not be there yet. The connections belong to `rpc`, and stay when the store is closed. */
export function connectCluster(runtime: Runtime, options: ClusterOptions): StoreBackend {
  return new ClusterStore(runtime, options);
}

const PATIENCE_MS = 5_000;
const CALL_MS = 2_000;
const RETRY_MS = 20;
const WATCH_MS = 10_000;
const LAST_KEY = Uint8Array.of(0xff, 0xff);

/** What ends a call for good: another server, or another epoch, would say the same. */
const FINAL: Readonly<Record<string, "transaction_too_old" | "client_invalid_operation" | "too_many_watches">> = {
  version_too_old: "transaction_too_old",
  invalid_request: "client_invalid_operation",
  overloaded: "too_many_watches",
};

type Storage = Client<typeof STORAGE>;

class ClusterStore implements StoreBackend {
  private readonly layouts: Layouts;
  private readonly random: Random;
  private readonly controller = new AbortController();
  /** Callers that came while a read version was being fetched: they share the next one. */
  private nextReadVersion: Promise<Version> | undefined;
  private fetching: Promise<unknown> | undefined;

  constructor(
    private readonly runtime: Runtime,
    private readonly options: ClusterOptions,
  ) {
    this.layouts = new Layouts(runtime, new Coordinators(runtime, options.rpc, options.coordinators));
    this.random = runtime.random.fork("store client");
  }

  getReadVersion(): Promise<Version> {
    this.check();
    this.nextReadVersion ??= this.afterFetch();
    return this.nextReadVersion;
  }

  async get(key: Uint8Array, version: Version): Promise<Uint8Array | undefined> {
    this.check();
    return this.read(
      (layout) => teamOf(layout, key),
      async (storage, epoch, call) => (await storage.get({ epoch, key, version }, call)).value,
    );
  }

  async getRange(begin: Uint8Array, end: Uint8Array, version: Version, limits: RangeLimits): Promise<RangeResult> {
    this.check();
    if (!(limits.limit >= 1)) throw new StoreError("range_limits_invalid", "A range read takes at least one pair.");
    const { reverse } = limits;
    let rest = { begin, end: compareKeys(end, LAST_KEY) < 0 ? end : LAST_KEY };
    const pairs: KeyValue[] = [];
    let bytes = 0;
    while (compareKeys(rest.begin, rest.end) < 0) {
      if (pairs.length >= limits.limit || bytes >= limits.bytesMax) return { pairs, more: true };
      const asked = rest;
      const part = await this.read(
        (layout) => partsOf(layout, asked, reverse)[0]?.team,
        async (storage, epoch, call, layout) => {
          const first = partsOf(layout, asked, reverse)[0]!;
          const range = { begin: first.begin, end: first.end };
          const left = { limit: limits.limit - pairs.length, bytesMax: limits.bytesMax - bytes, reverse };
          return { ...(await storage.getRange({ epoch, ...range, version, ...left }, call)), range };
        },
      );
      if (part === undefined) break;
      for (const pair of part.pairs) {
        pairs.push(pair);
        bytes += pair.key.length + pair.value.length;
      }
      if (part.more) return { pairs, more: true };
      rest = reverse ? { begin: rest.begin, end: part.range.begin } : { begin: part.range.end, end: rest.end };
    }
    return { pairs, more: false };
  }

  async commit(transaction: Transaction): Promise<CommitPlace> {
    this.check();
    checkForStore(transaction);
    if (transaction.idempotencyId.length === 0) return this.send(transaction);
    const commits = {
      find: (id: Uint8Array) => this.find(id),
      send: (one: Transaction) => this.send(one),
      isRefusal: (error: unknown) =>
        error instanceof StoreError && (error.code === "not_committed" || error.code === "transaction_too_old"),
    };
    return commitOnce(commits, transaction);
  }

  async watch(key: Uint8Array, value: Uint8Array | undefined, version: Version, signal: AbortSignal): Promise<void> {
    this.check();
    const ended = AbortSignal.any([signal, this.controller.signal]);
    for (;;) {
      if (ended.aborted) throw new StoreError("operation_cancelled", "The watch was ended before the key changed.");
      try {
        const changed = await this.read(
          (layout) => teamOf(layout, key),
          async (storage, epoch) => {
            const request = { epoch, key, version, value, waitMs: WATCH_MS };
            return (await storage.watch(request, { signal: ended, timeoutMs: WATCH_MS + CALL_MS })).changed;
          },
        );
        if (changed === true) return;
      } catch (error) {
        // A cluster that recovers for long is still waited for.
        if (!(error instanceof StoreError) || error.code !== "cluster_unavailable") throw error;
      }
    }
  }

  async close(): Promise<void> {
    this.controller.abort();
    this.layouts.close();
  }

  /** A version that is asked for from now on: what was asked for before may be older than what its caller has seen committed. */
  private async afterFetch(): Promise<Version> {
    await this.fetching?.catch(() => undefined);
    // Callers that come from here on have the next one.
    this.nextReadVersion = undefined;
    const fetching = this.fetchReadVersion();
    this.fetching = fetching;
    return fetching;
  }

  private async fetchReadVersion(): Promise<Version> {
    return this.whileRecovering(async (layout) => {
      const proxy = this.options.rpc.client(COMMIT_PROXY, this.anyOf(layout.proxies));
      return (await proxy.readVersion({ epoch: layout.epoch }, this.call)).version;
    });
  }

  private async find(id: Uint8Array): Promise<{ readonly version: Version; readonly place: CommitPlace | undefined }> {
    const version = await this.getReadVersion();
    const stamp = await this.get(idempotencyKey(id), version);
    return { version, place: stamp && stampToPlace(stamp) };
  }

  /** One attempt, at one proxy. */
  private async send(transaction: Transaction): Promise<CommitPlace> {
    const encoded = encodeTransaction(transaction);
    const layout = await this.layouts.later(this.epochBefore, this.patienceMs);
    const { epoch } = layout;
    const proxy = this.options.rpc.client(COMMIT_PROXY, this.anyOf(layout.proxies));
    try {
      return await proxy.commit(
        { epoch, transaction: encoded },
        { timeoutMs: this.patienceMs, signal: this.controller.signal },
      );
    } catch (error) {
      throw commitFailure(error);
    }
  }

  /** Reads from one member of the team after the other, and from the next layout when this one is over. Undefined when no team holds it. */
  private async read<T>(
    teamIn: (layout: Layout) => StorageTeam | undefined,
    run: (storage: Storage, epoch: bigint, call: Call, layout: Layout) => Promise<T>,
  ): Promise<T | undefined> {
    return this.whileRecovering(async (layout) => {
      const team = teamIn(layout);
      if (team === undefined) return undefined;
      let failure: unknown;
      for (const { storage } of this.shuffled(team.members.filter(({ status }) => status === "up"))) {
        try {
          return await run(this.options.rpc.client(STORAGE, storage), layout.epoch, this.call, layout);
        } catch (error) {
          if (!(error instanceof RpcError) || error.code in FINAL) throw error;
          // One that lags may be the only one that answers: that it does says more than that another is away.
          if (!(failure instanceof RpcError && failure.code === "version_too_new")) failure = error;
        }
      }
      throw failure;
    });
  }

  /** Repeats what has no effect until it succeeds, or the patience is over; with the next layout when there is one. */
  private async whileRecovering<T>(run: (layout: Layout) => Promise<T>): Promise<T> {
    const { clock, timers } = this.runtime;
    const deadline = clock.monotonicMs() + this.patienceMs;
    for (;;) {
      const layout = await this.layouts.later(this.epochBefore, Math.max(0, deadline - clock.monotonicMs()));
      let failure: RpcError;
      try {
        return await run(layout);
      } catch (error) {
        if (!(error instanceof RpcError)) throw error;
        failure = error;
      }
      const final = FINAL[failure.code];
      if (final !== undefined) throw new StoreError(final, failure.message);
      if (this.controller.signal.aborted) throw closed();
      if (clock.monotonicMs() >= deadline) {
        const code = failure.code === "version_too_new" ? "future_version" : "cluster_unavailable";
        throw new StoreError(code, failure.message);
      }
      await sleep(timers, RETRY_MS * (0.5 + this.random.float()));
    }
  }

  /** Any layout that is known is tried: one that is over says so. */
  private get epochBefore(): bigint {
    return (this.layouts.current?.epoch ?? 1n) - 1n;
  }

  private get patienceMs(): number {
    return this.options.patienceMs ?? PATIENCE_MS;
  }

  private get call(): Call {
    return { timeoutMs: CALL_MS, signal: this.controller.signal };
  }

  private anyOf(refs: readonly Ref[]): Ref {
    return refs[randomBelow(this.random, refs.length)]!;
  }

  private shuffled<T>(members: readonly T[]): readonly T[] {
    const first = members.length > 1 ? randomBelow(this.random, members.length) : 0;
    return [...members.slice(first), ...members.slice(0, first)];
  }

  private check(): void {
    if (this.controller.signal.aborted) throw closed();
  }
}

interface Call {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** Refused by the proxy, or never sent: certainly not applied. */
const NOT_APPLIED: ReadonlySet<string> = new Set([
  "wrong_epoch",
  "not_running",
  "no_such_component",
  "not_sent",
  "overloaded",
]);

function commitFailure(error: unknown): unknown {
  if (!(error instanceof RpcError)) return error;
  const { code, message } = error;
  if (code === "not_committed" || code === "transaction_too_old") return new StoreError(code, message);
  if (code === "invalid_request" || code === "malformed") return new StoreError("client_invalid_operation", message);
  if (code === "incompatible") return new StoreError("incompatible_protocol_version", message);
  if (NOT_APPLIED.has(code)) return new StoreError("cluster_version_changed", message);
  return new StoreError("commit_unknown_result", message);
}

function closed(): StoreError {
  return new StoreError("client_invalid_operation", "The store is closed.");
}
