/** What an org may use, and what it uses. Counting costs what the org has, never what the cloud has. Pure. */
import { type AccountId, QUOTA_DIMENSIONS, type QuotaDimension } from "#contracts";
import { type CatalogReader, groups, type Refusal, refuse } from "#control-plane/events";

const GIB = 1024 ** 3;

/** Of every org that has no limits of its own. */
export const DEFAULT_QUOTAS: Readonly<Record<QuotaDimension, number>> = {
  apps: 100,
  envs: 500,
  routes: 1_000,
  hostnames: 1_000,
  public_ports: 50,
  max_instances: 1_000,
  total_memory_bytes: 512 * GIB,
  total_cpu_millis: 1_000_000,
  volumes: 200,
  total_volume_bytes: 4_096 * GIB,
  volume_attachments: 200,
  snapshots_per_volume: 50,
  exec_sessions: 50,
  exec_sessions_per_hour: 100,
};

export type QuotaLimits = Readonly<Record<QuotaDimension, number>>;

export function quotaLimits(views: CatalogReader, accountId: AccountId): QuotaLimits {
  const own = views.record("quota", accountId)?.limits;
  return own === undefined ? DEFAULT_QUOTAS : { ...DEFAULT_QUOTAS, ...own };
}

/** Dimensions that instances count in. */
export const INSTANCE_DIMENSIONS = ["max_instances", "total_memory_bytes", "total_cpu_millis"] as const;
export type InstanceUsage = Readonly<Record<(typeof INSTANCE_DIMENSIONS)[number], number>>;

/** Of instances that have not ended, for the time being also those that are on their way out. */
export function instanceUsage(views: CatalogReader, accountId: AccountId): InstanceUsage {
  const usage = { max_instances: 0, total_memory_bytes: 0, total_cpu_millis: 0 };
  for (const { status, memoryBytes, cpuMillis } of views.inGroup("instance", groups.ofAccount(accountId))) {
    if (status === "stopped" || status === "failed") continue;
    usage.max_instances += 1;
    usage.total_memory_bytes += memoryBytes;
    usage.total_cpu_millis += cpuMillis;
  }
  return usage;
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** How each dimension is counted; those of one volume or hour are counted where they are asked for. */
const USAGE: Readonly<Partial<Record<QuotaDimension, (views: CatalogReader, accountId: AccountId) => number>>> = {
  apps: (views, accountId) => views.countInGroup("app", groups.ofAccount(accountId)),
  envs: (views, accountId) => views.countInGroup("env", groups.ofAccount(accountId)),
  routes: (views, accountId) => views.countInGroup("route", groups.ofAccount(accountId)),
  hostnames: (views, accountId) =>
    new Set(views.inGroup("route", groups.ofAccount(accountId)).flatMap(({ hostname }) => hostname ?? [])).size,
  public_ports: (views, accountId) =>
    views.inGroup("route", groups.ofAccount(accountId)).filter(({ listenPort }) => listenPort !== undefined).length,
  max_instances: (views, accountId) => instanceUsage(views, accountId).max_instances,
  total_memory_bytes: (views, accountId) => instanceUsage(views, accountId).total_memory_bytes,
  total_cpu_millis: (views, accountId) => instanceUsage(views, accountId).total_cpu_millis,
  volumes: (views, accountId) => views.countInGroup("volume", groups.ofAccount(accountId)),
  total_volume_bytes: (views, accountId) =>
    sum(views.inGroup("volume", groups.ofAccount(accountId)).map(({ sizeBytes }) => sizeBytes)),
  volume_attachments: (views, accountId) => views.countInGroup("volumeAttachment", groups.ofAccount(accountId)),
};

/** Usage of the dimensions that are counted for the whole org. */
export function usageOf(views: CatalogReader, accountId: AccountId): Readonly<Partial<Record<QuotaDimension, number>>> {
  return Object.fromEntries(
    QUOTA_DIMENSIONS.flatMap((dimension) => {
      const count = USAGE[dimension];
      return count === undefined ? [] : [[dimension, count(views, accountId)]];
    }),
  );
}

/** A refusal with the numbers in it. */
export function quotaExceeded(dimension: QuotaDimension, limit: number, usage: number, delta: number): Refusal {
  return refuse(
    "QuotaExceeded",
    `The org's quota of ${dimension} is ${limit}; it uses ${usage}, and ${delta} more do not fit`,
    { dimension, limit, current_usage: usage, requested_delta: delta },
  );
}

/** The refusal where what is asked for comes on top and does not fit; undefined where it does. */
export function quotaProblem(
  views: CatalogReader,
  accountId: AccountId,
  deltas: Readonly<Partial<Record<QuotaDimension, number>>>,
): Refusal | undefined {
  const limits = quotaLimits(views, accountId);
  for (const [name, delta] of Object.entries(deltas)) {
    const dimension = name as QuotaDimension;
    const count = USAGE[dimension];
    if (count === undefined || delta <= 0) continue;
    const usage = count(views, accountId);
    if (usage + delta > limits[dimension]) return quotaExceeded(dimension, limits[dimension], usage, delta);
  }
  return undefined;
}
