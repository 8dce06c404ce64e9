/** Room on nodes and in quotas while one decision is being made: what is there, less what this decision has given away already. Pure. */
import type { AccountId, NodeRecord } from "#contracts";
import { type QuotaLimits, quotaLimits, usageOf } from "#control-plane/applications";
import type { CatalogReader } from "#control-plane/events";
import type { Usage, World } from "./world.ts";

/** Dimensions that instances count in. */
const COUNTED = ["max_instances", "total_memory_bytes", "total_cpu_millis"] as const;
type Counted = (typeof COUNTED)[number];

interface OrgRoom {
  readonly limits: QuotaLimits;
  readonly used: Record<Counted, number>;
}

export class Room {
  readonly views: CatalogReader;
  readonly #world: World;
  readonly #taken = new Map<string, Usage>();
  readonly #orgs = new Map<AccountId, OrgRoom>();
  readonly #nodes: readonly NodeRecord[];

  constructor(views: CatalogReader, world: World) {
    this.views = views;
    this.#world = world;
    // By id, so that equal nodes are taken in the same order every time.
    this.#nodes = [...views.records("node")].sort((left, right) => (left.nodeId < right.nodeId ? -1 : 1));
  }

  get nodes(): readonly NodeRecord[] {
    return this.#nodes;
  }

  /** Spoken for, by the records and by this decision. */
  used(nodeId: string): Readonly<Usage> {
    return this.#taken.get(nodeId) ?? this.#world.usageOf(nodeId);
  }

  /** Speaks for room. */
  take(nodeId: string, { memoryBytes, cpuMillis, diskBytes }: Usage): void {
    const used = this.used(nodeId);
    this.#taken.set(nodeId, {
      memoryBytes: used.memoryBytes + memoryBytes,
      cpuMillis: used.cpuMillis + cpuMillis,
      diskBytes: used.diskBytes + diskBytes,
    });
  }

  /** The dimension of the org's quotas into which one more instance does not fit. */
  overQuota(
    accountId: AccountId,
    cost: { readonly memoryBytes: number; readonly cpuMillis: number },
  ): Counted | undefined {
    const { limits, used } = this.#org(accountId);
    const delta = { max_instances: 1, total_memory_bytes: cost.memoryBytes, total_cpu_millis: cost.cpuMillis };
    return COUNTED.find((dimension) => used[dimension] + delta[dimension] > limits[dimension]);
  }

  takeQuota(accountId: AccountId, cost: { readonly memoryBytes: number; readonly cpuMillis: number }): void {
    const { used } = this.#org(accountId);
    used.max_instances += 1;
    used.total_memory_bytes += cost.memoryBytes;
    used.total_cpu_millis += cost.cpuMillis;
  }

  limitOf(accountId: AccountId, dimension: Counted): number {
    return this.#org(accountId).limits[dimension];
  }

  #org(accountId: AccountId): OrgRoom {
    let room = this.#orgs.get(accountId);
    if (room === undefined) {
      const usage = usageOf(this.views, accountId);
      const used = Object.fromEntries(COUNTED.map((dimension) => [dimension, usage[dimension] ?? 0]));
      room = { limits: quotaLimits(this.views, accountId), used: used as Record<Counted, number> };
      this.#orgs.set(accountId, room);
    }
    return room;
  }
}
