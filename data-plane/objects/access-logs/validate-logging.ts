/** What PutBucketLogging accepts (Amazon S3 API reference, PutBucketLogging; user guide, "Logging requests with server access logging"). */
import type { BucketRecord } from "#contracts";
import type { Catalog } from "#data-plane/link";
import type { S3 } from "#foundation/aws";
import { aclsDisabled, invalidRequest, malformedXml, s3Error } from "../errors.ts";
import { type Grant, validateAccessControl } from "../rules/acl/grants.ts";
import { assertObjectKey } from "../rules/keys.ts";
import { type BucketView, viewOf } from "../service/bucket-view.ts";
import { admitsLogs, destinationOf, type StoredLogging } from "./destination.ts";
import { logKey } from "./log-key.ts";

/** As long as the ones that deliveries use. */
const SAMPLE_UNIQUE = "0123456789ABCDEF";

const invalidTarget = (message: string, target: string) =>
  s3Error("InvalidTargetBucketForLogging", 400, message, { TargetBucket: target });

/**
 * @param now epoch milliseconds
 * @returns what to store; null for "off"
 * @throws AwsError MalformedXML, InvalidTargetBucketForLogging, CrossLocationLoggingProhibitted, AccessControlListNotSupported, KeyTooLongError
 */
export function validateLogging(
  catalog: Catalog,
  source: BucketRecord,
  status: S3.BucketLoggingStatus | undefined,
  now: number,
): StoredLogging | null {
  if (status === undefined) throw malformedXml();
  const enabled = status.LoggingEnabled;
  if (enabled === undefined) return null;
  const { TargetBucket, TargetPrefix } = enabled;
  if (!TargetBucket || TargetPrefix === undefined) throw malformedXml();
  const keyFormat = validateKeyFormat(enabled.TargetObjectKeyFormat);
  const target = findTarget(catalog, source, TargetBucket);
  const grants = validateGrants(catalog, target, enabled.TargetGrants);
  const stored: StoredLogging = {
    LoggingEnabled: {
      TargetBucket,
      TargetPrefix,
      ...(grants === undefined ? {} : { TargetGrants: grants }),
      ...(keyFormat === undefined ? {} : { TargetObjectKeyFormat: keyFormat }),
    },
  };
  const destination = destinationOf({ ...source, sections: { ...source.sections, logging: stored } });
  if (destination === undefined) return stored;
  const key = logKey(destination.prefix, destination.format, now, SAMPLE_UNIQUE);
  assertObjectKey(key);
  if (!admitsLogs(target, source, key)) {
    throw invalidTarget(
      target.aclsDisabled
        ? "The policy of the target bucket must allow s3:PutObject to the service principal logging.s3.amazonaws.com"
        : "You must give the log-delivery group WRITE and READ_ACP permissions to the target bucket",
      TargetBucket,
    );
  }
  return stored;
}

function validateKeyFormat(format: S3.TargetObjectKeyFormat | undefined): S3.TargetObjectKeyFormat | undefined {
  if (format === undefined) return undefined;
  const { SimplePrefix, PartitionedPrefix } = format;
  if ((SimplePrefix === undefined) === (PartitionedPrefix === undefined)) throw malformedXml();
  if (PartitionedPrefix === undefined) return { SimplePrefix: {} };
  const dateSource = PartitionedPrefix.PartitionDateSource ?? "EventTime";
  if (dateSource !== "EventTime" && dateSource !== "DeliveryTime") throw malformedXml();
  return { PartitionedPrefix: { PartitionDateSource: dateSource } };
}

function findTarget(catalog: Catalog, source: BucketRecord, name: string): BucketView {
  const record = catalog.bucket(name);
  if (record === undefined) throw invalidTarget("The target bucket for logging does not exist", name);
  if (record.accountId !== source.accountId) {
    throw invalidTarget("The owner for the bucket to be logged and the target bucket must be the same.", name);
  }
  if (record.region !== source.region) {
    // The service spells it with two t, its documentation with one; clients compare with what the service sends.
    throw s3Error(
      "CrossLocationLoggingProhibitted",
      403,
      "Cross S3 location logging not allowed. A bucket in one location cannot log information to a bucket in another location.",
      { SourceBucketLocation: source.region, TargetBucketLocation: record.region },
    );
  }
  const view = viewOf(record);
  if (view.requesterPays) throw invalidTarget("The target bucket for logging cannot have Requester Pays enabled", name);
  if (view.lock?.Rule !== undefined) {
    throw invalidTarget("The target bucket for logging cannot have a default retention period", name);
  }
  return view;
}

const GRANTABLE: ReadonlySet<string> = new Set(["FULL_CONTROL", "READ", "WRITE"]);

function validateGrants(
  catalog: Catalog,
  target: BucketView,
  grants: readonly S3.TargetGrant[] | undefined,
): readonly Grant[] | undefined {
  if (grants === undefined || grants.length === 0) return undefined;
  if (target.aclsDisabled) throw aclsDisabled();
  if (grants.some(({ Permission }) => Permission === undefined || !GRANTABLE.has(Permission))) throw malformedXml();
  const owner = catalog.account(target.record.accountId)?.canonicalUserId;
  if (owner === undefined) throw invalidRequest("The owner of the target bucket cannot be found.");
  const isKnown = (id: string): boolean => catalog.accountByCanonicalId(id) !== undefined;
  return validateAccessControl({ Owner: { ID: owner }, Grants: grants }, owner, isKnown).Grants;
}
