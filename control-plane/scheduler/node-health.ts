/** How nodes are, from when they were heard of last. Pure. */
import type { NodeRecord } from "#contracts";
import type { CatalogReader, OwnedEvent } from "#control-plane/events";
import { observed } from "#control-plane/nodes";
import type { SchedulerSettings } from "./settings.ts";

/** What the sessions of agents know. */
export interface Liveness {
  /** Epoch milliseconds; undefined while it is not connected. */
  lastHeard(nodeId: string): number | undefined;
  /** Why it says that it cannot run instances; undefined when it can. */
  degraded(nodeId: string): string | undefined;
}

export class NodeHealthWatch {
  readonly #liveness: Liveness;
  readonly #settings: Pick<SchedulerSettings, "offlineAfterMs">;
  /** When each node was heard of last; everybody gets the whole time after a start of the control plane. */
  readonly #heard = new Map<string, number>();
  readonly #startedAt: number;

  constructor(liveness: Liveness, settings: Pick<SchedulerSettings, "offlineAfterMs">, startedAt: number) {
    this.#liveness = liveness;
    this.#settings = settings;
    this.#startedAt = startedAt;
  }

  plan(views: CatalogReader, now: number): readonly OwnedEvent[] {
    const events: OwnedEvent[] = [];
    for (const node of views.records("node")) {
      const event = this.#of(node, now);
      if (event !== undefined) events.push(event);
    }
    return events;
  }

  #of(node: NodeRecord, now: number): OwnedEvent | undefined {
    const { nodeId } = node;
    const heard = this.#liveness.lastHeard(nodeId);
    if (heard !== undefined) {
      this.#heard.set(nodeId, heard);
      if (now - heard <= this.#settings.offlineAfterMs) {
        const degraded = this.#liveness.degraded(nodeId);
        return degraded === undefined ? observed(node, "online") : observed(node, "degraded", degraded);
      }
    }
    const last = Math.max(this.#heard.get(nodeId) ?? 0, this.#startedAt, node.createdAt);
    if (now - last <= this.#settings.offlineAfterMs) return undefined;
    const seconds = Math.round(this.#settings.offlineAfterMs / 1000);
    return observed(node, "offline", `not heard of for ${seconds} s`);
  }
}
