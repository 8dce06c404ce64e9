/** Records of the platform as the REST API shows them: `snake_case` members, ISO 8601 times. What is inside a manifest, or keyed by names that people gave, stays as it is. */
import type {
  AppRecord,
  DeployRecord,
  DrillRecord,
  EnvRecord,
  ExecSessionRecord,
  InstanceRecord,
  NodeRecord,
  ProjectRecord,
  ReleaseRecord,
  RestoreJobRecord,
  RouteRecord,
  SnapshotRecord,
  VolumeAttachmentRecord,
  VolumeRecord,
} from "#contracts";
import { type CatalogReader, groups } from "#control-plane/events";

/** Members whose values are milliseconds since 1970. */
const TIMES: ReadonlySet<string> = new Set([
  "createdAt",
  "updatedAt",
  "finishedAt",
  "drainingSince",
  "readySince",
  "endedAt",
  "connectedAt",
  "expiresAt",
  "rotatedAt",
  "revokedAt",
  "stageStartedAt",
]);

/** What is nobody's business, or is said otherwise. */
const HIDDEN: ReadonlySet<string> = new Set(["kind", "revision", "keyHash", "tokenHash", "wrappedKey", "hash"]);

export const snake = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

export const iso = (milliseconds: number): string => new Date(milliseconds).toISOString();

/** @param id the member that is the record's own id, shown as `id` */
export function shown(record: object, id: string): Record<string, unknown> {
  const members: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(record)) {
    if (HIDDEN.has(name)) continue;
    if (name === id) members.id = value;
    else if (name === "accountId") members.org_id = value;
    else members[snake(name)] = TIMES.has(name) ? iso(value as number) : value;
  }
  members.resource_version = (record as { readonly revision?: number }).revision;
  return members;
}

/** The members of a structure that the platform itself has named. */
export const snaked = (value: object): Record<string, unknown> =>
  Object.fromEntries(Object.entries(value).map(([name, member]) => [snake(name), member]));

export const project = (record: ProjectRecord) => shown(record, "projectId");
export const app = (record: AppRecord) => shown(record, "appId");

export function env(record: EnvRecord) {
  const desired = Object.entries(record.desired).map(([type, release]) => [type, snaked(release)]);
  return { ...shown(record, "envId"), desired: Object.fromEntries(desired) };
}

export function release(record: ReleaseRecord) {
  const { resolvedDigests, ...artifact } = record.artifact;
  const resolved = resolvedDigests === undefined ? {} : { resolved_digests: resolvedDigests };
  return { ...shown(record, "releaseId"), artifact: { ...snaked(artifact), ...resolved } };
}

export function deploy(record: DeployRecord) {
  const { deploy_kind: kind, ...rest } = shown(record, "deployId");
  return { ...rest, kind };
}

export const route = (record: RouteRecord) => shown(record, "routeId");
export function volume(record: VolumeRecord, views: CatalogReader) {
  const attachments = views.inGroup("volumeAttachment", groups.ofVolume(record.volumeId)).map(attachment);
  return { ...shown(record, "volumeId"), attachments };
}

export const attachment = (record: VolumeAttachmentRecord) => shown(record, "attachmentId");
export const snapshot = (record: SnapshotRecord) => shown(record, "snapshotId");
export const restoreJob = (record: RestoreJobRecord) => shown(record, "restoreId");

export function instance(record: InstanceRecord, views: CatalogReader) {
  const node = views.record("node", record.nodeId)?.name ?? null;
  return { ...shown(record, "instanceId"), mounts: record.mounts.map(snaked), node };
}

export function drill({ drillId, backup, passed, detail, events, createdAt }: DrillRecord) {
  return { id: drillId, backup, passed, detail, events, created_at: iso(createdAt) };
}

export const execSession = (record: ExecSessionRecord) => shown(record, "execSessionId");

export function node(record: NodeRecord, views: CatalogReader) {
  const instances = views.inGroup("instance", groups.onNode(record.nodeId));
  const live = instances.filter(({ status }) => status !== "stopped" && status !== "failed");
  return {
    ...shown(record, "nodeId"),
    allocatable: snaked(record.allocatable),
    used: {
      memory_bytes: live.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0),
      cpu_millis: live.reduce((sum, { cpuMillis }) => sum + cpuMillis, 0),
    },
    instances: live.length,
    volumes: views.countInGroup("volume", groups.onNode(record.nodeId)),
  };
}
