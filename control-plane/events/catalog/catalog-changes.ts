/** The fold of the catalog: event by event, which records change and how. Pure. */
import {
  type AccessKeyRecord,
  BUCKET_SECTIONS,
  type BucketRecord,
  type BucketSection,
  type BucketSections,
  type CatalogChange,
  type CatalogKind,
  type CatalogRecord,
  type EventPayloads,
  type ResourceKind,
  type ResourceRecord,
  type ResourceReference,
  type UserRecord,
} from "#contracts";
import type { AnyEvent } from "../new-event.ts";
import { addressOfEvent } from "./catalog-keys.ts";
import { configuredResource, createdResource } from "./resource-fold.ts";

/** Reads the record as it was before the event. */
export type RecordBefore = (kind: CatalogKind, key: string) => CatalogRecord | undefined;

/** The event does not fit the records before it. No command of this program produces such an event. */
export class PoisonEvent extends Error {
  override readonly name = "PoisonEvent";
}

/**
 * The differences that an event makes.
 * @throws PoisonEvent when the event does not fit the records before it
 */
export function catalogChangesOf(event: AnyEvent, before: RecordBefore): readonly CatalogChange[] {
  const { kind, key } = addressOfEvent(event);
  const existing = before(kind, key);
  const next = nextRecord(event, existing);
  if (next === undefined) return [{ change: "delete", kind, key }];
  return [{ change: "upsert", key, record: deepFreeze(next) }];
}

function nextRecord(event: AnyEvent, existing: CatalogRecord | undefined): CatalogRecord | undefined {
  switch (event.type) {
    case "account.created":
      absent(event, existing);
      return { kind: "account", ...event.payload, createdAt: event.occurredAt };
    case "user.created":
      absent(event, existing);
      return { kind: "user", ...event.payload, inlinePolicies: {}, createdAt: event.occurredAt };
    case "user.deleted":
      userOf(event, existing);
      return undefined;
    case "userPolicy.put":
      return withPolicy(userOf(event, existing), event.payload.policyName, event.payload.document);
    case "userPolicy.deleted":
      return withPolicy(userOf(event, existing), event.payload.policyName, undefined);
    case "accessKey.created":
      absent(event, existing);
      return { kind: "accessKey", ...event.payload, status: "Active", createdAt: event.occurredAt };
    case "accessKey.updated":
      return { ...accessKeyOf(event, existing), status: event.payload.status };
    case "accessKey.deleted":
      accessKeyOf(event, existing);
      return undefined;
    case "bucket.created":
      absent(event, existing);
      return {
        kind: "bucket",
        ...event.payload,
        sections: sectionsOf(event.payload.sections),
        createdAt: event.occurredAt,
      };
    case "bucket.configured":
      return configured(bucketOf(event, event.payload.bucketId, existing), event.payload);
    case "bucket.deleted":
      bucketOf(event, event.payload.bucketId, existing);
      return undefined;
    case "dataPlane.enrolled":
      absent(event, existing);
      return { kind: "dataPlane", ...event.payload, createdAt: event.occurredAt };
    case "dataPlane.forgotten":
      if (existing === undefined) poison(event, "there is no such data plane");
      return undefined;
    case "queue.created":
      absent(event, existing);
      return createdResource("queue", event.payload, event.occurredAt);
    case "queue.configured": {
      const queue = resourceOf(event, "queue", existing);
      return configuredResource("queue", queue, event.payload.sections, event.occurredAt);
    }
    case "queue.deleted":
      resourceOf(event, "queue", existing);
      return undefined;
    case "table.created":
      absent(event, existing);
      return createdResource("table", event.payload, event.occurredAt);
    case "table.configured": {
      const table = resourceOf(event, "table", existing);
      return configuredResource("table", table, event.payload.sections, event.occurredAt);
    }
    case "table.deleted":
      resourceOf(event, "table", existing);
      return undefined;
  }
}

function poison(event: AnyEvent, problem: string): never {
  throw new PoisonEvent(`event ${event.id} (${event.type}): ${problem}`);
}

function absent(event: AnyEvent, existing: CatalogRecord | undefined): void {
  if (existing !== undefined) poison(event, "the record exists already");
}

function userOf(event: AnyEvent, existing: CatalogRecord | undefined): UserRecord {
  return existing?.kind === "user" ? existing : poison(event, "there is no such user");
}

function accessKeyOf(event: AnyEvent, existing: CatalogRecord | undefined): AccessKeyRecord {
  return existing?.kind === "accessKey" ? existing : poison(event, "there is no such access key");
}

function bucketOf(event: AnyEvent, bucketId: string, existing: CatalogRecord | undefined): BucketRecord {
  if (existing?.kind !== "bucket") return poison(event, "there is no such bucket");
  return existing.bucketId === bucketId ? existing : poison(event, "the bucket is another incarnation");
}

function resourceOf<Kind extends ResourceKind>(
  event: AnyEvent & { readonly type: `${Kind}.${string}` },
  kind: Kind,
  existing: CatalogRecord | undefined,
): ResourceRecord<Kind> {
  if (existing === undefined || existing.kind !== kind) return poison(event, `there is no such ${kind}`);
  const record = existing as CatalogRecord & ResourceRecord<Kind>;
  const { resourceId } = event.payload as unknown as ResourceReference;
  return record.resourceId === resourceId ? record : poison(event, `the ${kind} is another incarnation`);
}

/** Policies in the order of their names, so that a rebuilt record has the same text as the live one. Own members only: a policy may be called `__proto__`. */
function withPolicy(user: UserRecord, policyName: string, document: string | undefined): UserRecord {
  const policies = new Map(Object.entries(user.inlinePolicies));
  if (document === undefined) policies.delete(policyName);
  else policies.set(policyName, document);
  const sorted = [...policies].sort(([left], [right]) => (left < right ? -1 : 1));
  return { ...user, inlinePolicies: Object.fromEntries(sorted) };
}

function configured(bucket: BucketRecord, change: EventPayloads["bucket.configured"]): BucketRecord {
  const sections = sectionsOf({ ...bucket.sections, [change.section]: change.value });
  const locked = bucket.objectLockEnabled || (change.section === "objectLock" && change.value !== null);
  return { ...bucket, objectLockEnabled: locked, sections };
}

/** The sections that hold something, in the order of the catalogue of sections. */
function sectionsOf(values: Readonly<Partial<Record<BucketSection, unknown>>>): BucketSections {
  const sections: Partial<Record<BucketSection, unknown>> = {};
  for (const section of BUCKET_SECTIONS) {
    const value = values[section];
    if (value !== undefined && value !== null) sections[section] = value;
  }
  // `policy` is text: the handlers let nothing else pass.
  return sections as BucketSections;
}

/** Records are shared by everyone who reads them; nobody may change one. */
export function deepFreeze<Value>(value: Value): Value {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const member of Object.values(value)) deepFreeze(member);
  return value;
}
