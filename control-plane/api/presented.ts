/** Records and events as callers may see them: without secrets, not even sealed or hashed ones. Pure. */
import type {
  AccessKeyRecord,
  AccountRecord,
  ApiTokenRecord,
  BucketRecord,
  CatalogRecord,
  DataPlaneRecord,
  EventEnvelope,
  EventId,
  IdentityRecord,
  InvitationRecord,
  PersonRecord,
  ResourceRecord,
  ServicePrincipalRecord,
  SessionRecord,
} from "#contracts";
import { entityArn } from "#foundation/ids";
import type { ConnectedDataPlane } from "./data-plane-registry.ts";

export function presentedAccount({ kind: _, ...account }: AccountRecord) {
  return account;
}

/** An IAM entity, with its policies and tags. */
export function presentedEntity({ kind, ...entity }: IdentityRecord) {
  return { ...entity, arn: entityArn({ kind, ...entity }) };
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

export function presentedPerson({ kind: _, passwordHash: __, ...person }: PersonRecord) {
  return person;
}

export function presentedInvitation({ kind: _, hash: __, ...invitation }: InvitationRecord) {
  return invitation;
}

export function presentedServicePrincipal({ kind: _, secretHash: __, ...principal }: ServicePrincipalRecord) {
  return principal;
}

export function presentedToken({ kind: _, hash: __, subject: ___, ...token }: ApiTokenRecord) {
  return token;
}

/** @param current the id of the session that asks, to tell it from the others */
export function presentedSession(session: SessionRecord, current: string | undefined) {
  const { sessionId, clientName, scopes, createdAt, refreshedAt, expiresAt } = session;
  return { sessionId, clientName, scopes, createdAt, refreshedAt, expiresAt, current: sessionId === current };
}

/** Members of payloads that are secrets in some form. Hashes of passwords can be guessed at; those of tokens are kept back because nobody needs them. */
const SECRET_MEMBERS: ReadonlySet<string> = new Set([
  "sealedSecret",
  "passwordHash",
  "secretHash",
  "hash",
  "refreshHash",
  "previousRefreshHash",
  "keyHash",
  "tokenHash",
  "wrappedKey",
]);

export function presentedEvent(event: EventEnvelope): EventEnvelope | Record<string, unknown> {
  const payload = withoutSecrets(event.payload);
  if ("changes" in payload && typeof payload.changes === "object" && payload.changes !== null) {
    return { ...event, payload: { ...payload, changes: withoutSecrets(payload.changes) } };
  }
  return { ...event, payload };
}

/** Any record, as it is. */
export const presentedRecord = (record: CatalogRecord): Readonly<Record<string, unknown>> => withoutSecrets(record);

function withoutSecrets(members: object): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(members).filter(([name]) => !SECRET_MEMBERS.has(name)));
}

export function presentedDataPlane(plane: ConnectedDataPlane, head: EventId) {
  const { status, ...known } = plane;
  const lag = plane.appliedThrough === undefined ? undefined : Math.max(0, head - plane.appliedThrough);
  return { ...known, lag, ...status };
}
