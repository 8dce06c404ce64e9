/**
 * Which nodes have not been heard of for so long that the directory shall not name them any more.
 */
import { RpcError } from "#foundation/rpc";
import type { Runtime, TimerHandle } from "#foundation/runtime";
import type { NodeRecord } from "#foundation/store-protocol";

export interface Directory {
  readonly nodes: () => ReadonlyMap<string, NodeRecord>;
  readonly isLeader: () => boolean;
  readonly expire: (node: string, incarnation: bigint) => Promise<void>;
}

interface Heard {
  readonly incarnation: bigint;
  readonly atMs: number;
}

/** Heartbeats are memory of the leader: a new one gives every node the whole time anew. */
export class SilentNodes {
  private readonly heardOf = new Map<string, Heard>();
  private timer: TimerHandle | undefined;
  private expiring = false;

  constructor(
    private readonly runtime: Runtime,
    private readonly silenceMs: number,
    private readonly directory: Directory,
  ) {}

  onRole(): void {
    const leads = this.directory.isLeader();
    if (leads === (this.timer !== undefined)) return;
    if (!leads) {
      this.close();
      return;
    }
    this.heardOf.clear();
    this.timer = this.runtime.timers.every(this.silenceMs / 4, () => this.check());
  }

  heard(node: string, incarnation: bigint): void {
    this.heardOf.set(node, { incarnation, atMs: this.runtime.clock.monotonicMs() });
  }

  close(): void {
    this.timer?.cancel();
    this.timer = undefined;
  }

  private check(): void {
    if (this.expiring) return;
    const now = this.runtime.clock.monotonicMs();
    const nodes = this.directory.nodes();
    const silent: NodeRecord[] = [];
    for (const node of nodes.values()) {
      const heard = this.heardOf.get(node.node);
      if (heard?.incarnation !== node.incarnation) this.heard(node.node, node.incarnation);
      else if (now - heard.atMs > this.silenceMs) silent.push(node);
    }
    for (const name of this.heardOf.keys()) if (!nodes.has(name)) this.heardOf.delete(name);
    if (silent.length === 0) return;
    this.expiring = true;
    this.runtime.spawn("expire silent nodes", async () => {
      try {
        for (const { node, incarnation } of silent) await this.directory.expire(node, incarnation);
      } catch (error) {
        // Not leading any more, or nobody knows: whoever leads checks again.
        if (!(error instanceof RpcError)) throw error;
      } finally {
        this.expiring = false;
      }
    });
  }
}
