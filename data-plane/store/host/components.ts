/**
 * Components: what has no disk, and lives as long as its director says so.
 */
import { RpcError, type RpcNode, type Served } from "#foundation/rpc";
import type { Runtime, TimerHandle } from "#foundation/runtime";
import { COMMIT_PROXY, LOG, RESOLVER, SEQUENCER, type StartComponent } from "#foundation/store-protocol";
import { CommitProxy } from "../proxy/index.ts";
import { Resolver } from "../resolver/index.ts";
import { createSequencer } from "../sequencer/index.ts";

/** Who started a component. */
export interface Owner {
  readonly epoch: bigint;
  readonly director: string;
}

interface Running {
  readonly owner: Owner;
  readonly served: Served;
  readonly close: () => void;
  lease: TimerHandle;
}

export class Components {
  private readonly running = new Map<string, Running>();

  constructor(
    private readonly runtime: Runtime,
    private readonly rpc: RpcNode,
  ) {}

  /** @throws RpcError invalid_request when the id was used before with something that still runs for another owner */
  start(owner: Owner, id: string, component: StartComponent, leaseMs: number): void {
    const there = this.running.get(id);
    if (there !== undefined) {
      if (!isSame(there.owner, owner)) throw new RpcError("invalid_request", `${id} belongs to another director.`);
      // The same request again: its first answer was lost.
      this.prolong(id, there, leaseMs);
      return;
    }
    const { served, close } = this.serve(owner.epoch, id, component);
    this.running.set(id, { owner, served, close, lease: this.lease(id, leaseMs) });
  }

  stop(id: string): void {
    const running = this.running.get(id);
    if (running === undefined) return;
    this.running.delete(id);
    running.lease.cancel();
    running.served.end();
    running.close();
  }

  /** Prolongs the leases of an owner's components. @returns their ids */
  renew(owner: Owner, leaseMs: number): readonly string[] {
    const ids: string[] = [];
    for (const [id, running] of this.running) {
      if (!isSame(running.owner, owner)) continue;
      this.prolong(id, running, leaseMs);
      ids.push(id);
    }
    return ids;
  }

  stopAll(): void {
    for (const id of [...this.running.keys()]) this.stop(id);
  }

  private prolong(id: string, running: Running, leaseMs: number): void {
    running.lease.cancel();
    running.lease = this.lease(id, leaseMs);
  }

  private lease(id: string, leaseMs: number): TimerHandle {
    return this.runtime.timers.after(leaseMs, () => this.stop(id));
  }

  private serve(epoch: bigint, id: string, component: StartComponent): Pick<Running, "served" | "close"> {
    const { rpc, runtime } = this;
    const { clock, timers } = runtime;
    switch (component.type) {
      case "sequencer": {
        const { recoveryVersion, firstVersion } = component;
        const sequencer = createSequencer({ epoch, clock, recoveryVersion, firstVersion });
        return { served: rpc.serve(id, SEQUENCER, sequencer), close: () => undefined };
      }
      case "resolver": {
        const resolver = new Resolver({ epoch, recoveryVersion: component.recoveryVersion, timers });
        return { served: rpc.serve(id, RESOLVER, resolver), close: () => resolver.close() };
      }
      case "proxy": {
        const proxy = new CommitProxy({
          epoch,
          id,
          token: new Uint8Array(component.token),
          clock,
          timers,
          neighbours: {
            sequencer: (ref) => rpc.client(SEQUENCER, ref),
            resolver: (ref) => rpc.client(RESOLVER, ref),
            log: (ref) => rpc.client(LOG, ref),
          },
          // Its absence tells the director, at its next renewal.
          onFailure: () => this.stop(id),
        });
        return { served: rpc.serve(id, COMMIT_PROXY, proxy), close: () => proxy.close() };
      }
    }
  }
}

function isSame(a: Owner, b: Owner): boolean {
  return a.epoch === b.epoch && a.director === b.director;
}
