/** The source of CopyObject and UploadPartCopy: found, allowed by its conditions, and readable with the key that was sent. */
import type { CallContext } from "#data-plane/service";
import { AwsError } from "#foundation/aws";
import type { ObjectVersion } from "../../engine/port.ts";
import { invalidRequest, preconditionFailed } from "../../errors.ts";
import { evaluateRead } from "../../rules/conditions.ts";
import { type CopySource, parseCopySource } from "../../rules/copy-source.ts";
import { isConfidential, keyForRead } from "../../rules/encryption.ts";
import type { BucketView } from "../../service/bucket-view.ts";
import type { Toolbox } from "../../service/define.ts";
import { findVersion } from "./find-version.ts";

export interface CopySourceInput {
  readonly CopySource: string;
  readonly CopySourceIfMatch?: string;
  readonly CopySourceIfNoneMatch?: string;
  readonly CopySourceIfModifiedSince?: Date;
  readonly CopySourceIfUnmodifiedSince?: Date;
  readonly CopySourceSSECustomerAlgorithm?: string;
  readonly CopySourceSSECustomerKey?: string;
  readonly CopySourceSSECustomerKeyMD5?: string;
}

export interface OpenSource {
  readonly source: CopySource;
  readonly view: BucketView;
  readonly version: ObjectVersion;
  readonly customerKey: Uint8Array | undefined;
}

async function findSource(
  tools: Toolbox,
  view: BucketView,
  source: CopySource,
  context: CallContext,
): Promise<ObjectVersion> {
  try {
    return await findVersion(tools, view, { Key: source.key, VersionId: source.versionId }, context);
  } catch (error) {
    if (error instanceof AwsError && error.code === "MethodNotAllowed") {
      throw invalidRequest("The source of a copy request may not specifically refer to a delete marker by version id.");
    }
    // The marker headers of a read have no place in the answer to a write.
    if (error instanceof AwsError && error.code === "NoSuchKey") {
      throw new AwsError(error.code, error.message, { statusCode: 404, fields: error.fields });
    }
    throw error;
  }
}

/** @throws AwsError PreconditionFailed (412 for every condition), NoSuchKey, NoSuchVersion, InvalidRequest */
export async function openSource(tools: Toolbox, input: CopySourceInput, context: CallContext): Promise<OpenSource> {
  const source = parseCopySource(input.CopySource);
  const view = tools.access.bucket(source.bucket);
  const version = await findSource(tools, view, source, context);
  const verdict = evaluateRead(
    {
      ifMatch: input.CopySourceIfMatch,
      ifNoneMatch: input.CopySourceIfNoneMatch,
      ifModifiedSince: input.CopySourceIfModifiedSince,
      ifUnmodifiedSince: input.CopySourceIfUnmodifiedSince,
    },
    version.etag,
    version.lastModified,
    context.now,
  );
  if (verdict.verdict !== "proceed") throw preconditionFailed(`x-amz-copy-source-${verdict.condition}`);
  const customerKey = keyForRead(
    version.encryption,
    {
      SSECustomerAlgorithm: input.CopySourceSSECustomerAlgorithm,
      SSECustomerKey: input.CopySourceSSECustomerKey,
      SSECustomerKeyMD5: input.CopySourceSSECustomerKeyMD5,
    },
    isConfidential(context.request),
  );
  return { source, view, version, customerKey };
}
