/**
 * What the scheduler knows beside the records: how much of each node is spoken for, and which groups may need something. Kept up to date event by event, and equal to what is
 * worked out from the records alone.
 */
import type { AccountId, EnvRecord, InstanceRecord, IsolationClass } from "#contracts";
import type { InstanceUsage } from "#control-plane/applications";
import { type AnyEvent, type CatalogReader, groups } from "#control-plane/events";
import { hasEnded } from "#control-plane/nodes";
import type { SchedulerSettings } from "./settings.ts";
import { groupKey } from "./workload-group.ts";

/** What is spoken for on a node. */
export interface Usage {
  memoryBytes: number;
  cpuMillis: number;
  diskBytes: number;
}

/** What was counted of an instance, so that the same is taken off again. */
interface Counted extends Usage {
  readonly nodeId: string;
  readonly accountId: AccountId;
  /** Without overhead, as quotas count it. */
  readonly ownMemoryBytes: number;
  readonly group: string;
  readonly counts: boolean;
}

export class World {
  readonly #views: CatalogReader;
  readonly #overhead: SchedulerSettings["overheadBytes"];
  readonly #instances = new Map<string, Counted>();
  /** How many instances there are of each group that has any, ended ones counted in. */
  readonly #groups = new Map<string, number>();
  readonly #usage = new Map<string, Usage>();
  readonly #orgs = new Map<AccountId, { -readonly [Dimension in keyof InstanceUsage]: number }>();
  readonly dirty = new Set<string>();
  /** Deploys are under way, or have just been asked for. */
  deploysDirty = true;

  constructor(views: CatalogReader, { overheadBytes }: Pick<SchedulerSettings, "overheadBytes">) {
    this.#views = views;
    this.#overhead = overheadBytes;
    for (const instance of views.records("instance")) this.#count(instance);
    this.everyGroup();
  }

  /** Memory, processor and disk that are spoken for on a node. */
  usageOf(nodeId: string): Readonly<Usage> {
    return this.#usage.get(nodeId) ?? NOTHING;
  }

  /** What the instances of an org count in its quotas. */
  orgUsageOf(accountId: AccountId): InstanceUsage {
    return this.#orgs.get(accountId) ?? NO_INSTANCES;
  }

  /** What an instance takes of its node, its overhead counted in. */
  memoryOf(memoryBytes: number, isolation: IsolationClass): number {
    return memoryBytes + this.#overhead[isolation];
  }

  /** Marks every group that there is. */
  everyGroup(): void {
    this.deploysDirty = true;
    for (const env of this.#views.records("env")) this.#markWanted(env);
    for (const group of this.#groups.keys()) this.dirty.add(group);
  }

  groupsOn(nodeId: string): void {
    for (const { envId, processType } of this.#views.inGroup("instance", groups.onNode(nodeId))) {
      this.dirty.add(groupKey(envId, processType));
    }
  }

  /** @returns whether there may be more room than before: groups that wait for some should look again */
  apply(events: readonly AnyEvent[]): boolean {
    let room = false;
    for (const event of events) if (this.#apply(event)) room = true;
    return room;
  }

  #apply(event: AnyEvent): boolean {
    switch (event.aggregateType) {
      case "instance":
        this.deploysDirty = true;
        return this.#applyInstance(event.aggregateId);
      case "env":
        this.#markEnv(event.aggregateId);
        return event.type === "env.deleted";
      case "secretBundle":
      case "volumeAttachment": {
        const record = this.#views.record(event.aggregateType, event.aggregateId);
        if (record === undefined) this.everyGroup();
        else this.#markEnv(record.envId);
        return false;
      }
      case "node":
        this.groupsOn(event.aggregateId);
        return true;
      case "volume":
      case "quota":
        return true;
      case "deploy":
        this.deploysDirty = true;
        return false;
      default:
        return false;
    }
  }

  #applyInstance(instanceId: string): boolean {
    const before = this.#instances.get(instanceId);
    const instance = this.#views.record("instance", instanceId);
    if (before !== undefined) {
      this.#add(before, -1);
      this.#instances.delete(instanceId);
      this.dirty.add(before.group);
    }
    if (instance !== undefined) this.dirty.add(this.#count(instance));
    return before?.counts === true && (instance === undefined || hasEnded(instance));
  }

  /** @returns its group */
  #count(instance: InstanceRecord): string {
    const { instanceId, nodeId, accountId, envId, processType, cpuMillis, diskBytes } = instance;
    const counted: Counted = {
      nodeId,
      accountId,
      group: groupKey(envId, processType),
      ownMemoryBytes: instance.memoryBytes,
      memoryBytes: this.memoryOf(instance.memoryBytes, this.#isolationOf(instance)),
      cpuMillis,
      diskBytes,
      counts: !hasEnded(instance),
    };
    this.#instances.set(instanceId, counted);
    this.#add(counted, 1);
    return counted.group;
  }

  /** @param sign 1: it is spoken for; -1: it is free again */
  #add(counted: Counted, sign: 1 | -1): void {
    const { nodeId, accountId, group, ownMemoryBytes, memoryBytes, cpuMillis, diskBytes, counts } = counted;
    const members = (this.#groups.get(group) ?? 0) + sign;
    if (members === 0) this.#groups.delete(group);
    else this.#groups.set(group, members);
    if (!counts) return;
    let usage = this.#usage.get(nodeId);
    if (usage === undefined) {
      usage = { ...NOTHING };
      this.#usage.set(nodeId, usage);
    }
    usage.memoryBytes += sign * memoryBytes;
    usage.cpuMillis += sign * cpuMillis;
    usage.diskBytes += sign * diskBytes;
    let org = this.#orgs.get(accountId);
    if (org === undefined) {
      org = { ...NO_INSTANCES };
      this.#orgs.set(accountId, org);
    }
    org.max_instances += sign;
    org.total_memory_bytes += sign * ownMemoryBytes;
    org.total_cpu_millis += sign * cpuMillis;
  }

  #isolationOf({ releaseId, processType }: InstanceRecord): IsolationClass {
    const release = this.#views.record("release", releaseId);
    const own = release?.manifest.processes[processType]?.isolation;
    return own ?? (release?.artifact.source === "image" ? "container" : "process");
  }

  #markEnv(envId: string): void {
    const env = this.#views.record("env", envId);
    this.deploysDirty = true;
    if (env !== undefined) this.#markWanted(env);
    for (const { processType } of this.#views.inGroup("instance", groups.inEnv(envId))) {
      this.dirty.add(groupKey(envId, processType));
    }
  }

  #markWanted({ envId, desired, unschedulable }: EnvRecord): void {
    for (const processType in desired) this.dirty.add(groupKey(envId, processType));
    for (const processType in unschedulable) this.dirty.add(groupKey(envId, processType));
  }
}

const NOTHING: Readonly<Usage> = { memoryBytes: 0, cpuMillis: 0, diskBytes: 0 };
const NO_INSTANCES: InstanceUsage = { max_instances: 0, total_memory_bytes: 0, total_cpu_millis: 0 };
