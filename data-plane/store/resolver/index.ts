/**
 * A resolver of an epoch: says which transactions may commit, for its range of keys. It holds nothing but memory and begins empty, as nobody of the new
 * epoch reads before its recovery version.
 *
 * With several resolvers, a transaction that another one has turned down is still in the history of this one: it can make a later transaction conflict
 * without need, never let one pass.
 */
import { type CallOptions, type Handlers, RpcError } from "#foundation/rpc";
import type { Timers } from "#foundation/runtime";
import type { Epoch, RESOLVER, Version } from "#foundation/store-protocol";
import { ConflictHistory, type Verdict } from "../conflicts/index.ts";

/** How long what was read stays comparable with what is written: five seconds of microseconds. Who read earlier is too old. */
export const WINDOW_VERSIONS = 5_000_000n;

/** Verdicts kept for batches that come again. Proxies repeat within seconds, and those of an epoch have a few batches under way at a time. */
const VERDICTS_KEPT = 4_096;

/** Batches that wait for their predecessor: proxies have only so many under way. */
const WAITING_MAX = 1_024;

/** Shorter than proxies wait for the answer (5,000 ms), so that they hear why. */
const WAIT_MS = 4_000;

export interface ResolverOptions {
  readonly epoch: Epoch;
  /** What the first batch of the epoch follows. */
  readonly recoveryVersion: Version;
  readonly timers: Timers;
  /** How long a batch waits for the one before it. Default 4,000. */
  readonly waitMs?: number;
}

type Request = Parameters<Handlers<typeof RESOLVER>["resolve"]>[0];
type Reply = { readonly verdicts: readonly Verdict[] };

/** A batch whose predecessor has not come yet. */
interface Waiting {
  readonly request: Request;
  readonly reply: Promise<Reply>;
  /** Decides it, now that it is its turn. */
  readonly decide: () => void;
  readonly refuse: (error: RpcError) => void;
}

/**
 * State changes in `decide` alone, which waits for nothing: batches are decided whole and one after the other, in the order of their chain, in
 * whatever order they come.
 */
export class Resolver implements Handlers<typeof RESOLVER> {
  private last: Version;
  private readonly history: ConflictHistory;
  private readonly decided = new Map<Version, Reply>();
  /** By the version that each waits for. */
  private readonly waiting = new Map<Version, Waiting>();
  private closed = false;

  constructor(private readonly options: ResolverOptions) {
    this.last = options.recoveryVersion;
    this.history = new ConflictHistory(options.recoveryVersion);
  }

  /** Boundaries that are kept: a measure of memory. */
  get size(): number {
    return this.history.size;
  }

  async resolve(request: Request, _options?: CallOptions): Promise<Reply> {
    const { epoch } = this.options;
    if (request.epoch !== epoch) {
      throw new RpcError("wrong_epoch", `This resolver is of epoch ${epoch}, not ${request.epoch}.`, epoch);
    }
    if (this.closed) throw new RpcError("not_running", "The resolver has ended.");
    if (request.version <= request.previous) throw new RpcError("invalid_request", "A version follows a lower one.");
    const again = this.decided.get(request.version);
    if (again !== undefined) return again;
    if (request.previous < this.last) {
      throw new RpcError("out_of_order", `Version ${this.last} was decided already.`, this.last);
    }
    if (request.previous > this.last) return this.wait(request);
    const reply = this.decide(request);
    this.wakeNext();
    return reply;
  }

  /** Refuses who waits, and whoever comes. */
  close(): void {
    this.closed = true;
    for (const { refuse } of [...this.waiting.values()]) refuse(new RpcError("not_running", "The resolver has ended."));
  }

  private decide({ version, transactions }: Request): Reply {
    if (transactions.some(({ readVersion }) => readVersion >= version)) {
      throw new RpcError("invalid_request", "A transaction has read what is yet to be written.");
    }
    this.history.forget(version - WINDOW_VERSIONS);
    const reply = { verdicts: this.history.resolve(transactions, version) };
    this.last = version;
    this.decided.set(version, reply);
    for (const [old] of this.decided) {
      if (this.decided.size <= VERDICTS_KEPT && old > version - WINDOW_VERSIONS) break;
      if (old === version) break;
      this.decided.delete(old);
    }
    return reply;
  }

  private wakeNext(): void {
    for (let next = this.waiting.get(this.last); next !== undefined; next = this.waiting.get(this.last)) next.decide();
  }

  private wait(request: Request): Promise<Reply> {
    const { previous, version } = request;
    const there = this.waiting.get(previous);
    if (there !== undefined) {
      if (there.request.version === version) return there.reply;
      throw new RpcError("invalid_request", `Version ${there.request.version} follows ${previous}, not ${version}.`);
    }
    if (this.waiting.size >= WAITING_MAX) throw new RpcError("out_of_order", "Too many batches wait already.");
    const { promise, resolve, reject } = Promise.withResolvers<Reply>();
    const settle = (run: () => void) => {
      timer.cancel();
      this.waiting.delete(previous);
      run();
    };
    const refuse = (error: RpcError) => settle(() => reject(error));
    const timer = this.options.timers.after(this.options.waitMs ?? WAIT_MS, () =>
      refuse(new RpcError("timed_out", `Version ${previous} has not come; this resolver is at ${this.last}.`)),
    );
    const decide = () =>
      settle(() => {
        try {
          resolve(this.decide(request));
        } catch (error) {
          reject(error);
        }
      });
    this.waiting.set(previous, { request, reply: promise, decide, refuse });
    return promise;
  }
}
