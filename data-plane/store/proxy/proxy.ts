/**
 * The proxy as a service: locked, then running, then ended for good.
 */
import { encode } from "#foundation/binary";
import { type Handlers, RpcError } from "#foundation/rpc";
import type { Clock, Timers } from "#foundation/runtime";
import {
  type COMMIT_PROXY,
  type Epoch,
  type Layout,
  layout as layoutCodec,
  SYSTEM_KEYS,
} from "#foundation/store-protocol";
import type { CommitPlace } from "../backend/index.ts";
import { compareKeys, keyAfter } from "../keys/index.ts";
import {
  decodeTransaction,
  type Mutation,
  type Transaction,
  TransactionError,
  transactionBytes,
} from "../transactions/index.ts";
import { checkClientTransaction } from "./client-rules.ts";
import { DEFAULT_LIMITS, type ProxyLimits } from "./limits.ts";
import { Calls, type Connected, type Neighbours } from "./neighbours.ts";
import { Pipeline } from "./pipeline.ts";
import { ReadVersions } from "./read-versions.ts";

export interface CommitProxyOptions {
  readonly epoch: Epoch;
  /** Never used by another proxy of the epoch: the sequencer tells requests apart by it. */
  readonly id: string;
  /** What the director unlocks it with. */
  readonly token: Uint8Array;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly neighbours: Neighbours;
  /**
   * The proxy has ended by itself, once: a neighbour failed, or belongs to another epoch. A version may have been taken that will never be pushed, so
   * that the epoch is to end.
   */
  readonly onFailure: (error: unknown) => void;
  readonly limits?: Partial<ProxyLimits>;
}

type Request<M extends keyof typeof COMMIT_PROXY> = Parameters<Handlers<typeof COMMIT_PROXY>[M]>[0];

interface Running {
  readonly layout: Layout;
  readonly pipeline: Pipeline;
  readonly readVersions: ReadVersions;
}

export class CommitProxy implements Handlers<typeof COMMIT_PROXY> {
  private readonly limits: ProxyLimits;
  private readonly calls: Calls;
  private running: Running | undefined;
  private ended = false;

  constructor(private readonly options: CommitProxyOptions) {
    this.limits = { ...DEFAULT_LIMITS, ...options.limits };
    if (this.limits.batchCountMax > 0xffff) throw new RangeError("an index within a batch has 16 bits");
    this.calls = new Calls(options, this.limits);
  }

  async unlock(request: Request<"unlock">): Promise<void> {
    this.checkEpoch(request.epoch);
    this.checkToken(request.token);
    if (this.ended) throw notRunning();
    if (request.layout.epoch !== this.options.epoch) throw this.wrongEpoch(request.layout.epoch);
    if (this.running !== undefined) return;
    const { layout } = request;
    const connected = this.connect(layout);
    const { epoch, id: proxy, clock, timers } = this.options;
    const onFailure = (error: unknown) => this.fail(error);
    const { calls, limits } = this;
    this.running = {
      layout,
      pipeline: new Pipeline({
        epoch,
        proxy,
        recoveryVersion: layout.recoveryVersion,
        connected,
        calls,
        clock,
        timers,
        limits,
        onFailure,
      }),
      readVersions: new ReadVersions({ epoch, connected, calls, waitersMax: limits.readVersionsMax, onFailure }),
    };
  }

  async writeLayout(request: Request<"writeLayout">): Promise<{ version: bigint }> {
    this.checkEpoch(request.epoch);
    this.checkToken(request.token);
    const { layout, pipeline } = this.mustRun();
    const transaction = systemTransaction(layout);
    const { version } = await pipeline.commit(transaction, transactionBytes(transaction));
    return { version };
  }

  async readVersion(request: Request<"readVersion">): Promise<{ version: bigint }> {
    this.checkEpoch(request.epoch);
    return { version: await this.mustRun().readVersions.next() };
  }

  async commit(request: Request<"commit">): Promise<CommitPlace> {
    this.checkEpoch(request.epoch);
    this.mustRun();
    return this.commitTransaction(decode(request.transaction));
  }

  /** As `commit`, for who has the transaction at hand. Its bytes are not to change until the answer. */
  async commitTransaction(transaction: Transaction): Promise<CommitPlace> {
    const { pipeline } = this.mustRun();
    checkClientTransaction(transaction);
    return pipeline.commit(transaction, transactionBytes(transaction));
  }

  /** Ends it without `onFailure`. Everybody who waits is answered. */
  close(): void {
    if (this.ended) return;
    this.ended = true;
    this.running?.pipeline.close();
    this.running?.readVersions.close(notRunning());
    this.calls.end();
  }

  private fail(error: unknown): void {
    if (this.ended) return;
    this.close();
    this.options.onFailure(error);
  }

  private connect({ sequencer, resolvers, logs }: Layout): Connected {
    const { neighbours } = this.options;
    const ordered = resolvers.every(({ begin }, i) =>
      i === 0 ? begin.length === 0 : compareKeys(resolvers[i - 1]!.begin, begin) < 0,
    );
    if (resolvers.length === 0 || !ordered) {
      throw new RpcError("invalid_request", "The ranges of the resolvers leave keys out, or are not in order.");
    }
    if (logs.length === 0) throw new RpcError("invalid_request", "The layout has no logs.");
    return {
      sequencer: neighbours.sequencer(sequencer),
      resolvers: resolvers.map(({ begin, resolver }) => ({ begin, resolver: neighbours.resolver(resolver) })),
      logs: logs.map((log) => neighbours.log(log)),
    };
  }

  private mustRun(): Running {
    if (this.running === undefined || this.ended) throw notRunning();
    return this.running;
  }

  private checkEpoch(epoch: Epoch): void {
    if (epoch !== this.options.epoch) throw this.wrongEpoch(epoch);
  }

  private wrongEpoch(epoch: Epoch): RpcError {
    const { epoch: own } = this.options;
    return new RpcError("wrong_epoch", `This proxy is of epoch ${own}, not ${epoch}.`, own);
  }

  private checkToken(token: Uint8Array): void {
    const { token: own } = this.options;
    let different = token.length ^ own.length;
    for (let i = 0; i < own.length; i++) different |= own[i]! ^ (token[i] ?? 0);
    if (different !== 0)
      throw new RpcError("unauthorized", "The token is not the one that this proxy was started with.");
  }
}

function decode(bytes: Uint8Array): Transaction {
  try {
    return decodeTransaction(bytes);
  } catch (error) {
    if (error instanceof TransactionError) throw new RpcError("invalid_request", error.message);
    throw error;
  }
}

function systemTransaction(layout: Layout): Transaction {
  const epoch = new Uint8Array(8);
  new DataView(epoch.buffer).setBigUint64(0, layout.epoch);
  const mutations: Mutation[] = [
    { type: "set", key: SYSTEM_KEYS.epoch, value: epoch },
    { type: "set", key: SYSTEM_KEYS.layout, value: encode(layoutCodec, layout) },
  ];
  const writes = [SYSTEM_KEYS.epoch, SYSTEM_KEYS.layout].map((key) => ({ begin: key, end: keyAfter(key) }));
  return { readVersion: undefined, reads: [], writes, mutations, idempotencyId: new Uint8Array(0) };
}

function notRunning(): RpcError {
  return new RpcError("not_running", "The proxy is locked, or has ended.");
}
