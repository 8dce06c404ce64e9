/** DeleteObject and DeleteObjects. */
import type { CallContext } from "#data-plane/service";
import { AwsError, type S3 } from "#foundation/aws";
import type { DeleteOutcome } from "../../engine/port.ts";
import { malformedXml, notImplemented } from "../../errors.ts";
import { deletionAnnouncements } from "../../notifications/announce.ts";
import { bareEtag } from "../../rules/etags.ts";
import { assertObjectKey } from "../../rules/keys.ts";
import type { BucketView } from "../../service/bucket-view.ts";
import type { Handler, Toolbox } from "../../service/define.ts";
import type { Draft } from "../../service/draft.ts";
import { toS3Error } from "../../service/engine-errors.ts";
import { assertVersionId } from "./find-version.ts";

/** S3's limit for one DeleteObjects. */
const DELETE_KEYS_MAX = 1000;
/** Deletions of one request that run side by side: enough to share a commit, few enough to be fair to others. */
const DELETE_WIDTH = 64;

interface DeleteOne {
  readonly Key: string;
  readonly VersionId?: string;
  readonly IfMatch?: string;
  readonly BypassGovernanceRetention?: boolean;
}

async function deleteOne(
  tools: Toolbox,
  view: BucketView,
  request: DeleteOne,
  context: CallContext,
): Promise<DeleteOutcome> {
  assertObjectKey(request.Key);
  assertVersionId(request.VersionId);
  const { caller } = context;
  let bypassGovernance = false;
  if (request.BypassGovernanceRetention === true && view.record.objectLockEnabled) {
    context.authorize(await tools.access.ask("s3:BypassGovernanceRetention", view, request, context));
    bypassGovernance = true;
  }
  return tools.engine.delete({
    bucketId: view.record.bucketId,
    key: request.Key,
    versionId: request.VersionId,
    versioning: view.versioning,
    owner: caller.type === "anonymous" ? view.record.accountId : caller.accountId,
    bypassGovernance,
    ifMatch: request.IfMatch === undefined ? undefined : bareEtag(request.IfMatch),
    announce: deletionAnnouncements(tools.catalog, view, "ObjectRemoved", request.Key, context),
  });
}

/** Conditions on size and time are for directory buckets. */
function refuseDirectoryConditions(input: {
  readonly IfMatchLastModifiedTime?: Date;
  readonly LastModifiedTime?: Date;
  readonly IfMatchSize?: number;
  readonly Size?: number;
}): void {
  if (
    (input.IfMatchLastModifiedTime ?? input.LastModifiedTime) !== undefined ||
    (input.IfMatchSize ?? input.Size) !== undefined
  ) {
    throw notImplemented(
      "A header you provided implies functionality that is not implemented",
      "x-amz-if-match-last-modified-time, x-amz-if-match-size",
    );
  }
}

export const deleteObject =
  (tools: Toolbox): Handler<"DeleteObject"> =>
  async (input, context) => {
    const view = tools.access.bucket(input.Bucket);
    refuseDirectoryConditions(input);
    const outcome = await deleteOne(tools, view, input, context);
    const output: Draft<S3.DeleteObjectOutput> = {};
    if (view.versioning !== "Off") {
      if (outcome.deleteMarker) output.DeleteMarker = true;
      output.VersionId = outcome.versionId ?? input.VersionId;
    }
    return output;
  };

type Answer =
  | { readonly deleted: S3.DeletedObject }
  | {
      readonly error: {
        readonly Key: string;
        readonly VersionId?: string;
        readonly Code: string;
        readonly Message: string;
      };
    };

function deletedEntry(view: BucketView, request: DeleteOne, outcome: DeleteOutcome): S3.DeletedObject {
  const entry: Draft<S3.DeletedObject> = { Key: request.Key };
  if (request.VersionId !== undefined) entry.VersionId = request.VersionId;
  if (view.versioning !== "Off" && outcome.deleteMarker) {
    entry.DeleteMarker = true;
    entry.DeleteMarkerVersionId = outcome.versionId;
  }
  return entry;
}

async function answerOne(
  tools: Toolbox,
  view: BucketView,
  input: S3.DeleteObjectsRequest,
  identifier: S3.ObjectIdentifier,
  context: CallContext,
): Promise<Answer> {
  const request: DeleteOne = {
    Key: identifier.Key,
    VersionId: identifier.VersionId === "" ? undefined : identifier.VersionId,
    IfMatch: identifier.ETag,
    BypassGovernanceRetention: input.BypassGovernanceRetention,
  };
  try {
    refuseDirectoryConditions({ LastModifiedTime: identifier.LastModifiedTime, Size: identifier.Size });
    const action = request.VersionId === undefined ? "s3:DeleteObject" : "s3:DeleteObjectVersion";
    context.authorize(await tools.access.ask(action, view, request, context));
    return { deleted: deletedEntry(view, request, await deleteOne(tools, view, request, context)) };
  } catch (thrown) {
    const error = toS3Error(thrown, request);
    // A key that does not exist is deleted already.
    if (error instanceof AwsError && error.code === "NoSuchVersion") {
      return { deleted: { Key: request.Key, VersionId: request.VersionId } };
    }
    if (!(error instanceof AwsError)) tools.logger.error("delete failed", { requestId: context.requestId, error });
    const { code, message } =
      error instanceof AwsError
        ? error
        : { code: "InternalError", message: "We encountered an internal error. Please try again." };
    return { error: { Key: request.Key, VersionId: request.VersionId, Code: code, Message: message } };
  }
}

/** Each key is authorised and deleted by itself; one that is refused does not stop the others. */
export const deleteObjects =
  (tools: Toolbox): Handler<"DeleteObjects"> =>
  async (input, context) => {
    const view = tools.access.bucket(input.Bucket);
    const identifiers = input.Delete?.Objects;
    if (identifiers === undefined || identifiers.length === 0 || identifiers.length > DELETE_KEYS_MAX) {
      throw malformedXml();
    }
    if (identifiers.some(({ Key }) => Key === undefined || Key === "")) throw malformedXml();
    const answers: Answer[] = [];
    for (let offset = 0; offset < identifiers.length; offset += DELETE_WIDTH) {
      const slice = identifiers.slice(offset, offset + DELETE_WIDTH);
      answers.push(...(await Promise.all(slice.map((one) => answerOne(tools, view, input, one, context)))));
    }
    const deleted: S3.DeletedObject[] = [];
    const errors: S3._Error[] = [];
    for (const answer of answers) {
      if ("error" in answer) errors.push(answer.error);
      else deleted.push(answer.deleted);
    }
    const output: Draft<S3.DeleteObjectsOutput> = {};
    if (input.Delete.Quiet !== true && deleted.length > 0) output.Deleted = deleted;
    if (errors.length > 0) output.Errors = errors;
    return output;
  };
