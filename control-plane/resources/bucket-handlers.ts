/** The life cycle of buckets and their configuration. */
import type { BucketId, BucketRecord, BucketSection, PolicyPrincipals } from "#contracts";
import {
  type CatalogReader,
  type CommandHandlers,
  type CommandOf,
  type Decision,
  type NewEvent,
  type Refusal,
  refuse,
  stableJson,
} from "#control-plane/events";
import { bucketNameProblem, cloudBucketProblem, regionProblem } from "./bucket-name.ts";
import { isBucketSection, sectionProblem, versioningStatus } from "./bucket-sections.ts";
import type { ResourceLimits } from "./limits.ts";
import { policyPrincipals } from "./policy-principals.ts";

export type ResourceCommands = "bucket.create" | "bucket.delete" | "bucket.configure";

export interface ResourceDependencies {
  /** A new identity for each incarnation of a bucket. */
  readonly newBucketId: () => BucketId;
  readonly limits: ResourceLimits;
}

/** The region in which creating one's own bucket again succeeds (S3 API Reference, CreateBucket). */
const FORGIVING_REGION = "us-east-1";

/** What object lock brings with it (S3 API Reference, CreateBucket: `x-amz-bucket-object-lock-enabled`). */
const LOCKED_SECTIONS = {
  versioning: { Status: "Enabled" },
  objectLock: { ObjectLockEnabled: "Enabled" },
} as const;

export function createBucketHandlers({ newBucketId, limits }: ResourceDependencies): CommandHandlers<ResourceCommands> {
  return {
    "bucket.create"(command, views) {
      const problem =
        bucketNameProblem(command.name) ??
        cloudBucketProblem(command.name, command.accountId) ??
        regionProblem(command.region) ??
        initialSectionsProblem(command);
      if (problem !== undefined) return refuse("ValidationFailed", problem);
      const { accountId, name, region, objectLockEnabled } = command;
      if (views.account(accountId) === undefined) return refuse("NoSuchAccount", "There is no such account");
      const existing = views.bucket(name);
      if (existing !== undefined) return createdAgain(command, existing);
      if (views.bucketCount(accountId) >= limits.bucketsPerAccount) {
        return refuse("TooManyBuckets", "You have attempted to create more buckets than allowed");
      }
      const bucketId = newBucketId();
      const named =
        typeof command.sections.policy === "string" ? policyPrincipals(command.sections.policy, views) : undefined;
      if (named !== undefined && !named.ok) return named;
      const sections = {
        ...(objectLockEnabled ? LOCKED_SECTIONS : {}),
        ...command.sections,
        ...(named?.principals === undefined ? {} : { policyPrincipals: named.principals }),
      };
      const payload = { bucketId, name, accountId, region, objectLockEnabled, sections };
      const event: NewEvent = { type: "bucket.created", aggregateId: bucketId, org: accountId, payload };
      return { ok: true, events: [event], result: { bucketId } };
    },

    "bucket.delete"({ bucketId, name }, views) {
      const bucket = findBucket(views, name, bucketId);
      if ("ok" in bucket) return bucket;
      const payload = { bucketId, name };
      const event: NewEvent = { type: "bucket.deleted", aggregateId: bucketId, org: bucket.accountId, payload };
      return { ok: true, events: [event], result: {} };
    },

    "bucket.configure"(command, views) {
      const bucket = findBucket(views, command.name, command.bucketId);
      if ("ok" in bucket) return bucket;
      const { section, value } = command;
      const problem = configurationProblem(bucket, section, value);
      if (problem !== undefined) return refuse("ValidationFailed", problem);
      if (section !== "policy" || typeof value !== "string") {
        return { ok: true, events: configuredEvents(bucket, section, value), result: {} };
      }
      const named = policyPrincipals(value, views, bucket.sections.policyPrincipals);
      return named.ok ? { ok: true, events: policyEvents(bucket, value, named.principals), result: {} } : named;
    },
  };
}

/** The event that gives a bucket its policy; none where it has it already and it means the same. */
function policyEvents(
  bucket: BucketRecord,
  policy: string,
  principals: PolicyPrincipals | undefined,
): readonly NewEvent[] {
  const { bucketId, name, accountId, sections } = bucket;
  if (sections.policy === policy && stableJson(sections.policyPrincipals ?? null) === stableJson(principals ?? null)) {
    return [];
  }
  const payload = {
    bucketId,
    name,
    section: "policy",
    value: policy,
    ...(principals === undefined ? {} : { policyPrincipals: principals }),
  } as const;
  return [{ type: "bucket.configured", aggregateId: bucketId, org: accountId, payload }];
}

/** The event that gives a section its value; none where it has that value already. */
function configuredEvents(bucket: BucketRecord, section: BucketSection, value: unknown): readonly NewEvent[] {
  const before = bucket.sections[section] ?? null;
  if (stableJson(before) === stableJson(value)) return [];
  const { bucketId, name, accountId } = bucket;
  const payload = { bucketId, name, section, value };
  return [{ type: "bucket.configured", aggregateId: bucketId, org: accountId, payload }];
}

/** Somebody has the name. The owner's second attempt in us-east-1 succeeds and gives the bucket the ACL of the request. */
function createdAgain(command: CommandOf<"bucket.create">, existing: BucketRecord): Decision<"bucket.create"> {
  if (existing.accountId !== command.accountId) {
    const problem =
      "The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please select a different name and try again.";
    return refuse("BucketAlreadyExists", problem);
  }
  if (existing.region !== FORGIVING_REGION || command.region !== FORGIVING_REGION) {
    const problem = "Your previous request to create the named bucket succeeded and you already own it.";
    return refuse("BucketAlreadyOwnedByYou", problem);
  }
  const events = configuredEvents(existing, "acl", command.sections.acl ?? null);
  return { ok: true, events, result: { bucketId: existing.bucketId } };
}

/** The bucket, if it is still the incarnation that the caller means. */
function findBucket(views: CatalogReader, name: string, bucketId: BucketId): BucketRecord | Refusal {
  const bucket = views.bucket(name);
  if (bucket !== undefined && bucket.bucketId === bucketId) return bucket;
  return refuse("NoSuchBucket", "The specified bucket does not exist");
}

function initialSectionsProblem({ sections, objectLockEnabled }: CommandOf<"bucket.create">): string | undefined {
  for (const [section, value] of Object.entries(sections)) {
    if (!isBucketSection(section)) return "There is no such section of a bucket's configuration";
    const problem = sectionProblem(section, value);
    if (problem !== undefined) return problem;
  }
  if (!objectLockEnabled) {
    return sections.objectLock === undefined ? undefined : "Object lock must be enabled for the whole bucket";
  }
  if (sections.versioning !== undefined && versioningStatus(sections.versioning) !== "Enabled") {
    return "A bucket with object lock has versioning enabled";
  }
  return undefined;
}

function configurationProblem(bucket: BucketRecord, section: BucketSection, value: unknown): string | undefined {
  if (!isBucketSection(section)) return "There is no such section of a bucket's configuration";
  if (value !== null) {
    const problem = sectionProblem(section, value);
    if (problem !== undefined) return problem;
  }
  if (section === "versioning") return versioningProblem(bucket, value);
  if (section === "objectLock") return objectLockProblem(bucket, value);
  return undefined;
}

/** S3 User Guide, "Using versioning": a bucket that was versioned is never unversioned again; object lock forbids suspension. */
function versioningProblem(bucket: BucketRecord, value: unknown): string | undefined {
  if (value === null) {
    return bucket.sections.versioning === undefined
      ? undefined
      : "Versioning can be suspended; it cannot be removed from a bucket";
  }
  if (bucket.objectLockEnabled && versioningStatus(value) !== "Enabled") {
    return "An Object Lock configuration is present on this bucket, so the versioning state cannot be changed.";
  }
  return undefined;
}

/** S3 User Guide, "Locking objects": needs versioning, and once enabled cannot be disabled. */
function objectLockProblem(bucket: BucketRecord, value: unknown): string | undefined {
  if (value === null) {
    return bucket.objectLockEnabled ? "Object lock cannot be disabled once it is enabled" : undefined;
  }
  if (versioningStatus(bucket.sections.versioning) !== "Enabled") {
    return "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration";
  }
  return undefined;
}
