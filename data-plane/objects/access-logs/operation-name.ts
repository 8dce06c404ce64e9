/** What access logs call an operation: `REST.method.resource` (Amazon S3 user guide, "Amazon S3 server access log format", "Operation"). */
import type { S3 } from "#foundation/aws";

/** The resource of operations whose resource is neither the bucket nor the object as such. */
const RESOURCES: Readonly<Partial<Record<keyof S3.Operations, string>>> = {
  AbortMultipartUpload: "UPLOAD",
  CompleteMultipartUpload: "UPLOAD",
  CreateMultipartUpload: "UPLOADS",
  DeleteBucketAnalyticsConfiguration: "ANALYTICS",
  DeleteBucketCors: "CORS",
  DeleteBucketEncryption: "ENCRYPTION",
  DeleteBucketIntelligentTieringConfiguration: "INTELLIGENT_TIERING",
  DeleteBucketInventoryConfiguration: "INVENTORY",
  DeleteBucketLifecycle: "LIFECYCLE",
  DeleteBucketMetricsConfiguration: "METRICS",
  DeleteBucketOwnershipControls: "OWNERSHIP_CONTROLS",
  DeleteBucketPolicy: "BUCKETPOLICY",
  DeleteBucketReplication: "REPLICATION",
  DeleteBucketTagging: "TAGGING",
  DeleteBucketWebsite: "WEBSITE",
  DeleteObjectTagging: "OBJECT_TAGGING",
  DeleteObjects: "MULTI_OBJECT_DELETE",
  DeletePublicAccessBlock: "PUBLIC_ACCESS_BLOCK",
  GetBucketAccelerateConfiguration: "ACCELERATE",
  GetBucketAcl: "ACL",
  GetBucketAnalyticsConfiguration: "ANALYTICS",
  GetBucketCors: "CORS",
  GetBucketEncryption: "ENCRYPTION",
  GetBucketIntelligentTieringConfiguration: "INTELLIGENT_TIERING",
  GetBucketInventoryConfiguration: "INVENTORY",
  GetBucketLifecycleConfiguration: "LIFECYCLE",
  GetBucketLocation: "LOCATION",
  GetBucketLogging: "LOGGING_STATUS",
  GetBucketMetricsConfiguration: "METRICS",
  GetBucketNotificationConfiguration: "NOTIFICATION",
  GetBucketOwnershipControls: "OWNERSHIP_CONTROLS",
  GetBucketPolicy: "BUCKETPOLICY",
  GetBucketPolicyStatus: "POLICY_STATUS",
  GetBucketReplication: "REPLICATION",
  GetBucketRequestPayment: "REQUEST_PAYMENT",
  GetBucketTagging: "TAGGING",
  GetBucketVersioning: "VERSIONING",
  GetBucketWebsite: "WEBSITE",
  GetObjectAcl: "ACL",
  GetObjectAttributes: "OBJECT_ATTRIBUTES",
  GetObjectLegalHold: "OBJECT_LEGAL_HOLD",
  GetObjectLockConfiguration: "OBJECT_LOCK_CONFIGURATION",
  GetObjectRetention: "OBJECT_RETENTION",
  GetObjectTagging: "OBJECT_TAGGING",
  GetObjectTorrent: "TORRENT",
  GetPublicAccessBlock: "PUBLIC_ACCESS_BLOCK",
  ListBucketAnalyticsConfigurations: "ANALYTICS",
  ListBucketIntelligentTieringConfigurations: "INTELLIGENT_TIERING",
  ListBucketInventoryConfigurations: "INVENTORY",
  ListBucketMetricsConfigurations: "METRICS",
  ListMultipartUploads: "UPLOADS",
  ListObjectVersions: "BUCKETVERSIONS",
  ListParts: "UPLOAD",
  PutBucketAccelerateConfiguration: "ACCELERATE",
  PutBucketAcl: "ACL",
  PutBucketAnalyticsConfiguration: "ANALYTICS",
  PutBucketCors: "CORS",
  PutBucketEncryption: "ENCRYPTION",
  PutBucketIntelligentTieringConfiguration: "INTELLIGENT_TIERING",
  PutBucketInventoryConfiguration: "INVENTORY",
  PutBucketLifecycleConfiguration: "LIFECYCLE",
  PutBucketLogging: "LOGGING_STATUS",
  PutBucketMetricsConfiguration: "METRICS",
  PutBucketNotificationConfiguration: "NOTIFICATION",
  PutBucketOwnershipControls: "OWNERSHIP_CONTROLS",
  PutBucketPolicy: "BUCKETPOLICY",
  PutBucketReplication: "REPLICATION",
  PutBucketRequestPayment: "REQUEST_PAYMENT",
  PutBucketTagging: "TAGGING",
  PutBucketVersioning: "VERSIONING",
  PutBucketWebsite: "WEBSITE",
  PutObjectAcl: "ACL",
  PutObjectLegalHold: "OBJECT_LEGAL_HOLD",
  PutObjectLockConfiguration: "OBJECT_LOCK_CONFIGURATION",
  PutObjectRetention: "OBJECT_RETENTION",
  PutObjectTagging: "OBJECT_TAGGING",
  PutPublicAccessBlock: "PUBLIC_ACCESS_BLOCK",
  RestoreObject: "RESTORE",
  SelectObjectContent: "SELECT",
  UploadPart: "PART",
};

const NAMES: ReadonlyMap<string, string> = new Map(Object.entries(RESOURCES));

/** Copies are named for what they do and not for their method. Each has a second record, in the log of its source. */
export const COPIES: Readonly<Record<string, { readonly write: string; readonly read: string }>> = {
  CopyObject: { write: "REST.COPY.OBJECT", read: "REST.COPY.OBJECT_GET" },
  UploadPartCopy: { write: "REST.COPY.PART", read: "REST.COPY.PART_GET" },
};

/**
 * The name in a log.
 *
 * @param operation of the model; undefined for what is none: websites, preflights, forms, requests refused before they were routed
 * @param onObject whether a key was named
 */
export function logName(operation: string | undefined, method: string, onObject: boolean, website: boolean): string {
  if (website) return `WEBSITE.${method}.OBJECT`;
  if (operation === undefined) {
    if (method === "OPTIONS") return "REST.OPTIONS.PREFLIGHT";
    return `REST.${method}.${onObject ? "OBJECT" : "BUCKET"}`;
  }
  const copy = COPIES[operation];
  if (copy !== undefined) return copy.write;
  return `REST.${method}.${NAMES.get(operation) ?? (onObject ? "OBJECT" : "BUCKET")}`;
}
