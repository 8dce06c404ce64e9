/** Room on nodes and in quotas while one decision is being made: what is there, less what this decision has given away already. Pure. */
import type { AccountId, IsolationClass, NodeRecord } from "#contracts";
import { INSTANCE_DIMENSIONS, type QuotaLimits, quotaLimits } from "#control-plane/applications";
import type { CatalogReader } from "#control-plane/events";
import type { Usage, World } from "./world.ts";

/** Whether a node takes new instances at all. */
export const isEligible = ({ intent, health }: NodeRecord): boolean => intent === "active" && health === "online";

type Counted = (typeof INSTANCE_DIMENSIONS)[number];

interface OrgRoom {
  readonly limits: QuotaLimits;
  readonly used: Record<Counted, number>;
}

/** A node, and what is spoken for on it, by the records and by this decision. */
export interface Seat {
  readonly node: NodeRecord;
  readonly used: Usage;
}

export class Room {
  readonly views: CatalogReader;
  readonly #world: World;
  readonly #orgs = new Map<AccountId, OrgRoom>();
  readonly #seats: readonly Seat[];
  readonly #byNode = new Map<string, Seat>();
  readonly #taking = new Map<IsolationClass, readonly Seat[]>();

  constructor(views: CatalogReader, world: World) {
    this.views = views;
    this.#world = world;
    // By id, so that equal nodes are taken in the same order every time.
    const nodes = [...views.records("node")].sort((left, right) => (left.nodeId < right.nodeId ? -1 : 1));
    this.#seats = nodes.map((node) => ({ node, used: { ...world.usageOf(node.nodeId) } }));
    for (const seat of this.#seats) this.#byNode.set(seat.node.nodeId, seat);
  }

  get seats(): readonly Seat[] {
    return this.#seats;
  }

  /** Nodes that take new instances of this isolation now. */
  seatsFor(isolation: IsolationClass): readonly Seat[] {
    let seats = this.#taking.get(isolation);
    if (seats === undefined) {
      seats = this.#seats.filter(({ node }) => isEligible(node) && node.isolation.includes(isolation));
      this.#taking.set(isolation, seats);
    }
    return seats;
  }

  seat(nodeId: string): Seat | undefined {
    return this.#byNode.get(nodeId);
  }

  node(nodeId: string): NodeRecord | undefined {
    return this.#byNode.get(nodeId)?.node;
  }

  /** Speaks for room. */
  take(nodeId: string, { memoryBytes, cpuMillis, diskBytes }: Usage): void {
    const used = this.#byNode.get(nodeId)?.used;
    if (used === undefined) return;
    used.memoryBytes += memoryBytes;
    used.cpuMillis += cpuMillis;
    used.diskBytes += diskBytes;
  }

  /** The dimension of the org's quotas into which one more instance does not fit. */
  overQuota(
    accountId: AccountId,
    cost: { readonly memoryBytes: number; readonly cpuMillis: number },
  ): Counted | undefined {
    const { limits, used } = this.#org(accountId);
    const delta = { max_instances: 1, total_memory_bytes: cost.memoryBytes, total_cpu_millis: cost.cpuMillis };
    return INSTANCE_DIMENSIONS.find((dimension) => used[dimension] + delta[dimension] > limits[dimension]);
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
      room = { limits: quotaLimits(this.views, accountId), used: { ...this.#world.orgUsageOf(accountId) } };
      this.#orgs.set(accountId, room);
    }
    return room;
  }
}
