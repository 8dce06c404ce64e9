import * as sdk from "@aws-sdk/client-s3";
import { objectsOperationNames, objectsPermissions } from "#data-plane/objects";
import { commandSender } from "./sdk.ts";
import type { Fixture, WalkedService } from "./walk.ts";

const GOVERNED = { Mode: "GOVERNANCE", RetainUntilDate: new Date("2030-01-01T00:00:00Z") };
const TAGS = { TagSet: [{ Key: "a", Value: "b" }] };

function inputs({ bucket, key, uploadId, accountId }: Fixture): Record<string, object> {
  const Bucket = bucket;
  const onBucket = { Bucket };
  const onObject = { Bucket, Key: key };
  const doomed = { Bucket, Key: "doomed" };
  const upload = { ...onObject, UploadId: uploadId };
  const byId = { Bucket, Id: "one" };
  return {
    AbortMultipartUpload: { ...onObject, UploadId: "none" },
    CompleteMultipartUpload: { ...upload, MultipartUpload: { Parts: [{ ETag: '"x"', PartNumber: 1 }] } },
    CopyObject: { ...doomed, CopySource: `${bucket}/${key}` },
    CreateBucket: { Bucket: `${bucket}-another` },
    CreateMultipartUpload: doomed,
    DeleteBucket: { Bucket: `${bucket}-doomed` },
    DeleteBucketAnalyticsConfiguration: byId,
    DeleteBucketCors: onBucket,
    DeleteBucketEncryption: onBucket,
    DeleteBucketIntelligentTieringConfiguration: byId,
    DeleteBucketInventoryConfiguration: byId,
    DeleteBucketLifecycle: onBucket,
    DeleteBucketMetricsConfiguration: byId,
    DeleteBucketOwnershipControls: onBucket,
    DeleteBucketPolicy: onBucket,
    DeleteBucketTagging: onBucket,
    DeleteBucketWebsite: onBucket,
    DeleteObject: doomed,
    DeleteObjects: { Bucket, Delete: { Objects: [{ Key: "doomed" }] } },
    DeleteObjectTagging: onObject,
    DeletePublicAccessBlock: onBucket,
    GetBucketAnalyticsConfiguration: byId,
    GetBucketIntelligentTieringConfiguration: byId,
    GetBucketInventoryConfiguration: byId,
    GetBucketMetricsConfiguration: byId,
    GetObject: onObject,
    GetObjectAcl: onObject,
    GetObjectAttributes: { ...onObject, ObjectAttributes: ["ETag"] },
    GetObjectLegalHold: onObject,
    GetObjectRetention: onObject,
    GetObjectTagging: onObject,
    GetObjectTorrent: onObject,
    HeadObject: onObject,
    ListBuckets: {},
    ListParts: upload,
    PutBucketAccelerateConfiguration: { Bucket, AccelerateConfiguration: { Status: "Suspended" } },
    PutBucketAcl: { Bucket, ACL: "private" },
    PutBucketAnalyticsConfiguration: {
      ...byId,
      AnalyticsConfiguration: { Id: "one", StorageClassAnalysis: {} },
    },
    PutBucketCors: {
      Bucket,
      CORSConfiguration: { CORSRules: [{ AllowedMethods: ["GET"], AllowedOrigins: ["https://example.com"] }] },
    },
    PutBucketEncryption: {
      Bucket,
      ServerSideEncryptionConfiguration: {
        Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: "AES256" } }],
      },
    },
    PutBucketIntelligentTieringConfiguration: {
      ...byId,
      IntelligentTieringConfiguration: {
        Id: "one",
        Status: "Enabled",
        Tierings: [{ AccessTier: "ARCHIVE_ACCESS", Days: 90 }],
      },
    },
    PutBucketInventoryConfiguration: {
      ...byId,
      InventoryConfiguration: {
        Id: "one",
        IsEnabled: true,
        IncludedObjectVersions: "All",
        Schedule: { Frequency: "Daily" },
        Destination: { S3BucketDestination: { Bucket: `arn:aws:s3:::${bucket}`, Format: "CSV" } },
      },
    },
    PutBucketLifecycleConfiguration: {
      Bucket,
      LifecycleConfiguration: {
        Rules: [{ ID: "one", Status: "Enabled", Filter: { Prefix: "logs/" }, Expiration: { Days: 1 } }],
      },
    },
    PutBucketLogging: { Bucket, BucketLoggingStatus: {} },
    PutBucketMetricsConfiguration: { ...byId, MetricsConfiguration: { Id: "one" } },
    PutBucketNotificationConfiguration: { Bucket, NotificationConfiguration: {} },
    PutBucketOwnershipControls: {
      Bucket,
      OwnershipControls: { Rules: [{ ObjectOwnership: "BucketOwnerEnforced" }] },
    },
    // A policy that names this account alone: it opens nothing that the walk would notice.
    PutBucketPolicy: {
      Bucket,
      Policy: JSON.stringify({
        Version: "2012-10-17",
        Statement: [
          {
            Effect: "Allow",
            Principal: { AWS: `arn:aws:iam::${accountId}:root` },
            Action: "s3:GetObject",
            Resource: `arn:aws:s3:::${bucket}/none`,
          },
        ],
      }),
    },
    PutBucketRequestPayment: { Bucket, RequestPaymentConfiguration: { Payer: "BucketOwner" } },
    PutBucketTagging: { Bucket, Tagging: TAGS },
    PutBucketVersioning: { Bucket, VersioningConfiguration: { Status: "Enabled" } },
    PutBucketWebsite: { Bucket, WebsiteConfiguration: { IndexDocument: { Suffix: "index.html" } } },
    PutObject: { ...doomed, Body: "x" },
    PutObjectAcl: { ...onObject, ACL: "private" },
    PutObjectLegalHold: { ...onObject, LegalHold: { Status: "OFF" } },
    PutObjectLockConfiguration: { Bucket, ObjectLockConfiguration: { ObjectLockEnabled: "Enabled" } },
    PutObjectRetention: { ...onObject, Retention: GOVERNED },
    PutObjectTagging: { ...onObject, Tagging: TAGS },
    PutPublicAccessBlock: { Bucket, PublicAccessBlockConfiguration: { BlockPublicAcls: true } },
    RestoreObject: { ...onObject, RestoreRequest: { Days: 1 } },
    SelectObjectContent: {
      ...onObject,
      Expression: "SELECT * FROM S3Object",
      ExpressionType: "SQL",
      InputSerialization: { JSON: { Type: "LINES" } },
      OutputSerialization: { JSON: {} },
    },
    UploadPart: { ...upload, PartNumber: 1, Body: "x" },
    UploadPartCopy: { ...upload, PartNumber: 1, CopySource: `${bucket}/${key}` },
    // Everything else takes the bucket and nothing more.
    ...Object.fromEntries(
      objectsOperationNames
        .filter((name) =>
          /^(?:Get|List)Bucket|^(?:HeadBucket|GetObjectLockConfiguration|GetPublicAccessBlock)$/.test(name),
        )
        .filter(
          (name) => !/^Get.*(?:Analytics|Tiering|Inventory|Metrics)Configuration$/.test(name) && name !== "ListBuckets",
        )
        .map((name) => [name, onBucket]),
    ),
    ListMultipartUploads: onBucket,
    ListObjects: onBucket,
    ListObjectsV2: onBucket,
    ListObjectVersions: onBucket,
  };
}

export const S3: WalkedService = {
  name: "s3",
  permissions: objectsPermissions(objectsOperationNames),
  inputs,
  elsewhere: "arn:aws:s3:::elsewhere*",
  client: (endpoint, credentials) =>
    commandSender(
      new sdk.S3Client({ endpoint, credentials, region: "us-east-1", forcePathStyle: true, maxAttempts: 1 }),
      sdk,
    ),
};
