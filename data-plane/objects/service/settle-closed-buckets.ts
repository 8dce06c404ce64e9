/**
 * Buckets that were being deleted when the program ended.
 *
 * They are closed on disk, and nobody here knows whether the control plane carried the deletion out. It is asked a question that changes nothing;
 * its answer says whether the bucket exists: then it opens again (the client never got an answer, and may repeat), else it is forgotten.
 */
import type { BucketId, BucketRecord } from "#contracts";
import { ControlPlaneUnavailable } from "#data-plane/link";
import { sleep } from "#foundation/runtime";
import type { EmbeddedEngine } from "../engine/index.ts";
import { claimBucket, isClaimed } from "./bucket-claims.ts";
import type { ObjectsEnvironment } from "./environment.ts";

/** Between two attempts while the control plane is away. */
const ASK_AGAIN_MS = 1000;

type Settled = "opened" | "dropped";

function findById(environment: ObjectsEnvironment, bucketId: BucketId): BucketRecord | undefined {
  for (const record of environment.catalog.buckets()) if (record.bucketId === bucketId) return record;
  return undefined;
}

/** @throws ControlPlaneUnavailable */
async function settle(environment: ObjectsEnvironment, bucketId: BucketId): Promise<Settled> {
  const { engine, control } = environment;
  const record = findById(environment, bucketId);
  if (record !== undefined) {
    // Puts what is there already: no event, but only for a bucket that exists.
    const { name, sections } = record;
    const outcome = await control.execute(
      { type: "bucket.configure", bucketId, name, section: "versioning", value: sections.versioning ?? null },
      { actor: "system:objects", requestId: `settle-${bucketId}` },
    );
    // Whatever else it refuses, it has looked at the bucket first.
    if (outcome.ok || (outcome.code !== "NoSuchBucket" && outcome.code !== "Internal")) {
      await engine.reopenBucket(bucketId);
      return "opened";
    }
    if (outcome.code === "Internal") throw new Error(`the control plane failed: ${outcome.message}`);
  }
  await engine.dropBucket(bucketId);
  return "dropped";
}

/**
 * Settles every closed bucket; while the control plane is away they stay closed.
 * @param signal ends the attempts
 */
export async function settleClosedBuckets(
  environment: ObjectsEnvironment,
  engine: Pick<EmbeddedEngine, "closedBuckets">,
  signal: AbortSignal,
): Promise<void> {
  const { control, timers, logger } = environment;
  const waiting = new Set(await engine.closedBuckets());
  while (waiting.size > 0 && !signal.aborted) {
    for (const bucketId of waiting) {
      if (!control.connected) break;
      // A client deletes it again: that settles it.
      if (isClaimed(environment.engine, bucketId)) {
        waiting.delete(bucketId);
        continue;
      }
      const release = claimBucket(environment.engine, bucketId, "");
      try {
        const settled = await settle(environment, bucketId);
        waiting.delete(bucketId);
        logger.info("a bucket whose deletion was interrupted is settled", { bucketId, settled });
      } catch (error) {
        if (error instanceof ControlPlaneUnavailable) break;
        waiting.delete(bucketId);
        logger.error("a bucket whose deletion was interrupted cannot be settled; it stays closed", { bucketId, error });
      } finally {
        release();
      }
    }
    if (waiting.size > 0) await sleep(timers, ASK_AGAIN_MS, signal).catch(() => undefined);
  }
}
