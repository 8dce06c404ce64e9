/**
 * Asking coordinators: the one that leads where that matters, otherwise any.
 */
import { type CallOptions, type Client, RpcError, type RpcNode } from "#foundation/rpc";
import { type Random, type Runtime, randomBelow, sleep } from "#foundation/runtime";
import { COORDINATOR } from "#foundation/store-protocol";

type Coordinator = Client<typeof COORDINATOR>;

const PAUSE_MS = { first: 50, most: 1_000 } as const;

/** Not this one, or not now: another may do it. Whatever else is said is the coordinators' word. */
const ELSEWHERE: ReadonlySet<string> = new Set([
  "not_leader",
  "not_sent",
  "unreachable",
  "timed_out",
  "no_such_component",
  "commit_unknown_result",
  "overloaded",
]);

export class Coordinators {
  private readonly clients = new Map<string, Coordinator>();
  private readonly random: Random;
  /** Who answered last. */
  private preferred: string;

  /** @param addresses `host:port` of each; at least one */
  constructor(
    private readonly runtime: Runtime,
    private readonly rpc: RpcNode,
    addresses: readonly string[],
  ) {
    if (addresses.length === 0) throw new RangeError("a cluster has at least one coordinator");
    for (const address of addresses) this.clients.set(address, rpc.client(COORDINATOR, { address, id: "coordinator" }));
    this.random = runtime.random.fork("coordinators");
    this.preferred = addresses[randomBelow(this.random, addresses.length)]!;
  }

  /**
   * Calls one coordinator after the other until one answers, and begins anew until the signal is aborted. What is called may thus happen more than
   * once.
   *
   * @throws RpcError what a coordinator has said, or `cancelled`
   */
  async ask<T>(
    call: (coordinator: Coordinator, options: CallOptions) => Promise<T>,
    options: CallOptions & { readonly signal: AbortSignal },
  ): Promise<T> {
    const { signal } = options;
    for (let round = 0; ; round++) {
      for (const address of this.inOrder()) {
        if (signal.aborted) throw new RpcError("cancelled", "The call was given up.");
        try {
          const answer = await call(this.clientOf(address), options);
          this.preferred = address;
          return answer;
        } catch (error) {
          if (!(error instanceof RpcError) || !ELSEWHERE.has(error.code) || signal.aborted) throw error;
        }
      }
      const pauseMs = Math.min(PAUSE_MS.first * 2 ** round, PAUSE_MS.most) * (0.5 + this.random.float());
      await sleep(this.runtime.timers, pauseMs, signal).catch(() => undefined);
    }
  }

  /** As `ask`, but goes to where the others say that the leader is. */
  askLeader<T>(
    call: (coordinator: Coordinator, options: CallOptions) => Promise<T>,
    options: CallOptions & { readonly signal: AbortSignal },
  ): Promise<T> {
    return this.ask(async (coordinator, callOptions) => {
      const { leader, leads } = await coordinator.ping({ from: this.rpc.address }, callOptions);
      if (leads) return call(coordinator, callOptions);
      if (leader === undefined) throw new RpcError("not_leader", "Nobody leads the coordinators now.");
      return call(this.clientOf(leader), callOptions);
    }, options);
  }

  private clientOf(address: string): Coordinator {
    // Coordinators name each other: one that is not in the list of this process is as good.
    return this.clients.get(address) ?? this.rpc.client(COORDINATOR, { address, id: "coordinator" });
  }

  private inOrder(): readonly string[] {
    const others = [...this.clients.keys()].filter((address) => address !== this.preferred);
    return [this.preferred, ...others];
  }
}
