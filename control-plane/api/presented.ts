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

export function presentedEvent(event: EventEnvelope): EventEnvelope | Record<string, unknown> {
  if (!("sealedSecret" in event.payload)) return event;
  const { sealedSecret: _, ...payload } = event.payload;
  return { ...event, payload };
}

export function presentedDataPlane(plane: ConnectedDataPlane, head: EventId) {
  const { status, ...known } = plane;
  const lag = plane.appliedThrough === undefined ? undefined : Math.max(0, head - plane.appliedThrough);
  return { ...known, lag, ...status };
}
