/**
 * Condition keys of S3 (Service Authorization Reference, "Actions, resources, and condition keys for Amazon S3"), read from an operation's input.
 *
 * Keys are in lower case. Keys that describe the signature or the connection are the front door's.
 */
import type { Tag } from "../../engine/port.ts";
import { parseTaggingHeader } from "../tagging.ts";

/** Members that condition keys are read from; each operation's input has some of them. */
export interface ConditionInput {
  readonly ACL?: string;
  readonly GrantFullControl?: string;
  readonly GrantRead?: string;
  readonly GrantReadACP?: string;
  readonly GrantWrite?: string;
  readonly GrantWriteACP?: string;
  readonly Prefix?: string;
  readonly Delimiter?: string;
  readonly MaxKeys?: number;
  readonly VersionId?: string;
  readonly StorageClass?: string;
  readonly ServerSideEncryption?: string;
  readonly SSEKMSKeyId?: string;
  readonly SSECustomerAlgorithm?: string;
  readonly WebsiteRedirectLocation?: string;
  readonly CopySource?: string;
  readonly MetadataDirective?: string;
  readonly ObjectLockMode?: string;
  readonly ObjectLockRetainUntilDate?: Date;
  readonly ObjectLockLegalHoldStatus?: string;
  readonly ObjectOwnership?: string;
  readonly CreateBucketConfiguration?: { readonly LocationConstraint?: string };
  readonly IfMatch?: string;
  readonly IfNoneMatch?: string;
  /** A header (text) on writes, a structure in PutObjectTagging. */
  readonly Tagging?: string | { readonly TagSet?: readonly { readonly Key?: string; readonly Value?: string }[] };
  readonly Retention?: { readonly Mode?: string; readonly RetainUntilDate?: Date };
  readonly LegalHold?: { readonly Status?: string };
}

/** What condition keys are read from, and the object whose they are, if any: the tags of a bucket are not those of an object. */
export type ConditionSource = ConditionInput & { readonly Key?: string };

export type ConditionValues = Record<string, string | readonly string[] | undefined>;

const DAY = 24 * 60 * 60 * 1000;

function requestTags(
  tagging: ConditionInput["Tagging"],
): readonly { readonly Key?: string; readonly Value?: string }[] {
  if (tagging === undefined) return [];
  return typeof tagging === "string" ? parseTaggingHeader(tagging) : (tagging.TagSet ?? []);
}

/** The keys of one request. Called only when a policy asks for a key. @param now epoch milliseconds */
export function conditionValues(
  input: ConditionSource,
  now: number,
  existingTags: readonly Tag[] | undefined,
): ConditionValues {
  const retainUntil = input.ObjectLockRetainUntilDate ?? input.Retention?.RetainUntilDate;
  const values: ConditionValues = {
    "s3:x-amz-acl": input.ACL,
    "s3:x-amz-grant-full-control": input.GrantFullControl,
    "s3:x-amz-grant-read": input.GrantRead,
    "s3:x-amz-grant-read-acp": input.GrantReadACP,
    "s3:x-amz-grant-write": input.GrantWrite,
    "s3:x-amz-grant-write-acp": input.GrantWriteACP,
    "s3:prefix": input.Prefix,
    "s3:delimiter": input.Delimiter,
    "s3:max-keys": input.MaxKeys === undefined ? undefined : String(input.MaxKeys),
    "s3:versionid": input.VersionId,
    "s3:x-amz-storage-class": input.StorageClass,
    "s3:x-amz-server-side-encryption": input.ServerSideEncryption,
    "s3:x-amz-server-side-encryption-aws-kms-key-id": input.SSEKMSKeyId,
    "s3:x-amz-server-side-encryption-customer-algorithm": input.SSECustomerAlgorithm,
    "s3:x-amz-website-redirect-location": input.WebsiteRedirectLocation,
    "s3:x-amz-copy-source": input.CopySource,
    "s3:x-amz-metadata-directive": input.MetadataDirective,
    "s3:x-amz-object-ownership": input.ObjectOwnership,
    "s3:locationconstraint": input.CreateBucketConfiguration?.LocationConstraint,
    "s3:object-lock-mode": input.ObjectLockMode ?? input.Retention?.Mode,
    "s3:object-lock-legal-hold": input.ObjectLockLegalHoldStatus ?? input.LegalHold?.Status,
    "s3:object-lock-retain-until-date": retainUntil?.toISOString(),
    "s3:object-lock-remaining-retention-days":
      retainUntil === undefined ? undefined : String(Math.ceil((retainUntil.getTime() - now) / DAY)),
    "s3:if-match": input.IfMatch,
    "s3:if-none-match": input.IfNoneMatch,
  };
  if (input.Tagging !== undefined && input.Key !== undefined) {
    const keys: string[] = [];
    for (const tag of requestTags(input.Tagging)) {
      if (tag.Key === undefined) continue;
      keys.push(tag.Key);
      values[`s3:requestobjecttag/${tag.Key.toLowerCase()}`] = tag.Value;
    }
    values["s3:requestobjecttagkeys"] = keys;
  }
  for (const tag of existingTags ?? []) values[`s3:existingobjecttag/${tag.Key.toLowerCase()}`] = tag.Value;
  return values;
}
