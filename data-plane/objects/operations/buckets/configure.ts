/** The way of a bucket's configuration: found in the catalog, changed by the control plane. */
import type { BucketRecord, BucketSection, Command, CommandOutcome } from "#contracts";
import type { CallContext } from "#data-plane/service";
import type { AwsError } from "#foundation/aws";
import { accessDenied, noSuchBucket, s3Error } from "../../errors.ts";
import type { ObjectsEnvironment } from "../../service/environment.ts";

/** Members that every operation on a bucket has. */
export interface BucketInput {
  readonly Bucket?: string;
  readonly ExpectedBucketOwner?: string;
}

/**
 * The bucket that an input names.
 * @throws AwsError NoSuchBucket; AccessDenied when it does not belong to `ExpectedBucketOwner`
 */
export function bucketOf(environment: Pick<ObjectsEnvironment, "catalog">, input: BucketInput): BucketRecord {
  const name = input.Bucket ?? "";
  const bucket = environment.catalog.bucket(name);
  if (bucket === undefined) throw noSuchBucket(name);
  if (input.ExpectedBucketOwner !== undefined && input.ExpectedBucketOwner !== bucket.accountId) throw accessDenied();
  return bucket;
}

/** Who asks, for the event. */
export function actorOf(context: CallContext): string {
  return context.caller.type === "anonymous" ? "anonymous" : context.caller.arn;
}

/**
 * Has the control plane decide; the catalog has the result when this resolves.
 * @throws AwsError for a refusal; ControlPlaneUnavailable, which the front door answers with 503
 */
export async function decide<C extends Command>(
  environment: Pick<ObjectsEnvironment, "control">,
  command: C,
  context: CallContext,
): Promise<Extract<CommandOutcome<C["type"]>, { ok: true }>> {
  const outcome = await environment.control.execute(command, {
    actor: actorOf(context),
    requestId: context.requestId,
  });
  if (outcome.ok) return outcome as Extract<CommandOutcome<C["type"]>, { ok: true }>;
  throw refusalOf(outcome, "name" in command ? (command.name ?? "") : "");
}

/** Puts one section of a bucket's configuration; null removes it. */
export async function configure(
  environment: Pick<ObjectsEnvironment, "control">,
  bucket: BucketRecord,
  section: BucketSection,
  value: unknown,
  context: CallContext,
): Promise<void> {
  await decide(
    environment,
    { type: "bucket.configure", bucketId: bucket.bucketId, name: bucket.name, section, value },
    context,
  );
}

/** A refusal of the control plane in the words of S3. */
export function refusalOf(refusal: Extract<CommandOutcome, { ok: false }>, bucket: string): AwsError {
  switch (refusal.code) {
    case "BucketAlreadyExists":
      return s3Error(
        "BucketAlreadyExists",
        409,
        "The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please select a different name and try again.",
        { BucketName: bucket },
      );
    case "BucketAlreadyOwnedByYou":
      return s3Error(
        "BucketAlreadyOwnedByYou",
        409,
        "Your previous request to create the named bucket succeeded and you already own it.",
        { BucketName: bucket },
      );
    case "NoSuchBucket":
      return noSuchBucket(bucket);
    case "TooManyBuckets":
      return s3Error("TooManyBuckets", 400, "You have attempted to create more buckets than allowed");
    case "MalformedPolicyDocument":
      return s3Error("MalformedPolicy", 400, refusal.message);
    case "ValidationFailed":
      return s3Error("InvalidRequest", 400, refusal.message);
    case "LimitExceeded":
      return s3Error("InvalidRequest", 400, refusal.message);
    default:
      return s3Error("InternalError", 500, "We encountered an internal error. Please try again.");
  }
}
