/** Writes one log object into its target bucket. */
import type { BucketRecord } from "#contracts";
import { computeChecksum, defaultChecksumAlgorithm } from "#foundation/aws/checksums";
import type { Random } from "#foundation/runtime";
import { isEngineError } from "../engine/index.ts";
import type { ObjectAttributes } from "../engine/port.ts";
import { announcementOf } from "../notifications/announce.ts";
import { causeOfService } from "../notifications/event-cause.ts";
import { ownerOnly } from "../rules/acl/grants.ts";
import { encryptionForWrite } from "../rules/encryption.ts";
import { lockForWrite } from "../rules/object-lock.ts";
import { type BucketView, viewOf } from "../service/bucket-view.ts";
import type { ObjectsEnvironment } from "../service/environment.ts";
import { admitsLogs, type Destination } from "./destination.ts";
import type { LogBatch } from "./log-buffers.ts";
import { logKey } from "./log-key.ts";

/** The part of S3 that writes logs. */
const LOGGING = "logging.s3.amazonaws.com";

/** `refused`: the target is gone, or does not let logs in any more. */
export type Delivery = "delivered" | "refused";

/** Sixteen upper-case hexadecimal digits. */
const uniqueText = (random: Random): string => Buffer.from(random.bytes(8)).toString("hex").toUpperCase();

/** The target as it is now; the same rules as when logging was switched on, which may have been long ago. */
function findTarget(environment: ObjectsEnvironment, { source, targetBucket }: Destination): BucketView | undefined {
  const record: BucketRecord | undefined = environment.catalog.bucket(targetBucket);
  if (record === undefined || record.accountId !== source.accountId || record.region !== source.region)
    return undefined;
  return viewOf(record);
}

/** Log objects are the bucket owner's; `TargetGrants` open them to others where ACLs are enabled. */
function attributesOf(
  environment: ObjectsEnvironment,
  target: BucketView,
  destination: Destination,
  now: number,
): ObjectAttributes {
  const { accountId, objectLockEnabled } = target.record;
  const owner = environment.catalog.account(accountId)?.canonicalUserId;
  const opened = owner !== undefined && destination.grants.length > 0 && !target.aclsDisabled;
  return {
    owner: accountId,
    headers: { contentType: "text/plain" },
    metadata: {},
    tags: [],
    acl: opened ? { Owner: { ID: owner }, Grants: [...ownerOnly(owner).Grants, ...destination.grants] } : undefined,
    lock: lockForWrite({}, objectLockEnabled, target.lock, now),
  };
}

/**
 * Goes to the engine and past the front door: what is delivered is no request, and is in no log.
 *
 * @throws EngineError, or whatever the engine throws, when the object could not be written now
 */
export async function deliverBatch(environment: ObjectsEnvironment, batch: LogBatch): Promise<Delivery> {
  const { engine, catalog, clock, random } = environment;
  const { destination } = batch;
  const target = findTarget(environment, destination);
  if (target === undefined) return "refused";
  const now = clock.now();
  const key = logKey(destination.prefix, destination.format, batch.day ?? now, uniqueText(random));
  if (!admitsLogs(target, destination.source, key)) return "refused";
  const bytes = Buffer.from(batch.lines.join(""), "latin1");
  const body = await engine.stageBytes(bytes, encryptionForWrite({}, target.encryptsByDefault, true));
  try {
    await engine.put({
      bucketId: target.record.bucketId,
      key,
      versioning: target.versioning,
      body,
      etag: new Bun.CryptoHasher("md5").update(bytes).digest("hex"),
      checksum: {
        algorithm: defaultChecksumAlgorithm,
        type: "FULL_OBJECT",
        value: computeChecksum(defaultChecksumAlgorithm, bytes),
      },
      attributes: attributesOf(environment, target, destination, now),
      announce: announcementOf(catalog, target, "ObjectCreated:Put", key, causeOfService(LOGGING, random)),
    });
    return "delivered";
  } catch (error) {
    if (isEngineError(error, "BucketClosed")) return "refused";
    throw error;
  }
}
