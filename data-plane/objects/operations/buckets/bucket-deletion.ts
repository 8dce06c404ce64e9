/**
 * Deleting a bucket is decided in one plane and done in the other.
 *
 * The data plane closes the bucket (no more writes), looks that it is empty, and asks the control plane. When the answer is lost, nobody here knows
 * whether the bucket still exists: it stays closed, and the same question (same idempotency key) is asked until it is answered. Opening it again on a guess could
 * acknowledge writes into a bucket that is gone.
 */
import type { BucketRecord, Command, CommandOrigin, CommandOutcome } from "#contracts";
import { ControlPlaneUnavailable } from "#data-plane/link";
import type { ObjectsEnvironment } from "../../service/environment.ts";

/** Between two questions after a lost answer. */
const ASK_AGAIN_MS = 500;

/**
 * Asks, and keeps asking in the background when the answer does not come; the caller is told {@link ControlPlaneUnavailable} meanwhile.
 * The bucket must be closed. It is dropped or open again when the answer is known.
 */
export async function decideDeletion(
  environment: Pick<ObjectsEnvironment, "control" | "engine" | "timers" | "logger">,
  bucket: BucketRecord,
  origin: CommandOrigin & { readonly idempotencyKey: string },
): Promise<CommandOutcome<"bucket.delete">> {
  const { control, engine } = environment;
  const command = { type: "bucket.delete", bucketId: bucket.bucketId, name: bucket.name } as const satisfies Command;
  if (!control.connected) {
    // Nothing was asked: nothing can have been decided.
    await engine.reopenBucket(bucket.bucketId);
    throw new ControlPlaneUnavailable("no change stream is open");
  }
  const ask = async (): Promise<CommandOutcome<"bucket.delete">> => {
    const outcome = await control.execute(command, origin);
    if (outcome.ok || outcome.code === "NoSuchBucket") await engine.dropBucket(bucket.bucketId);
    else await engine.reopenBucket(bucket.bucketId);
    return outcome;
  };
  const askAgain = () => {
    environment.timers.after(ASK_AGAIN_MS, () => {
      ask().catch((error: unknown) => {
        if (error instanceof ControlPlaneUnavailable) askAgain();
        else environment.logger.error("deletion of a bucket cannot be settled", { bucket: bucket.name, error });
      });
    });
  };
  try {
    return await ask();
  } catch (error) {
    if (error instanceof ControlPlaneUnavailable) askAgain();
    throw error;
  }
}
