/**
 * One process type of one environment: what has to happen next, so that what runs becomes what shall run. Pure.
 *
 * Without volumes: one more than wanted, wait until it is ready, take an old one away, and so on. With volumes: take away, wait until it has stopped, make anew on the same node.
 * An instance is never changed; draining, failed and stopped ones count for nothing.
 */
import type { InstanceRecord, Unschedulable } from "#contracts";
import { groups, type OwnedEvent } from "#control-plane/events";
import { drained, hasEnded } from "#control-plane/nodes";
import { place } from "./place.ts";
import { isEligible, type Room } from "./room.ts";
import type { SchedulerSettings } from "./settings.ts";
import { type GroupSpec, groupKey, groupSpecOf } from "./workload-group.ts";
import type { World } from "./world.ts";

export interface GroupPlan {
  readonly events: readonly OwnedEvent[];
  /** Why it has fewer instances than it should; undefined when nothing is in the way. */
  readonly unschedulable: Unschedulable | undefined;
  /** When it should be looked at again even if nothing happens, epoch milliseconds. */
  readonly dueAt: number | undefined;
}

export interface GroupContext {
  readonly world: World;
  readonly room: Room;
  readonly settings: SchedulerSettings;
  readonly now: number;
  readonly newInstanceId: () => string;
}

/** How an instance stands to what shall run. */
interface Standing {
  /** As wanted, and where it may stay. */
  readonly staying: readonly InstanceRecord[];
  /** Another specification, or on a node that is being emptied. */
  readonly leaving: readonly InstanceRecord[];
  /** Told to go, and not gone yet. */
  readonly draining: readonly InstanceRecord[];
  /** Has done its work and will not be made again (restart policy `never` and `on-failure`). */
  readonly completed: number;
}

export function planGroup(envId: string, processType: string, context: GroupContext): GroupPlan {
  const { views } = context.room;
  const all = views.inGroup("instance", groups.ofProcess(envId, processType));
  const spec = groupSpecOf(views, envId, processType);
  if (spec !== undefined && isAsWanted(all, spec, context.room)) return NOTHING_TO_DO;
  const planner = new Planner(all, context);
  planner.giveUpLost(spec);
  if (spec === undefined) {
    const reason = views.record("env", envId) === undefined ? "environment_deleted" : "not_desired";
    for (const instance of planner.live()) planner.drain(instance, reason);
    planner.collect(views.record("env", envId) === undefined);
    return planner.plan();
  }
  if (spec.mounts.length > 0) planner.stateful(spec);
  else planner.stateless(spec);
  planner.collect(false);
  return planner.plan();
}

const NOTHING_TO_DO: GroupPlan = { events: [], unschedulable: undefined, dueAt: undefined };

/** The most frequent answer, found without working out anything: as many as wanted, all as they should be, on nodes that are there, and nothing to be forgotten. */
function isAsWanted(all: readonly InstanceRecord[], spec: GroupSpec, room: Room): boolean {
  if (all.length !== spec.count || spec.mounts.length > 0) return false;
  for (const { desiredState, status, specHash, nodeId } of all) {
    if (desiredState !== "running" || status !== "ready" || specHash !== spec.specHash) return false;
    const node = room.node(nodeId);
    if (node === undefined || !isEligible(node)) return false;
  }
  return true;
}

class Planner {
  readonly #all: readonly InstanceRecord[];
  readonly #context: GroupContext;
  readonly #events: OwnedEvent[] = [];
  /** Given up or told to drain in this decision. */
  readonly #gone = new Set<string>();
  readonly #draining = new Set<string>();
  /** Made in this decision: they count for the spread. */
  readonly #made: InstanceRecord[] = [];
  #unschedulable: Unschedulable | undefined;
  #dueAt: number | undefined;

  constructor(all: readonly InstanceRecord[], context: GroupContext) {
    this.#all = all;
    this.#context = context;
  }

  plan(): GroupPlan {
    return { events: this.#events, unschedulable: this.#unschedulable, dueAt: this.#dueAt };
  }

  /** Not ended, and not told to go yet. */
  live(): readonly InstanceRecord[] {
    return this.#all.filter(
      (instance) =>
        !hasEnded(instance) &&
        instance.desiredState === "running" &&
        !this.#gone.has(instance.instanceId) &&
        !this.#draining.has(instance.instanceId),
    );
  }

  /** What was on a node that is offline is written off, so that others take its place. What has volumes waits for its node. */
  giveUpLost(spec: GroupSpec | undefined): void {
    const { room } = this.#context;
    for (const instance of this.#all) {
      if (hasEnded(instance) || instance.mounts.length > 0) continue;
      const node = room.node(instance.nodeId);
      if (node !== undefined && node.health !== "offline") continue;
      const { instanceId, accountId } = instance;
      const common = { aggregateId: instanceId, org: accountId, ...this.#cause(spec) };
      if (instance.desiredState !== "stopped") {
        const payload = { instanceId, desiredState: "stopped", drainReason: "node_lost" } as const;
        this.#events.push({ type: "instance.desiredStateChanged", ...common, payload });
      }
      const payload = {
        instanceId,
        status: "failed",
        reason: "node_lost",
        detail: `the node ${node?.name ?? instance.nodeId} is offline`,
        endedAt: this.#context.now,
      } as const;
      this.#events.push({ type: "instance.statusChanged", ...common, payload });
      this.#gone.add(instanceId);
    }
  }

  stateless(spec: GroupSpec): void {
    const { staying, leaving, draining, completed } = this.#standing(spec);
    const wanted = Math.max(0, spec.count - completed);
    const surge = wanted >= 4 ? Math.ceil(wanted / 4) : 1;
    const missing = wanted - staying.length;
    if (missing > 0) {
      // At first nothing is in the way of all at once; beside old ones, only so many more than wanted.
      const most = leaving.length === 0 ? missing : Math.min(missing, wanted + surge - staying.length - leaving.length);
      const made = this.#allocate(spec, most);
      if (made < most && made === 0 && leaving.length + draining.length > 0) this.#makeRoom(spec, staying, leaving);
    }
    this.#takeOld(wanted, staying, leaving);
    this.#takeExtra(wanted, staying);
  }

  stateful(spec: GroupSpec): void {
    const { staying, leaving, draining, completed } = this.#standing(spec);
    const wanted = Math.min(1, Math.max(0, spec.count - completed));
    if (wanted === 0) {
      for (const instance of staying) this.drain(instance, "scaled_down");
    }
    for (const instance of leaving) this.drain(instance, "replaced");
    for (const instance of staying.slice(Math.max(1, wanted))) this.drain(instance, "scaled_down");
    const { room } = this.#context;
    const away = [...staying, ...leaving, ...draining]
      .map(({ nodeId }) => room.node(nodeId))
      .find((node) => node?.health === "offline");
    if (away !== undefined && wanted > 0) {
      // It may run there still, and write: only its node can say that it has ended.
      const message = `the node ${away.name}, which has its volumes, is offline; it is not run elsewhere`;
      this.#cannot({ reason: "volume_home_node_offline", message });
    }
    // A volume has one writer: nothing new before the last one has stopped.
    if (wanted > 0 && staying.length === 0 && leaving.length === 0 && draining.length === 0) {
      const writer = this.#otherWriter(spec);
      if (writer === undefined) this.#allocate(spec, 1);
      else this.#cannot({ reason: "volume_in_use", message: `a volume of it is in use by the instance ${writer}` });
    }
  }

  /** Takes an instance away, once. */
  drain(instance: InstanceRecord, reason: string): void {
    if (this.#draining.has(instance.instanceId) || instance.desiredState !== "running") return;
    this.#draining.add(instance.instanceId);
    this.#events.push({ ...drained(instance, reason, this.#context.now), correlationId: instance.deployId });
  }

  /** Forgets what ended long ago; its node then removes what is left of it. */
  collect(atOnce: boolean): void {
    const { settings, now } = this.#context;
    const ended = this.#all
      .filter(hasEnded)
      .sort(
        (left, right) => (right.endedAt ?? 0) - (left.endedAt ?? 0) || (left.instanceId < right.instanceId ? -1 : 1),
      );
    const old = atOnce ? ended : ended.slice(settings.endedKept);
    for (const { instanceId, accountId, endedAt = 0 } of old) {
      const dueAt = endedAt + settings.endedKeptMs;
      if (!atOnce && dueAt > now) this.#lookAgain(dueAt);
      else {
        this.#events.push({
          type: "instance.collected",
          aggregateId: instanceId,
          org: accountId,
          payload: { instanceId },
        });
      }
    }
  }

  #standing(spec: GroupSpec): Standing {
    const { room } = this.#context;
    const staying: InstanceRecord[] = [];
    const leaving: InstanceRecord[] = [];
    for (const instance of this.live()) {
      const matches = instance.specHash === spec.specHash;
      // What has volumes cannot move: it stays on a node that is being emptied, and is what keeps the node from being empty.
      const mayStay = instance.mounts.length > 0 || room.node(instance.nodeId)?.intent === "active";
      (matches && mayStay ? staying : leaving).push(instance);
    }
    const draining = this.#all.filter(
      (one) => !hasEnded(one) && one.desiredState !== "running" && !this.#gone.has(one.instanceId),
    );
    return { staying, leaving, draining, completed: this.#completed(spec) };
  }

  #completed(spec: GroupSpec): number {
    const { policy } = spec.process.restart;
    if (policy === "always") return 0;
    return this.#all.filter(
      ({ status, desiredState, specHash, exitCode }) =>
        status === "stopped" &&
        desiredState === "running" &&
        specHash === spec.specHash &&
        (policy === "never" || exitCode === 0),
    ).length;
  }

  /** Old ones go as far as enough others are ready; those that serve nobody go as soon as there is something in their place. */
  #takeOld(wanted: number, staying: readonly InstanceRecord[], leaving: readonly InstanceRecord[]): void {
    const { room } = this.#context;
    const ready = (instances: readonly InstanceRecord[]) => instances.filter(({ status }) => status === "ready");
    let spare = ready(staying).length + ready(leaving).length - wanted;
    for (const instance of inDrainOrder(leaving)) {
      if (this.#draining.has(instance.instanceId)) continue;
      const disabled = room.node(instance.nodeId)?.intent === "disabled";
      if (instance.status !== "ready") {
        if (wanted === 0 || disabled || staying.length + this.#made.length > 0) this.drain(instance, "replaced");
      } else if (disabled || spare > 0) {
        this.drain(instance, disabled ? "node_draining" : "replaced");
        spare--;
      }
    }
  }

  #takeExtra(wanted: number, staying: readonly InstanceRecord[]): void {
    let extra = staying.length - wanted;
    for (const instance of inDrainOrder(staying)) {
      if (extra <= 0) return;
      this.drain(instance, "scaled_down");
      extra--;
    }
  }

  /** There is no room for one more beside the old ones: then an old one goes first, if that makes the room. */
  #makeRoom(spec: GroupSpec, staying: readonly InstanceRecord[], leaving: readonly InstanceRecord[]): void {
    const blocked = this.#unschedulable;
    const why = blocked?.reason;
    if (why !== "no_capacity_memory" && why !== "no_capacity_disk" && why !== "org_quota_exceeded") return;
    const first = { reason: why, message: `${blocked!.message}; an old instance is taken away first` };
    if (this.#all.some((one) => !hasEnded(one) && one.desiredState === "draining")) {
      this.#cannot(first);
      return;
    }
    if (staying.some(({ status }) => status !== "ready")) return;
    const { world } = this.#context;
    for (const instance of inDrainOrder(leaving)) {
      const memoryBytes = world.memoryOf(instance.memoryBytes, spec.isolation);
      const would = place(spec, {
        ...this.#context,
        siblings: this.#all,
        without: { nodeId: instance.nodeId, memoryBytes },
      });
      if (!would.ok && why !== "org_quota_exceeded") continue;
      this.drain(instance, "replaced");
      this.#cannot(first);
      return;
    }
  }

  /** @returns how many were made */
  #allocate(spec: GroupSpec, count: number): number {
    if (count <= 0) return 0;
    if (spec.secretsMissing) {
      this.#cannot({ reason: "secrets_missing", message: "it requires secrets, and the environment has none" });
      return 0;
    }
    if (!this.#mayReplace(spec)) return 0;
    let made = 0;
    while (made < count && this.#allocateOne(spec)) made++;
    return made;
  }

  #allocateOne(spec: GroupSpec): boolean {
    const { room, settings, now, newInstanceId } = this.#context;
    const { accountId, appId, envId } = spec.env;
    const placed = place(spec, { ...this.#context, siblings: [...this.#all, ...this.#made] });
    if (!placed.ok) {
      this.#cannot(placed);
      return false;
    }
    const { memoryBytes, diskBytes } = spec.process;
    const { cpuMillis } = placed.cost;
    const over = room.overQuota(accountId, { memoryBytes, cpuMillis });
    if (over !== undefined) {
      const limit = room.limitOf(accountId, over);
      this.#cannot({ reason: "org_quota_exceeded", message: `the org's quota of ${over} is ${limit}` });
      this.#lookAgain(now + settings.quotaRetryMs);
      return false;
    }
    room.take(placed.nodeId, placed.cost);
    room.takeQuota(accountId, { memoryBytes, cpuMillis });
    const instanceId = newInstanceId();
    const payload = {
      instanceId,
      accountId,
      appId,
      envId,
      processType: spec.processType,
      nodeId: placed.nodeId,
      releaseId: spec.release.releaseId,
      deployId: spec.deployId,
      ...(spec.secretsVersionId === undefined ? {} : { secretsVersionId: spec.secretsVersionId }),
      specHash: spec.specHash,
      memoryBytes,
      cpuMillis,
      diskBytes,
      mounts: spec.mounts,
      desiredState: "running",
      status: "pending",
      restarts: 0,
    } as const;
    this.#events.push({
      type: "instance.allocated",
      aggregateId: instanceId,
      org: accountId,
      payload,
      ...this.#cause(spec),
    });
    this.#made.push({ kind: "instance", ...payload, createdAt: now, updatedAt: now, revision: 1 });
    return true;
  }

  /** What fails again and again is made anew more and more slowly. */
  #mayReplace(spec: GroupSpec): boolean {
    const { settings, now } = this.#context;
    const failures = this.#failuresOf(spec);
    const last = failures[0];
    if (last === undefined) return true;
    const count = failures.length;
    const looping = count > settings.replacementsMax;
    const wait = looping
      ? Math.min(600_000, 30_000 * 2 ** (count - settings.replacementsMax - 1))
      : 1_000 * 2 ** (count - 1);
    if (now >= last + wait) return true;
    this.#lookAgain(last + wait);
    if (looping) {
      this.#cannot({
        reason: "crash_loop",
        message: `${count} instances have failed within ten minutes; the next try is at ${new Date(last + wait).toISOString()}`,
      });
    }
    return false;
  }

  /**
   * When instances of this very specification failed lately, the latest first. Those whose node was lost have not failed. Who deploys again wants it tried
   * at once, so what was before does not count.
   */
  #failuresOf({ specHash, deployId }: GroupSpec): readonly number[] {
    const { settings, now, room } = this.#context;
    const begun = room.views.record("deploy", deployId)?.createdAt ?? 0;
    const since = Math.max(begun, now - settings.replacementWindowMs);
    return this.#all
      .filter((one) => one.status === "failed" && one.specHash === specHash && one.reason !== "node_lost")
      .map(({ endedAt = 0 }) => endedAt)
      .filter((endedAt) => endedAt >= since)
      .sort((left, right) => right - left);
  }

  /** An instance of another group that has one of the volumes. */
  #otherWriter(spec: GroupSpec): string | undefined {
    const { views } = this.#context.room;
    const own = new Set(spec.mounts.map(({ volumeId }) => volumeId));
    const [nodeId] = spec.mounts.map(({ volumeId }) => views.record("volume", volumeId)?.homeNodeId);
    if (nodeId === undefined) return undefined;
    const writers = views
      .inGroup("instance", groups.onNode(nodeId))
      .filter((one) => !hasEnded(one) && one.mounts.some(({ volumeId }) => own.has(volumeId)));
    return writers[0]?.instanceId;
  }

  #cannot({ reason, message }: Unschedulable): void {
    this.#unschedulable = { reason, message };
  }

  #lookAgain(at: number): void {
    this.#dueAt = this.#dueAt === undefined ? at : Math.min(this.#dueAt, at);
  }

  #cause(spec: GroupSpec | undefined): { readonly correlationId?: string } {
    return spec === undefined ? {} : { correlationId: spec.deployId };
  }
}

/** Those that serve nobody first, then the oldest. */
function inDrainOrder(instances: readonly InstanceRecord[]): readonly InstanceRecord[] {
  const rank = ({ status }: InstanceRecord): number => (status === "ready" ? 1 : 0);
  return [...instances].sort(
    (left, right) =>
      rank(left) - rank(right) || left.createdAt - right.createdAt || (left.instanceId < right.instanceId ? -1 : 1),
  );
}

/** What keeps a node from being empty: instances whose volumes are there. For people. */
export function drainBlockers(
  views: Room["views"],
  nodeId: string,
): readonly { readonly instanceId: string; readonly reason: string }[] {
  const node = views.record("node", nodeId);
  if (node === undefined || isEligible(node)) return [];
  return views
    .inGroup("instance", groups.onNode(nodeId))
    .filter((instance) => !hasEnded(instance))
    .map(({ instanceId, mounts, envId, processType }) => {
      if (mounts.length > 0) return { instanceId, reason: "it has volumes on this node" };
      const why = views.record("env", envId)?.unschedulable[processType];
      return { instanceId, reason: why === undefined ? "it is being moved" : `${why.reason}: ${why.message}` };
    });
}

export { groupKey };
