/**
 * Deleting a bucket is decided in one plane and done in the other.
 *
 * The data plane closes the bucket (no more writes), looks that it is empty, and asks the control plane. When the answer is lost, nobody here knows
 * whether the bucket still exists: it stays closed, and the same question (same idempotency key) is asked until it is answered. Opening it again on a guess could
 * acknowledge writes into a bucket that is gone.
 */
import type { BucketRecord, Command, CommandOrigin, CommandOutcome } from "#contracts";
import { ControlPlaneUnavailable } from "#data-plane/link";
import { claimBucket } from "../../service/bucket-claims.ts";
import type { ObjectsEnvironment } from "../../service/environment.ts";

/** Between two questions after a lost answer. */
const ASK_AGAIN_MS = 500;

/** Two requests with the same key are one. */
type DeletionOrigin = CommandOrigin & { readonly idempotencyKey: string };

/**
 * Deletes a bucket that is empty, or leaves it open.
 *
 * @throws ControlPlaneUnavailable when no answer came; the bucket then stays closed, and claimed, until one does
 * @throws EngineError BucketNotEmpty; AwsError OperationAborted while another request deletes it
 */
export async function deleteBucket(
  environment: Pick<ObjectsEnvironment, "control" | "engine" | "timers" | "logger">,
  bucket: BucketRecord,
  origin: DeletionOrigin,
): Promise<CommandOutcome<"bucket.delete">> {
  const { control, engine } = environment;
  // Looked at before anything is closed: opening again a bucket that an earlier question left closed would be a guess.
  if (!control.connected) throw new ControlPlaneUnavailable("no change stream is open");
  const release = claimBucket(engine, bucket.bucketId, bucket.name);
  try {
    // Closed first: a write that is acknowledged after the look for emptiness would be lost with the bucket.
    await engine.closeBucket(bucket.bucketId);
  } catch (error) {
    release();
    throw error;
  }
  return decideDeletion(environment, bucket, origin, release);
}

/**
 * Asks, and keeps asking in the background when the answer does not come; the caller is told {@link ControlPlaneUnavailable} meanwhile.
 * The bucket must be closed. It is dropped or open again when the answer is known.
 *
 * @param release called as soon as the answer is known and carried out, or cannot be carried out
 */
async function decideDeletion(
  environment: Pick<ObjectsEnvironment, "control" | "engine" | "timers" | "logger">,
  bucket: BucketRecord,
  origin: DeletionOrigin,
  release: () => void,
): Promise<CommandOutcome<"bucket.delete">> {
  const { control, engine } = environment;
  const command = { type: "bucket.delete", bucketId: bucket.bucketId, name: bucket.name } as const satisfies Command;
  const ask = async (): Promise<CommandOutcome<"bucket.delete">> => {
    const outcome = await control.execute(command, origin);
    if (outcome.ok || outcome.code === "NoSuchBucket") await engine.dropBucket(bucket.bucketId);
    else await engine.reopenBucket(bucket.bucketId);
    return outcome;
  };
  const askAgain = () => {
    environment.timers.after(ASK_AGAIN_MS, () => {
      ask().then(release, (error: unknown) => {
        if (error instanceof ControlPlaneUnavailable) return askAgain();
        release();
        environment.logger.error("deletion of a bucket cannot be settled", { bucket: bucket.name, error });
      });
    });
  };
  try {
    const outcome = await ask();
    release();
    return outcome;
  } catch (error) {
    if (error instanceof ControlPlaneUnavailable) askAgain();
    else release();
    throw error;
  }
}
