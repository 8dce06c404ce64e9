/** Does what a rule wants, unless the world has moved on since the version was listed. */
import type { BucketRecord } from "#contracts";
import { type EngineErrorCode, isEngineError } from "../engine/index.ts";
import type { ObjectVersion } from "../engine/port.ts";
import { deletionAnnouncements } from "../notifications/announce.ts";
import type { EventCause } from "../notifications/event-cause.ts";
import { viewOf } from "../service/bucket-view.ts";
import type { ObjectsEnvironment } from "../service/environment.ts";
import type { PlannedAction } from "./version-walk.ts";

/** `done`, `kept` (a lock protects it) or `moved` (somebody else changed the key meanwhile; the next round looks again). */
export type ActionOutcome = "done" | "kept" | "moved";

const MOVED: ReadonlySet<EngineErrorCode> = new Set<EngineErrorCode>([
  "PreconditionFailed",
  "ConditionalRequestConflict",
  "NoSuchKey",
  "NoSuchVersion",
  "NoSuchUpload",
  "BucketClosed",
]);

/** What an engine's refusal means here. @throws the error itself when it means something else */
export function outcomeOf(error: unknown): ActionOutcome {
  if (isEngineError(error, "ObjectLocked")) return "kept";
  if (isEngineError(error) && MOVED.has(error.code)) return "moved";
  throw error;
}

const isSame = (left: ObjectVersion, right: ObjectVersion): boolean =>
  left.versionId === right.versionId &&
  left.lastModified === right.lastModified &&
  left.etag === right.etag &&
  left.isLatest === right.isLatest;

/**
 * Applies one action to the version it was planned for.
 * @param cause told to those whom the bucket notifies
 */
export async function applyAction(
  { engine, catalog }: Pick<ObjectsEnvironment, "engine" | "catalog">,
  bucket: BucketRecord,
  { version, plan }: PlannedAction,
  cause: EventCause,
): Promise<ActionOutcome> {
  const view = viewOf(bucket);
  const { key } = version;
  const announce = deletionAnnouncements(catalog, view, "LifecycleExpiration", key, cause);
  const { versioning } = view;
  const target = { bucketId: bucket.bucketId, key, versioning, owner: bucket.accountId, announce };
  try {
    if (plan.action === "expire") {
      // As a client would: with versioning a delete marker is put on top, without it the object goes. Only if it is still this object.
      await engine.delete({ ...target, ifMatch: version.etag });
      return "done";
    }
    const now = await engine.head(bucket.bucketId, version.key, version.versionId);
    if (now === undefined || !isSame(now, version)) return "moved";
    await engine.delete({ ...target, versionId: version.versionId });
    return "done";
  } catch (error) {
    return outcomeOf(error);
  }
}
