/**
 * Catalog records: what a data plane has to know to do its work.
 *
 * The control plane derives them from events and delivers them by the change stream; a data plane keeps them on its disk and
 * reads nothing else on its hot paths. Records are plain JSON.
 */

import type { DesiredRecords } from "./desired-kinds.ts";
import type { IdentityKind, IdentityRecord, PolicyPrincipals } from "./identity.ts";
import type { AccountId, BucketId, DataPlaneId, Region } from "./ids.ts";
import type { PlatformRecords } from "./platform.ts";
import type { QueueRecord, TableRecord } from "./resources.ts";

/** An org seen as an AWS account. */
export interface AccountRecord {
  readonly kind: "account";
  readonly accountId: AccountId;
  readonly name: string;
  /** 64 hexadecimal digits, as S3 shows owners in ACLs. */
  readonly canonicalUserId: string;
  /** IAM's account alias: unique in the cloud. */
  readonly alias?: string;
  readonly createdAt: number;
}

/** Who an access key speaks for. */
export type KeyOwner = { readonly type: "root" } | { readonly type: "user"; readonly userName: string };

/** An access key. The secret is sealed (see {@link SealedText}); a data plane opens it with the sealing key of its enrolment. */
export interface AccessKeyRecord {
  readonly kind: "accessKey";
  /** `AKIA…`, 20 characters. */
  readonly accessKeyId: string;
  readonly accountId: AccountId;
  readonly owner: KeyOwner;
  readonly status: "Active" | "Inactive";
  readonly sealedSecret: SealedText;
  readonly createdAt: number;
}

/** `v1.<base64url nonce>.<base64url ciphertext and tag>`: AES-256-GCM, with the access key id as additional data. */
export type SealedText = string;

/**
 * The parts of a bucket's configuration that are put, read and deleted one by one. Each holds the members of the S3 structure
 * of the same name, as JSON with timestamps in ISO 8601, exactly as last put; absent where nothing was put.
 */
export interface BucketSections {
  readonly versioning?: unknown;
  readonly tagging?: unknown;
  /** Text of the bucket policy, byte for byte. */
  readonly policy?: string;
  /** Derived from the policy. */
  readonly policyPrincipals?: PolicyPrincipals;
  readonly cors?: unknown;
  readonly lifecycle?: unknown;
  readonly notification?: unknown;
  readonly encryption?: unknown;
  readonly publicAccessBlock?: unknown;
  readonly ownershipControls?: unknown;
  readonly acl?: unknown;
  readonly website?: unknown;
  readonly logging?: unknown;
  readonly objectLock?: unknown;
  readonly requestPayment?: unknown;
  readonly accelerate?: unknown;
  /** By configuration id. */
  readonly inventory?: unknown;
  readonly analytics?: unknown;
  readonly metrics?: unknown;
  readonly intelligentTiering?: unknown;
}

export type BucketSection = keyof BucketSections;

export const BUCKET_SECTIONS = [
  "versioning",
  "tagging",
  "policy",
  "policyPrincipals",
  "cors",
  "lifecycle",
  "notification",
  "encryption",
  "publicAccessBlock",
  "ownershipControls",
  "acl",
  "website",
  "logging",
  "objectLock",
  "requestPayment",
  "accelerate",
  "inventory",
  "analytics",
  "metrics",
  "intelligentTiering",
] as const satisfies readonly BucketSection[];

/** A bucket and its whole configuration. */
export interface BucketRecord {
  readonly kind: "bucket";
  readonly bucketId: BucketId;
  /** Unique among all accounts and regions of the cloud, as on AWS. */
  readonly name: string;
  readonly accountId: AccountId;
  readonly region: Region;
  readonly createdAt: number;
  /** Object lock can only be switched on for the whole bucket; it never goes off again. */
  readonly objectLockEnabled: boolean;
  readonly sections: BucketSections;
}

/**
 * The data plane that keeps what this cloud's services hold. There is at most one: what a second one holds the first does not know of, and would delete
 * buckets, queues and tables that are empty on its own disk only.
 */
export interface DataPlaneRecord {
  readonly kind: "dataPlane";
  readonly dataPlaneId: DataPlaneId;
  /** As it called itself when it was enrolled. */
  readonly name: string;
  readonly createdAt: number;
}

/** Records of every kind. */
export type CatalogRecord =
  | AccountRecord
  | AccessKeyRecord
  | BucketRecord
  | { readonly [Kind in IdentityKind]: IdentityRecord<Kind> }[IdentityKind]
  | PlatformRecords[keyof PlatformRecords]
  | DesiredRecords[keyof DesiredRecords]
  | QueueRecord
  | TableRecord
  | DataPlaneRecord;
export type CatalogKind = CatalogRecord["kind"];

/** What data planes want: all that they serve or judge requests by. The rest concerns the control plane alone. */
export const DATA_PLANE_KINDS = [
  "account",
  "accessKey",
  "bucket",
  "user",
  "group",
  "role",
  "managedPolicy",
  "instanceProfile",
  "oidcProvider",
  "member",
  "queue",
  "table",
] as const satisfies readonly CatalogKind[];

export type DataPlaneKind = (typeof DATA_PLANE_KINDS)[number];

/**
 * What identifies a record within its kind: account id, access key id, bucket name, id of an IAM entity, `account/person` of a member, `account/region/name` of a
 * regional resource, the id of anything else.
 */
export type CatalogKey = string;

/** One difference between two states of the catalog. */
export type CatalogChange =
  | { readonly change: "upsert"; readonly key: CatalogKey; readonly record: CatalogRecord }
  | { readonly change: "delete"; readonly kind: CatalogKind; readonly key: CatalogKey };
