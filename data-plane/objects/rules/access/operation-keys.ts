/**
 * Which condition keys each operation brings, as policies write them (Service Authorization Reference, "Condition keys for Amazon S3"). What is read from which
 * member of an input is in `condition-keys.ts`; that the two agree is tested against the service's model.
 */
import type { S3 } from "#foundation/aws";
import type { ConditionInput } from "./condition-keys.ts";
import { S3_ACCESS } from "./table.ts";

/** Member of an input → the keys that are read from it. */
export const KEYS_OF_MEMBERS: { readonly [Member in keyof Required<ConditionInput>]: readonly string[] } = {
  ACL: ["s3:x-amz-acl"],
  GrantFullControl: ["s3:x-amz-grant-full-control"],
  GrantRead: ["s3:x-amz-grant-read"],
  GrantReadACP: ["s3:x-amz-grant-read-acp"],
  GrantWrite: ["s3:x-amz-grant-write"],
  GrantWriteACP: ["s3:x-amz-grant-write-acp"],
  Prefix: ["s3:prefix"],
  Delimiter: ["s3:delimiter"],
  MaxKeys: ["s3:max-keys"],
  VersionId: ["s3:VersionId"],
  StorageClass: ["s3:x-amz-storage-class"],
  ServerSideEncryption: ["s3:x-amz-server-side-encryption"],
  SSEKMSKeyId: ["s3:x-amz-server-side-encryption-aws-kms-key-id"],
  SSECustomerAlgorithm: ["s3:x-amz-server-side-encryption-customer-algorithm"],
  WebsiteRedirectLocation: ["s3:x-amz-website-redirect-location"],
  CopySource: ["s3:x-amz-copy-source"],
  MetadataDirective: ["s3:x-amz-metadata-directive"],
  ObjectLockMode: ["s3:object-lock-mode"],
  ObjectLockRetainUntilDate: ["s3:object-lock-retain-until-date", "s3:object-lock-remaining-retention-days"],
  ObjectLockLegalHoldStatus: ["s3:object-lock-legal-hold"],
  ObjectOwnership: ["s3:x-amz-object-ownership"],
  CreateBucketConfiguration: ["s3:LocationConstraint"],
  IfMatch: ["s3:if-match"],
  IfNoneMatch: ["s3:if-none-match"],
  Tagging: ["s3:RequestObjectTag/${TagKey}", "s3:RequestObjectTagKeys"],
  Retention: ["s3:object-lock-mode", "s3:object-lock-retain-until-date", "s3:object-lock-remaining-retention-days"],
  LegalHold: ["s3:object-lock-legal-hold"],
};

type Members = readonly (keyof ConditionInput)[];

const BUCKET_GRANTS: Members = ["ACL", "GrantFullControl", "GrantRead", "GrantReadACP", "GrantWrite", "GrantWriteACP"];
const OBJECT_GRANTS: Members = ["ACL", "GrantFullControl", "GrantRead", "GrantReadACP", "GrantWriteACP"];
const LISTING: Members = ["Prefix", "Delimiter", "MaxKeys"];
const VERSION: Members = ["VersionId"];
const CONDITIONAL: Members = ["IfMatch", "IfNoneMatch"];
const CUSTOMER_KEY: Members = ["SSECustomerAlgorithm"];
const READING: Members = [...VERSION, ...CUSTOMER_KEY, ...CONDITIONAL];
const WRITING: Members = [
  ...OBJECT_GRANTS,
  ...CUSTOMER_KEY,
  "StorageClass",
  "ServerSideEncryption",
  "SSEKMSKeyId",
  "WebsiteRedirectLocation",
  "ObjectLockMode",
  "ObjectLockRetainUntilDate",
  "ObjectLockLegalHoldStatus",
  "Tagging",
];

/** Members that the questions of each operation look at. Not here: none. */
export const CONDITION_MEMBERS: { readonly [Name in keyof S3.Operations]?: Members } = {
  CompleteMultipartUpload: [...CONDITIONAL, ...CUSTOMER_KEY],
  // The version is that of the source, which is read.
  CopyObject: [...WRITING, ...CONDITIONAL, ...VERSION, "CopySource", "MetadataDirective"],
  CreateBucket: [...BUCKET_GRANTS, "ObjectOwnership", "CreateBucketConfiguration"],
  CreateMultipartUpload: WRITING,
  DeleteObject: [...VERSION, "IfMatch"],
  DeleteObjects: VERSION,
  DeleteObjectTagging: VERSION,
  GetObject: READING,
  GetObjectAcl: VERSION,
  GetObjectAttributes: [...VERSION, ...CUSTOMER_KEY],
  GetObjectLegalHold: VERSION,
  GetObjectRetention: VERSION,
  GetObjectTagging: VERSION,
  HeadObject: READING,
  ListMultipartUploads: ["Prefix", "Delimiter"],
  ListObjects: LISTING,
  ListObjectsV2: LISTING,
  ListObjectVersions: LISTING,
  ListParts: CUSTOMER_KEY,
  PutBucketAcl: BUCKET_GRANTS,
  PutObject: [...WRITING, ...CONDITIONAL],
  PutObjectAcl: [...BUCKET_GRANTS, ...VERSION],
  PutObjectLegalHold: [...VERSION, "LegalHold"],
  PutObjectRetention: [...VERSION, "Retention"],
  PutObjectTagging: [...VERSION, "Tagging"],
  RestoreObject: VERSION,
  SelectObjectContent: CUSTOMER_KEY,
  UploadPart: CUSTOMER_KEY,
  UploadPartCopy: [...CUSTOMER_KEY, ...VERSION, "CopySource"],
};

/** Keys of every operation, as the front door knows them: how the request is signed. */
export const SIGNATURE_KEYS = [
  "s3:authType",
  "s3:signatureAge",
  "s3:signatureversion",
  "s3:x-amz-content-sha256",
] as const;

/** The condition keys of an operation, by name. */
export function conditionKeysOf(name: keyof S3.Operations): readonly string[] {
  const keys = (CONDITION_MEMBERS[name] ?? []).flatMap((member) => KEYS_OF_MEMBERS[member]);
  const existing = S3_ACCESS[name].on === "object" ? ["s3:ExistingObjectTag/${TagKey}"] : [];
  return [...new Set([...SIGNATURE_KEYS, ...keys, ...existing])].sort();
}
