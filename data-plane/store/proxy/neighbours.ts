/**
 * Whom a proxy talks to, and how it calls them.
 */
import { type Client, type Ref, RpcError } from "#foundation/rpc";
import { type Clock, sleep, type TimerHandle, type Timers } from "#foundation/runtime";
import type { LOG, RESOLVER, SEQUENCER } from "#foundation/store-protocol";
import type { ProxyLimits } from "./limits.ts";

/** How the parts of a layout are reached: by the network, or as the very objects. */
export interface Neighbours {
  sequencer(ref: Ref): Client<typeof SEQUENCER>;
  resolver(ref: Ref): Client<typeof RESOLVER>;
  log(ref: Ref): Client<typeof LOG>;
}

/** The neighbours of one layout. */
export interface Connected {
  readonly sequencer: Client<typeof SEQUENCER>;
  /** In the order of their ranges; the first begins with the empty key. */
  readonly resolvers: readonly { readonly begin: Uint8Array; readonly resolver: Client<typeof RESOLVER> }[];
  readonly logs: readonly Client<typeof LOG>[];
}

/** Failures after which the same call may succeed: nobody has said no. */
const WORTH_REPEATING: ReadonlySet<string> = new Set(["timed_out", "unreachable"]);

/** A call that has not been answered. */
interface Open {
  readonly dueMs: number;
  readonly fail: (error: unknown) => void;
}

/**
 * Makes calls with a deadline of the caller's own: a neighbour that is in this process knows none. All have the same time, so that the oldest is due
 * first, and one timer does for all.
 */
export class Calls {
  private readonly ended = new AbortController();
  /** In the order in which they were made. */
  private readonly open = new Set<Open>();
  private timer: TimerHandle | undefined;

  constructor(
    private readonly runtime: { readonly clock: Clock; readonly timers: Timers },
    private readonly limits: ProxyLimits,
  ) {}

  /** Fails all calls under way; none is made or repeated any more. */
  end(): void {
    const error = new RpcError("cancelled", "The proxy has ended.");
    this.ended.abort(error);
    this.timer?.cancel();
    for (const { fail } of [...this.open]) fail(error);
  }

  /** One attempt. @throws RpcError, `timed_out` among them */
  once<T>(call: Call<T>): Promise<T> {
    if (this.ended.signal.aborted) return Promise.reject(this.ended.signal.reason);
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const timeoutMs = this.limits.callTimeoutMs;
    const fail = (error: unknown) => {
      this.open.delete(open);
      reject(error);
    };
    const open = { dueMs: this.runtime.clock.monotonicMs() + timeoutMs, fail };
    this.open.add(open);
    this.timer ??= this.runtime.timers.after(timeoutMs, () => this.failOverdue());
    call({ timeoutMs, signal: this.ended.signal }).then((value) => {
      this.open.delete(open);
      resolve(value);
    }, fail);
    return promise;
  }

  private failOverdue(): void {
    this.timer = undefined;
    const nowMs = this.runtime.clock.monotonicMs();
    for (const { dueMs, fail } of [...this.open]) {
      if (dueMs > nowMs) {
        this.timer = this.runtime.timers.after(dueMs - nowMs, () => this.failOverdue());
        return;
      }
      fail(new RpcError("timed_out", "A neighbour does not answer."));
    }
  }

  /** Several attempts of a call that may be repeated: the callee answers the same request the same way. */
  async repeated<T>(call: Call<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.once(call);
      } catch (error) {
        const repeat = error instanceof RpcError && WORTH_REPEATING.has(error.code);
        if (!repeat || attempt >= this.limits.attempts) throw error;
        await sleep(this.runtime.timers, this.limits.backoffMs * 2 ** (attempt - 1), this.ended.signal);
      }
    }
  }
}

type Call<T> = (options: { timeoutMs: number; signal: AbortSignal }) => Promise<T>;
