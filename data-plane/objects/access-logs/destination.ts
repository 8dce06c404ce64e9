/** Where the log of a bucket goes, and whether it may go there (Amazon S3 user guide, "Enabling Amazon S3 server access logging"). */
import type { BucketRecord } from "#contracts";
import type { S3 } from "#foundation/aws";
import { authorize } from "#foundation/policy";
import { type AccessControl, type Grant, LOG_DELIVERY, type Permission } from "../rules/acl/grants.ts";
import type { BucketView } from "../service/bucket-view.ts";
import type { LogKeyFormat } from "./log-key.ts";

/** The section `logging` as it is stored: grants are in one form. */
export interface StoredLogging {
  readonly LoggingEnabled: {
    readonly TargetBucket: string;
    readonly TargetPrefix: string;
    readonly TargetGrants?: readonly Grant[];
    readonly TargetObjectKeyFormat?: S3.TargetObjectKeyFormat;
  };
}

/** The log of one source bucket. */
export interface Destination {
  readonly source: BucketRecord;
  readonly targetBucket: string;
  readonly prefix: string;
  readonly format: LogKeyFormat;
  readonly grants: readonly Grant[];
  /** Requests of different days go into different objects. */
  readonly byDay: boolean;
  /** The same for records that may share a log object. */
  readonly slot: string;
}

function formatOf(source: BucketRecord, asked: S3.TargetObjectKeyFormat | undefined): LogKeyFormat {
  const partitioned = asked?.PartitionedPrefix;
  if (partitioned === undefined) return { kind: "simple" };
  const { accountId, region, name } = source;
  // API reference, PartitionedPrefix: the event's time unless the other is named.
  const dateSource = partitioned.PartitionDateSource === "DeliveryTime" ? "DeliveryTime" : "EventTime";
  return { kind: "partitioned", dateSource, accountId, region, bucket: name };
}

function compile(source: BucketRecord, { LoggingEnabled: enabled }: StoredLogging): Destination {
  const { TargetBucket, TargetPrefix, TargetGrants = [], TargetObjectKeyFormat } = enabled;
  const format = formatOf(source, TargetObjectKeyFormat);
  return {
    source,
    targetBucket: TargetBucket,
    prefix: TargetPrefix,
    format,
    grants: TargetGrants,
    byDay: format.kind === "partitioned" && format.dateSource === "EventTime",
    slot: JSON.stringify([source.bucketId, TargetBucket, TargetPrefix, format, TargetGrants]),
  };
}

/** Records are replaced whole: their identity is the key. */
const compiled = new WeakMap<BucketRecord, Destination>();

/** Where the bucket's log goes; undefined while logging is off. */
export function destinationOf(source: BucketRecord): Destination | undefined {
  const section = source.sections.logging as StoredLogging | undefined;
  if (section === undefined) return undefined;
  let destination = compiled.get(source);
  if (destination === undefined) {
    destination = compile(source, section);
    compiled.set(source, destination);
  }
  return destination;
}

/** The service that delivers logs, as bucket policies name it. */
const SERVICE = { type: "service", service: "logging.s3.amazonaws.com" } as const;

const grantsLogDelivery = (acl: AccessControl | undefined, permission: Permission): boolean =>
  acl?.Grants.some(
    ({ Grantee, Permission }) =>
      Grantee.Type === "Group" &&
      Grantee.URI === LOG_DELIVERY &&
      (Permission === permission || Permission === "FULL_CONTROL"),
  ) === true;

/**
 * Whether the target lets the log of a source in: its policy allows the logging service to put the object, or (where ACLs are enabled and the
 * policy does not deny) its ACL grants the log-delivery group what it needs.
 *
 * @param key of the log object
 */
export function admitsLogs(target: BucketView, source: BucketRecord, key: string): boolean {
  const values: Readonly<Record<string, string>> = {
    "aws:sourcearn": `arn:aws:s3:::${source.name}`,
    "aws:sourceaccount": source.accountId,
    // Nothing leaves this process on the way.
    "aws:securetransport": "true",
  };
  const decision = authorize(
    {
      principal: SERVICE,
      action: "s3:PutObject",
      resource: `${target.arn}/${key}`,
      resourceAccount: target.record.accountId,
      context: { get: (name) => values[name] },
    },
    { identity: [], ...(target.policy === undefined ? {} : { resource: target.policy }) },
  );
  if (decision.allowed) return true;
  if (decision.reason === "explicit-deny" || target.aclsDisabled) return false;
  return grantsLogDelivery(target.acl, "WRITE") && grantsLogDelivery(target.acl, "READ_ACP");
}
