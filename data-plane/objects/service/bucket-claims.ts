/**
 * Buckets that may be on their way out: closed, with a question to the control plane on the way, or answered and not yet dropped or open again.
 *
 * One deletion of a bucket at a time. A second one, or a creation under the same name, that opened the bucket meanwhile would let writes be acknowledged
 * that the first then drops.
 */
import type { BucketId } from "#contracts";
import { s3Error } from "../errors.ts";

/** By engine: it is the engine's buckets that are opened and closed. */
const claimed = new WeakMap<object, Set<BucketId>>();

const claimsOf = (engine: object): Set<BucketId> => {
  let claims = claimed.get(engine);
  if (claims === undefined) {
    claims = new Set();
    claimed.set(engine, claims);
  }
  return claims;
};

/** What S3 answers while another request decides the same bucket's fate (Amazon S3 API reference, "List of error codes"). */
export const operationAborted = (bucket: string) =>
  s3Error(
    "OperationAborted",
    409,
    "A conflicting conditional operation is currently in progress against this resource. Please try again.",
    { BucketName: bucket },
  );

/** Whether somebody is deciding whether this bucket goes. */
export const isClaimed = (engine: object, bucketId: BucketId): boolean => claimsOf(engine).has(bucketId);

/**
 * Makes the caller the only one who decides whether this bucket goes.
 *
 * @returns gives the claim back, once the bucket is dropped or open
 * @throws AwsError OperationAborted when somebody else decides already
 */
export function claimBucket(engine: object, bucketId: BucketId, name: string): () => void {
  const claims = claimsOf(engine);
  if (claims.has(bucketId)) throw operationAborted(name);
  claims.add(bucketId);
  return () => void claims.delete(bucketId);
}

/** @throws AwsError OperationAborted when somebody decides whether this bucket goes */
export function refuseClaimed(engine: object, bucketId: BucketId, name: string): void {
  if (isClaimed(engine, bucketId)) throw operationAborted(name);
}
