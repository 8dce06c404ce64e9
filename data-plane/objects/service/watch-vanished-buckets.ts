/**
 * Buckets that the control plane does not have any more although they hold objects here.
 *
 * A bucket is deleted only when it is empty, so that this means one of two: the control plane was put back to a state from before the bucket, or another
 * data plane, which holds nothing of it, deleted it. Nothing is removed: with the right log the bucket, and its objects, are there again. But nobody would notice.
 */
import type { BucketId } from "#contracts";
import type { Catalog } from "#data-plane/link";
import type { ObjectsEnvironment } from "./environment.ts";

/** @returns ends the watch */
export function watchVanishedBuckets({
  catalog,
  engine,
  logger,
}: Pick<ObjectsEnvironment, "engine" | "logger"> & {
  readonly catalog: Pick<Catalog, "buckets" | "onChange">;
}): () => void {
  const known = new Map<string, BucketId>();
  for (const { name, bucketId } of catalog.buckets()) known.set(name, bucketId);

  const reported = new Set<BucketId>();
  const report = async (bucket: string, bucketId: BucketId): Promise<void> => {
    const { versions, bytes } = await engine.usage(bucketId);
    if (versions === 0 || reported.has(bucketId)) return;
    reported.add(bucketId);
    const message = "a bucket that holds objects is gone from the control plane; they are kept, but cannot be reached";
    logger.error(message, { bucket, bucketId, versions, bytes });
  };
  /** Those that went before this began; their directories still have their names. */
  const reportEarlier = async (): Promise<void> => {
    const filled = (await engine.filledBuckets?.()) ?? [];
    const there = new Set(known.values());
    for (const { bucketId, directory } of filled) if (!there.has(bucketId)) await report(directory, bucketId);
  };
  const vanished = (bucket: string): void => {
    const bucketId = known.get(bucket);
    if (bucketId === undefined) return;
    known.delete(bucket);
    report(bucket, bucketId).catch((error: unknown) => logger.error("usage of a bucket is unknown", { bucket, error }));
  };
  reportEarlier().catch((error: unknown) => logger.error("vanished buckets are unknown", { error }));
  return catalog.onChange((changes) => {
    for (const change of changes) {
      if (change.change === "delete") {
        if (change.kind === "bucket") vanished(change.key);
      } else if (change.record.kind === "bucket") {
        const { name, bucketId } = change.record;
        // A bucket of the same name that is another one.
        if (known.get(name) !== bucketId) vanished(name);
        known.set(name, bucketId);
        reported.delete(bucketId);
      }
    }
  });
}
