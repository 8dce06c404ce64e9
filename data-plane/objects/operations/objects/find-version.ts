/** The version that a read is about, or the error that S3 gives when there is none to read. */
import type { CallContext } from "#data-plane/service";
import { NULL_VERSION, type ObjectVersion } from "../../engine/port.ts";
import { accessDenied, invalidArgument, methodNotAllowed, noSuchKey, noSuchVersion } from "../../errors.ts";
import { assertObjectKey } from "../../rules/keys.ts";
import type { BucketView } from "../../service/bucket-view.ts";
import type { Toolbox } from "../../service/define.ts";

const VERSION_ID = /^[A-Za-z0-9._-]{32}$/;

/**
 * Refuses ids that no version can have.
 * @throws AwsError InvalidArgument
 */
export function assertVersionId(versionId: string | undefined): void {
  if (versionId === undefined || versionId === NULL_VERSION || VERSION_ID.test(versionId)) return;
  throw invalidArgument(
    versionId === "" ? "Version id cannot be the empty string" : "Invalid version id specified",
    "versionId",
    versionId,
  );
}

/**
 * Finds a version that is an object.
 *
 * Who may not list the bucket is not told that a key is missing: 403 instead of 404. A delete marker answers 404 when it is the latest version, and
 * 405 when it was named.
 *
 * @throws AwsError NoSuchKey, NoSuchVersion, MethodNotAllowed, AccessDenied, InvalidArgument
 */
export async function findVersion(
  tools: Toolbox,
  view: BucketView,
  request: { readonly Key: string; readonly VersionId?: string },
  context: CallContext,
): Promise<ObjectVersion> {
  const { Key: key, VersionId: versionId } = request;
  if (versionId !== undefined) assertVersionId(versionId);
  const version = await tools.engine.head(view.record.bucketId, key, versionId);
  if (version !== undefined && !version.deleteMarker) return version;
  assertObjectKey(key);
  if (versionId !== undefined && version !== undefined) {
    throw methodNotAllowed(context.request.method, "DeleteMarker", [
      ["allow", "DELETE"],
      ["last-modified", new Date(version.lastModified).toUTCString()],
      ["x-amz-delete-marker", "true"],
      ["x-amz-version-id", version.versionId],
    ]);
  }
  if (!tools.access.mayList(view, context)) throw accessDenied();
  if (versionId !== undefined) throw noSuchVersion(key, versionId);
  throw noSuchKey(
    key,
    version === undefined
      ? undefined
      : [
          ["x-amz-delete-marker", "true"],
          ["x-amz-version-id", version.versionId],
        ],
  );
}

/** The version id to answer with: absent before versioning was first switched on. */
export const shownVersionId = (view: BucketView, version: ObjectVersion): string | undefined =>
  view.versioning === "Off" ? undefined : version.versionId;
