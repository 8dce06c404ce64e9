/** Records and events as callers may see them: without secrets, not even sealed ones. Pure. */
import type {
  AccessKeyRecord,
  AccountRecord,
  BucketRecord,
  DataPlaneRecord,
  EventEnvelope,
  EventId,
  ResourceRecord,
  UserRecord,
} from "#contracts";
import type { ConnectedDataPlane } from "./data-plane-registry.ts";

export function presentedAccount({ kind: _, ...account }: AccountRecord) {
  return account;
}

export function presentedUser({ kind: _, ...user }: UserRecord) {
  return { ...user, arn: `arn:aws:iam::${user.accountId}:user${user.path}${user.userName}` };
}

export function presentedAccessKey({ kind: _, sealedSecret: __, ...accessKey }: AccessKeyRecord) {
  return accessKey;
}

export function presentedBucket(bucket: BucketRecord) {
  const { name, bucketId, accountId, region, createdAt, objectLockEnabled, sections } = bucket;
  const configured = Object.entries(sections).flatMap(([section, value]) => (value === undefined ? [] : [section]));
  return { name, bucketId, accountId, region, createdAt, objectLockEnabled, configured: configured.sort() };
}

export function presentedEnrolment({ kind: _, createdAt, ...plane }: DataPlaneRecord) {
  return { ...plane, enrolledAt: createdAt };
}

export function presentedResource({ kind: _, sections, ...resource }: ResourceRecord) {
  return { ...resource, configured: Object.keys(sections).sort() };
}

/** Members of payloads that are secrets, if only sealed or hashed ones. */
const SECRET_MEMBERS: ReadonlySet<string> = new Set([
  "sealedSecret",
  "passwordHash",
  "secretHash",
  "hash",
  "refreshHash",
  "previousRefreshHash",
]);

export function presentedEvent(event: EventEnvelope): Record<string, unknown> {
  return { ...event, payload: withoutSecrets(event.payload) };
}

/** Payloads hold secrets in their own members, or in those of `changes`. */
function withoutSecrets(payload: object): Record<string, unknown> {
  const shown: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(payload)) {
    if (!SECRET_MEMBERS.has(name)) shown[name] = name === "changes" ? withoutSecrets(value as object) : value;
  }
  return shown;
}

export function presentedDataPlane(plane: ConnectedDataPlane, head: EventId) {
  const { status, ...known } = plane;
  const lag = plane.appliedThrough === undefined ? undefined : Math.max(0, head - plane.appliedThrough);
  return { ...known, lag, ...status };
}
