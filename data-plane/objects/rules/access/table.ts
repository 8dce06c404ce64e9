/**
 * What a caller must be allowed to do, for every operation of the model
 * (Amazon S3 user guide, "Required permissions for Amazon S3 API operations").
 */
import type { S3 } from "#foundation/aws";
import type { ConditionInput } from "./condition-keys.ts";

/** What an action is asked of: the caller's account, the bucket's ARN, or the object's. */
export type AccessTarget = "account" | "bucket" | "object";

/** A further action that some inputs need, on the same resource. */
export interface FurtherAction {
  readonly action: string;
  readonly when: (input: ConditionInput & FurtherInput) => boolean;
}

/** Members that decide about further actions, besides those of the condition keys. */
export interface FurtherInput {
  readonly ObjectLockEnabledForBucket?: boolean;
}

export interface AccessEntry {
  readonly on: AccessTarget;
  readonly action: string;
  /** Instead of `action` when the input names a version. */
  readonly versionAction?: string;
  readonly further?: readonly FurtherAction[];
  /** The copy source is read too: `s3:GetObject` or `s3:GetObjectVersion` on it. */
  readonly readsCopySource?: true;
  /** Each key of the input is decided by itself, within the operation. */
  readonly perKey?: true;
}

const account = (action: string): AccessEntry => ({ on: "account", action });
const bucket = (action: string, further?: readonly FurtherAction[]): AccessEntry => ({ on: "bucket", action, further });
const object = (action: string, versionAction?: string): AccessEntry => ({ on: "object", action, versionAction });

const hasAcl: FurtherAction["when"] = (input) =>
  input.ACL !== undefined ||
  input.GrantFullControl !== undefined ||
  input.GrantRead !== undefined ||
  input.GrantReadACP !== undefined ||
  input.GrantWrite !== undefined ||
  input.GrantWriteACP !== undefined;

const WRITE_FURTHER: readonly FurtherAction[] = [
  { action: "s3:PutObjectTagging", when: (input) => typeof input.Tagging === "string" && input.Tagging !== "" },
  { action: "s3:PutObjectAcl", when: hasAcl },
  {
    action: "s3:PutObjectRetention",
    when: (input) => input.ObjectLockMode !== undefined || input.ObjectLockRetainUntilDate !== undefined,
  },
  { action: "s3:PutObjectLegalHold", when: (input) => input.ObjectLockLegalHoldStatus !== undefined },
];

const CREATE_BUCKET_FURTHER: readonly FurtherAction[] = [
  { action: "s3:PutBucketAcl", when: hasAcl },
  { action: "s3:PutBucketOwnershipControls", when: (input) => input.ObjectOwnership !== undefined },
  { action: "s3:PutBucketObjectLockConfiguration", when: (input) => input.ObjectLockEnabledForBucket === true },
  { action: "s3:PutBucketVersioning", when: (input) => input.ObjectLockEnabledForBucket === true },
];

const putObject: AccessEntry = { on: "object", action: "s3:PutObject", further: WRITE_FURTHER };

export const S3_ACCESS: { readonly [Name in keyof S3.Operations]: AccessEntry } = {
  AbortMultipartUpload: object("s3:AbortMultipartUpload"),
  CompleteMultipartUpload: object("s3:PutObject"),
  CopyObject: { ...putObject, readsCopySource: true },
  CreateBucket: bucket("s3:CreateBucket", CREATE_BUCKET_FURTHER),
  CreateBucketMetadataConfiguration: bucket("s3:CreateBucketMetadataTableConfiguration"),
  CreateBucketMetadataTableConfiguration: bucket("s3:CreateBucketMetadataTableConfiguration"),
  CreateMultipartUpload: putObject,
  CreateSession: bucket("s3express:CreateSession"),
  DeleteBucket: bucket("s3:DeleteBucket"),
  DeleteBucketAnalyticsConfiguration: bucket("s3:PutAnalyticsConfiguration"),
  DeleteBucketCors: bucket("s3:PutBucketCORS"),
  DeleteBucketEncryption: bucket("s3:PutEncryptionConfiguration"),
  DeleteBucketIntelligentTieringConfiguration: bucket("s3:PutIntelligentTieringConfiguration"),
  DeleteBucketInventoryConfiguration: bucket("s3:PutInventoryConfiguration"),
  DeleteBucketLifecycle: bucket("s3:PutLifecycleConfiguration"),
  DeleteBucketMetadataConfiguration: bucket("s3:DeleteBucketMetadataTableConfiguration"),
  DeleteBucketMetadataTableConfiguration: bucket("s3:DeleteBucketMetadataTableConfiguration"),
  DeleteBucketMetricsConfiguration: bucket("s3:PutMetricsConfiguration"),
  DeleteBucketOwnershipControls: bucket("s3:PutBucketOwnershipControls"),
  DeleteBucketPolicy: bucket("s3:DeleteBucketPolicy"),
  DeleteBucketReplication: bucket("s3:PutReplicationConfiguration"),
  DeleteBucketTagging: bucket("s3:PutBucketTagging"),
  DeleteBucketWebsite: bucket("s3:DeleteBucketWebsite"),
  DeleteObject: object("s3:DeleteObject", "s3:DeleteObjectVersion"),
  DeleteObjectAnnotation: object("s3:DeleteObjectAnnotation"),
  DeleteObjects: { on: "object", action: "s3:DeleteObject", versionAction: "s3:DeleteObjectVersion", perKey: true },
  DeleteObjectTagging: object("s3:DeleteObjectTagging", "s3:DeleteObjectVersionTagging"),
  DeletePublicAccessBlock: bucket("s3:PutBucketPublicAccessBlock"),
  GetBucketAbac: bucket("s3:GetBucketAbac"),
  GetBucketAccelerateConfiguration: bucket("s3:GetAccelerateConfiguration"),
  GetBucketAcl: bucket("s3:GetBucketAcl"),
  GetBucketAnalyticsConfiguration: bucket("s3:GetAnalyticsConfiguration"),
  GetBucketCors: bucket("s3:GetBucketCORS"),
  GetBucketEncryption: bucket("s3:GetEncryptionConfiguration"),
  GetBucketIntelligentTieringConfiguration: bucket("s3:GetIntelligentTieringConfiguration"),
  GetBucketInventoryConfiguration: bucket("s3:GetInventoryConfiguration"),
  GetBucketLifecycleConfiguration: bucket("s3:GetLifecycleConfiguration"),
  GetBucketLocation: bucket("s3:GetBucketLocation"),
  GetBucketLogging: bucket("s3:GetBucketLogging"),
  GetBucketMetadataConfiguration: bucket("s3:GetBucketMetadataTableConfiguration"),
  GetBucketMetadataTableConfiguration: bucket("s3:GetBucketMetadataTableConfiguration"),
  GetBucketMetricsConfiguration: bucket("s3:GetMetricsConfiguration"),
  GetBucketNotificationConfiguration: bucket("s3:GetBucketNotification"),
  GetBucketOwnershipControls: bucket("s3:GetBucketOwnershipControls"),
  GetBucketPolicy: bucket("s3:GetBucketPolicy"),
  GetBucketPolicyStatus: bucket("s3:GetBucketPolicyStatus"),
  GetBucketReplication: bucket("s3:GetReplicationConfiguration"),
  GetBucketRequestPayment: bucket("s3:GetBucketRequestPayment"),
  GetBucketTagging: bucket("s3:GetBucketTagging"),
  GetBucketVersioning: bucket("s3:GetBucketVersioning"),
  GetBucketWebsite: bucket("s3:GetBucketWebsite"),
  GetObject: object("s3:GetObject", "s3:GetObjectVersion"),
  GetObjectAcl: object("s3:GetObjectAcl", "s3:GetObjectVersionAcl"),
  GetObjectAnnotation: object("s3:GetObjectAnnotation"),
  GetObjectAttributes: {
    on: "object",
    action: "s3:GetObject",
    versionAction: "s3:GetObjectVersion",
    further: [
      { action: "s3:GetObjectAttributes", when: (input) => input.VersionId === undefined },
      { action: "s3:GetObjectVersionAttributes", when: (input) => input.VersionId !== undefined },
    ],
  },
  GetObjectLegalHold: object("s3:GetObjectLegalHold"),
  GetObjectLockConfiguration: bucket("s3:GetBucketObjectLockConfiguration"),
  GetObjectRetention: object("s3:GetObjectRetention"),
  GetObjectTagging: object("s3:GetObjectTagging", "s3:GetObjectVersionTagging"),
  GetObjectTorrent: object("s3:GetObjectTorrent"),
  GetPublicAccessBlock: bucket("s3:GetBucketPublicAccessBlock"),
  HeadBucket: bucket("s3:ListBucket"),
  HeadObject: object("s3:GetObject", "s3:GetObjectVersion"),
  ListBucketAnalyticsConfigurations: bucket("s3:GetAnalyticsConfiguration"),
  ListBucketIntelligentTieringConfigurations: bucket("s3:GetIntelligentTieringConfiguration"),
  ListBucketInventoryConfigurations: bucket("s3:GetInventoryConfiguration"),
  ListBucketMetricsConfigurations: bucket("s3:GetMetricsConfiguration"),
  ListBuckets: account("s3:ListAllMyBuckets"),
  ListDirectoryBuckets: account("s3express:ListAllMyDirectoryBuckets"),
  ListMultipartUploads: bucket("s3:ListBucketMultipartUploads"),
  ListObjectAnnotations: object("s3:ListObjectAnnotations"),
  ListObjects: bucket("s3:ListBucket"),
  ListObjectsV2: bucket("s3:ListBucket"),
  ListObjectVersions: bucket("s3:ListBucketVersions"),
  ListParts: object("s3:ListMultipartUploadParts"),
  PutBucketAbac: bucket("s3:PutBucketAbac"),
  PutBucketAccelerateConfiguration: bucket("s3:PutAccelerateConfiguration"),
  PutBucketAcl: bucket("s3:PutBucketAcl"),
  PutBucketAnalyticsConfiguration: bucket("s3:PutAnalyticsConfiguration"),
  PutBucketCors: bucket("s3:PutBucketCORS"),
  PutBucketEncryption: bucket("s3:PutEncryptionConfiguration"),
  PutBucketIntelligentTieringConfiguration: bucket("s3:PutIntelligentTieringConfiguration"),
  PutBucketInventoryConfiguration: bucket("s3:PutInventoryConfiguration"),
  PutBucketLifecycleConfiguration: bucket("s3:PutLifecycleConfiguration"),
  PutBucketLogging: bucket("s3:PutBucketLogging"),
  PutBucketMetricsConfiguration: bucket("s3:PutMetricsConfiguration"),
  PutBucketNotificationConfiguration: bucket("s3:PutBucketNotification"),
  PutBucketOwnershipControls: bucket("s3:PutBucketOwnershipControls"),
  PutBucketPolicy: bucket("s3:PutBucketPolicy"),
  PutBucketReplication: bucket("s3:PutReplicationConfiguration"),
  PutBucketRequestPayment: bucket("s3:PutBucketRequestPayment"),
  PutBucketTagging: bucket("s3:PutBucketTagging"),
  PutBucketVersioning: bucket("s3:PutBucketVersioning"),
  PutBucketWebsite: bucket("s3:PutBucketWebsite"),
  PutObject: putObject,
  PutObjectAcl: object("s3:PutObjectAcl", "s3:PutObjectVersionAcl"),
  PutObjectAnnotation: object("s3:PutObjectAnnotation"),
  PutObjectLegalHold: object("s3:PutObjectLegalHold"),
  PutObjectLockConfiguration: bucket("s3:PutBucketObjectLockConfiguration"),
  PutObjectRetention: object("s3:PutObjectRetention"),
  PutObjectTagging: object("s3:PutObjectTagging", "s3:PutObjectVersionTagging"),
  PutPublicAccessBlock: bucket("s3:PutBucketPublicAccessBlock"),
  RenameObject: object("s3:RenameObject"),
  RestoreObject: object("s3:RestoreObject"),
  SelectObjectContent: object("s3:GetObject"),
  UpdateBucketMetadataAnnotationTableConfiguration: bucket("s3:UpdateBucketMetadataAnnotationTableConfiguration"),
  UpdateBucketMetadataInventoryTableConfiguration: bucket("s3:UpdateBucketMetadataInventoryTableConfiguration"),
  UpdateBucketMetadataJournalTableConfiguration: bucket("s3:UpdateBucketMetadataJournalTableConfiguration"),
  UpdateObjectEncryption: object("s3:UpdateObjectEncryption"),
  UploadPart: object("s3:PutObject"),
  UploadPartCopy: { on: "object", action: "s3:PutObject", readsCopySource: true },
  WriteGetObjectResponse: account("s3-object-lambda:WriteGetObjectResponse"),
};
