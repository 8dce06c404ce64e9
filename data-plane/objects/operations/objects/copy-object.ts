/** CopyObject. */
import type { CallContext } from "#data-plane/service";
import type { S3 } from "#foundation/aws";
import type { ChecksumAlgorithm } from "#foundation/aws/checksums";
import { UPLOAD_BYTES_MAX } from "../../body/intake.ts";
import type { EncryptionRequest, ObjectAttributes } from "../../engine/port.ts";
import { invalidArgument, invalidRequest, notImplemented } from "../../errors.ts";
import { answerChecksum, requestedAlgorithm } from "../../rules/checksum-names.ts";
import { writePrecondition } from "../../rules/conditions.ts";
import { answerEncryption, encryptionForWrite, isConfidential } from "../../rules/encryption.ts";
import { quoteEtag } from "../../rules/etags.ts";
import { assertObjectKey } from "../../rules/keys.ts";
import { expirationHeader, expiryOf } from "../../rules/lifecycle/plan.ts";
import type { BucketView } from "../../service/bucket-view.ts";
import type { Handler, Toolbox } from "../../service/define.ts";
import type { Draft } from "../../service/draft.ts";
import { type OpenSource, openSource } from "./copy-source.ts";
import { shownVersionId } from "./find-version.ts";
import { attributesOfNew } from "./new-object.ts";
import { uploadObject, writtenVersionId } from "./put-object.ts";

type Directive = "COPY" | "REPLACE";

function directive(value: string | undefined, name: string): Directive {
  if (value === undefined || value === "COPY") return "COPY";
  if (value === "REPLACE") return "REPLACE";
  throw invalidArgument(`Unknown ${name} directive.`, `x-amz-${name}-directive`, value);
}

/** Copying an object onto itself must change something. */
function refuseEmptySelfCopy(
  input: S3.CopyObjectRequest,
  opened: OpenSource,
  view: BucketView,
  metadata: Directive,
): void {
  const { source, version } = opened;
  if (source.bucket !== view.record.name || source.key !== input.Key || metadata === "REPLACE") return;
  // An older version copied onto its key becomes the latest again: that is a change.
  if (source.versionId !== undefined && !version.isLatest) return;
  const changes =
    input.StorageClass !== undefined ||
    input.WebsiteRedirectLocation !== undefined ||
    input.ServerSideEncryption !== undefined ||
    input.SSECustomerAlgorithm !== undefined ||
    opened.version.encryption.mode === "SSE-C";
  if (!changes) {
    throw invalidRequest(
      "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.",
    );
  }
}

/**
 * What the copy gets: with COPY the source's headers, metadata and tags; never its ACL, lock, storage class or redirect.
 */
async function attributesOfCopy(
  tools: Toolbox,
  input: S3.CopyObjectRequest,
  opened: OpenSource,
  view: BucketView,
  metadata: Directive,
  context: CallContext,
): Promise<ObjectAttributes> {
  const tagging = directive(input.TaggingDirective, "tagging");
  const { version } = opened;
  const asked = attributesOfNew(
    tools,
    view,
    { ...input, Tagging: tagging === "REPLACE" ? input.Tagging : undefined },
    context,
  );
  const tags = tagging === "REPLACE" ? asked.tags : version.tags;
  if (tagging === "COPY" && version.tags.length > 0) {
    const action = opened.source.versionId === undefined ? "s3:GetObjectTagging" : "s3:GetObjectVersionTagging";
    const sourceInput = { Bucket: opened.source.bucket, Key: opened.source.key, VersionId: opened.source.versionId };
    context.authorize(await tools.access.ask(action, opened.view, sourceInput, context, version));
  }
  if (metadata === "REPLACE") return { ...asked, tags };
  const { storageClass, websiteRedirectLocation } = asked.headers;
  return {
    ...asked,
    headers: { ...version.headers, storageClass, websiteRedirectLocation },
    metadata: version.metadata,
    tags,
  };
}

/** The asked checksum, else the one that the source has. */
const algorithmOfCopy = (asked: string | undefined, opened: OpenSource): ChecksumAlgorithm | undefined =>
  asked === undefined ? opened.version.checksum?.algorithm : requestedAlgorithm(asked);

export const copyObject =
  (tools: Toolbox): Handler<"CopyObject"> =>
  async (input, context) => {
    const view = tools.access.bucket(input.Bucket);
    assertObjectKey(input.Key);
    const metadata = directive(input.MetadataDirective, "metadata");
    if (input.AnnotationDirective !== undefined) {
      throw notImplemented("Annotations are not implemented.", "x-amz-annotation-directive");
    }
    const precondition = writePrecondition(input.IfMatch, input.IfNoneMatch);
    const opened = await openSource(tools, input, context);
    refuseEmptySelfCopy(input, opened, view, metadata);
    if (opened.version.size > UPLOAD_BYTES_MAX) {
      throw invalidRequest(
        `The specified copy source is larger than the maximum allowable size for a copy source: ${UPLOAD_BYTES_MAX}`,
      );
    }
    const encryption: EncryptionRequest = encryptionForWrite(
      input,
      view.encryptsByDefault,
      isConfidential(context.request),
    );
    const attributes = await attributesOfCopy(tools, input, opened, view, metadata, context);
    const version = await uploadObject(tools, {
      view,
      key: input.Key,
      source: await tools.engine.read(opened.version, undefined, opened.customerKey),
      length: opened.version.size,
      contentMd5: undefined,
      announced: undefined,
      algorithm: algorithmOfCopy(input.ChecksumAlgorithm, opened),
      trailers: context.trailers,
      encryption,
      attributes,
      precondition,
      event: "ObjectCreated:Copy",
      context,
    });
    const result: Draft<S3.CopyObjectResult> = {
      ETag: quoteEtag(version.etag),
      LastModified: new Date(version.lastModified),
    };
    answerChecksum(result, version.checksum);
    const output: Draft<S3.CopyObjectOutput> = {
      CopyObjectResult: result,
      CopySourceVersionId: shownVersionId(opened.view, opened.version),
      VersionId: writtenVersionId(version),
      Expiration: expirationHeader(expiryOf(view.lifecycle, version)),
    };
    answerEncryption(output, version.encryption);
    return output;
  };
