/** Chooses the node for a new instance. Pure, and the same for the same records. */
import type { InstanceRecord, Unschedulable, UnschedulableReason } from "#contracts";
import { isEligible, type Room, type Seat } from "./room.ts";
import type { SchedulerSettings } from "./settings.ts";
import type { GroupSpec } from "./workload-group.ts";
import type { Usage, World } from "./world.ts";

/** A place, or why there is none. */
export type Placement =
  | { readonly ok: true; readonly nodeId: string; readonly cost: Usage }
  | ({ readonly ok: false } & Unschedulable);

/** A node on which instances of the group failed to start lately is the last choice. */
const FAILURE_PENALTY = 0.5;
/** Each replica that a node has already. */
const SPREAD_PENALTY = 1;

export interface PlaceOptions {
  readonly world: World;
  readonly room: Room;
  readonly settings: SchedulerSettings;
  /** Instances of the group, ended ones too. */
  readonly siblings: readonly InstanceRecord[];
  /** Memory of an instance that is about to be taken away there, to see whether it would fit then. */
  readonly without?: { readonly nodeId: string; readonly memoryBytes: number };
}

const no = (reason: UnschedulableReason, message: string): Placement => ({ ok: false, reason, message });

export function place(spec: GroupSpec, options: PlaceOptions): Placement {
  const { room, world } = options;
  const cost: Usage = {
    memoryBytes: world.memoryOf(spec.process.memoryBytes, spec.isolation),
    cpuMillis: Math.ceil(spec.process.cpu * 1000),
    diskBytes: spec.process.diskBytes,
  };
  const home = homeOf(spec, room);
  if (home !== undefined && !home.ok) return home;
  const atHome = ({ node }: Seat): boolean => home === undefined || node.nodeId === home.nodeId;
  const taking = room.seatsFor(spec.isolation);
  const best = bestOf(home === undefined ? taking : taking.filter(atHome), cost, options);
  if (best !== undefined) return { ok: true, nodeId: best, cost };
  return whyNot(room.seats.filter(atHome), spec, cost, home !== undefined);
}

/** The one node that has all volumes of a group; undefined when it has none. */
function homeOf(
  { mounts }: GroupSpec,
  { views }: Room,
): { ok: true; nodeId: string } | (Placement & { ok: false }) | undefined {
  if (mounts.length === 0) return undefined;
  const homes = new Set<string>();
  for (const { volumeId } of mounts) {
    const volume = views.record("volume", volumeId);
    if (volume === undefined || volume.state === "deleting") {
      return { ok: false, reason: "volume_missing", message: `the volume ${volumeId} is not there any more` };
    }
    if (volume.state !== "available") {
      return { ok: false, reason: "volume_missing", message: `the volume ${volume.name} is ${volume.state}` };
    }
    homes.add(volume.homeNodeId);
  }
  const [nodeId] = homes;
  if (homes.size > 1) {
    return { ok: false, reason: "volume_constraints_invalid", message: "its volumes are on different nodes" };
  }
  const node = views.record("node", nodeId!);
  if (node === undefined) {
    return { ok: false, reason: "volume_locality_no_node", message: `the node ${nodeId} of its volumes is gone` };
  }
  if (node.health === "offline") {
    return {
      ok: false,
      reason: "volume_home_node_offline",
      message: `the node ${node.name}, which has its volumes, is offline`,
    };
  }
  return { ok: true, nodeId: nodeId! };
}

function fits({ node, used }: Seat, cost: Usage, without: PlaceOptions["without"]): boolean {
  const freed = without?.nodeId === node.nodeId ? without.memoryBytes : 0;
  // Disk is thin: a node must have what one instance may use, and instances seldom use it.
  return (
    used.memoryBytes - freed + cost.memoryBytes <= node.allocatable.memoryBytes &&
    cost.diskBytes <= node.allocatable.diskBytes
  );
}

function bestOf(seats: readonly Seat[], cost: Usage, options: PlaceOptions): string | undefined {
  const penalties = penaltiesOf(options.siblings);
  const { cpuOvercommitRatio } = options.settings;
  let best: string | undefined;
  let bestScore = Number.NEGATIVE_INFINITY;
  for (const seat of seats) {
    if (!fits(seat, cost, options.without)) continue;
    const { node, used } = seat;
    const cpu = Math.min(1, used.cpuMillis / (node.allocatable.cpuCores * 1000 * cpuOvercommitRatio));
    const score = 1 - cpu - (penalties.get(node.nodeId) ?? 0);
    // Strictly better: among equals the first, which has the smallest id.
    if (score <= bestScore) continue;
    best = node.nodeId;
    bestScore = score;
  }
  return best;
}

function penaltiesOf(siblings: readonly InstanceRecord[]): ReadonlyMap<string, number> {
  const penalties = new Map<string, number>();
  for (const { nodeId, status, desiredState } of siblings) {
    const penalty =
      status === "failed" ? FAILURE_PENALTY : status !== "stopped" && desiredState === "running" ? SPREAD_PENALTY : 0;
    if (penalty > 0) penalties.set(nodeId, (penalties.get(nodeId) ?? 0) + penalty);
  }
  return penalties;
}

const mib = (bytes: number): string => `${Math.ceil(bytes / 1024 ** 2)} MiB`;

function whyNot(seats: readonly Seat[], spec: GroupSpec, cost: Usage, bound: boolean): Placement {
  const eligible = seats.filter(({ node }) => isEligible(node));
  if (eligible.length === 0) {
    return bound
      ? no("volume_locality_no_node", `the node ${seats[0]?.node.name ?? ""} of its volumes takes no instances now`)
      : no("no_nodes_active", "no node is active and online");
  }
  const offering = eligible.filter(({ node }) => node.isolation.includes(spec.isolation));
  if (offering.length === 0) {
    return no(
      "no_node_with_isolation",
      `no node offers the isolation "${spec.isolation}"; "biplane nodes list" shows what they offer`,
    );
  }
  const roomy = offering.some(({ node, used }) => used.memoryBytes + cost.memoryBytes <= node.allocatable.memoryBytes);
  if (roomy) return no("no_capacity_disk", `no node has ${mib(cost.diskBytes)} of disk left for it`);
  return no("no_capacity_memory", `no node has ${mib(cost.memoryBytes)} of memory left for it`);
}
