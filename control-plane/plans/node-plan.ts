/** The plan of a node, from the records. Pure. */
import type { EventId, NodePlan, SnapshotIntent, VolumeIntent, VolumeRecord } from "#contracts";
import { type CatalogReader, groups } from "#control-plane/events";
import { assignmentOf } from "./workload.ts";

/**
 * Everything that a node has to make true, in a fixed order, so that equal states give equal texts.
 *
 * Instances that have ended stay in it until the scheduler collects them: their logs do as long.
 */
export function nodePlanOf(
  views: CatalogReader,
  nodeId: string,
  cursor: EventId,
  quiet: (instanceId: string) => boolean,
): NodePlan {
  const instances = views
    .inGroup("instance", groups.onNode(nodeId))
    .flatMap((instance) => assignmentOf(views, instance, quiet) ?? [])
    .sort((left, right) => (left.instanceId < right.instanceId ? -1 : 1));
  const volumes = views
    .inGroup("volume", groups.onNode(nodeId))
    .map((volume) => volumeIntentOf(views, volume))
    .sort((left, right) => (left.volumeId < right.volumeId ? -1 : 1));
  const snapshots: SnapshotIntent[] = views
    .inGroup("snapshot", groups.onNode(nodeId))
    .map(({ snapshotId, accountId, volumeId }) => ({ snapshotId, accountId, volumeId }))
    .sort((left, right) => (left.snapshotId < right.snapshotId ? -1 : 1));
  return { planVersion: 1, nodeId, cursor, instances, volumes, snapshots };
}

function volumeIntentOf(views: CatalogReader, volume: VolumeRecord): VolumeIntent {
  const { volumeId, accountId, sizeBytes, filesystem, state } = volume;
  const restore = state === "creating" ? restoreInto(views, volume) : undefined;
  return { volumeId, accountId, sizeBytes, filesystem, state, ...(restore === undefined ? {} : { restore }) };
}

function restoreInto(views: CatalogReader, { volumeId, restoredFrom }: VolumeRecord): VolumeIntent["restore"] {
  if (restoredFrom === undefined) return undefined;
  const job = views
    .inGroup("restoreJob", groups.ofVolume(volumeId))
    .find((restore) => restore.newVolumeId === volumeId);
  const snapshot = views.record("snapshot", restoredFrom);
  if (job === undefined || snapshot === undefined) return undefined;
  const { snapshotId, accountId, objectKey, sizeBytes, plaintextSha256, chunks } = snapshot;
  if (objectKey === undefined || sizeBytes === undefined || plaintextSha256 === undefined || chunks === undefined) {
    return undefined;
  }
  return {
    restoreId: job.restoreId,
    snapshot: { snapshotId, accountId, volumeId: snapshot.volumeId, objectKey, sizeBytes, plaintextSha256, chunks },
  };
}
