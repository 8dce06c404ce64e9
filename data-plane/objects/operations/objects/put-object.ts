/** PutObject, and the upload that it shares with forms. */
import type { CallContext } from "#data-plane/service";
import type { S3 } from "#foundation/aws";
import { type ChecksumAlgorithm, defaultChecksumAlgorithm } from "#foundation/aws/checksums";
import { bodyLength } from "../../body/body-length.ts";
import { takeBody } from "../../body/intake.ts";
import {
  type EncryptionRequest,
  NULL_VERSION,
  type ObjectAttributes,
  type ObjectVersion,
  type WritePrecondition,
} from "../../engine/port.ts";
import { invalidRequest, noSuchKey, notImplemented, preconditionFailed } from "../../errors.ts";
import { announcementOf } from "../../notifications/announce.ts";
import { type AnnouncedChecksum, announcedChecksum, answerChecksum } from "../../rules/checksum-names.ts";
import { writePrecondition } from "../../rules/conditions.ts";
import { answerEncryption, encryptionForWrite, isConfidential } from "../../rules/encryption.ts";
import { quoteEtag } from "../../rules/etags.ts";
import { assertObjectKey } from "../../rules/keys.ts";
import { expirationHeader, expiryOf } from "../../rules/lifecycle/plan.ts";
import { type BucketView, viewOf } from "../../service/bucket-view.ts";
import type { Handler, Toolbox } from "../../service/define.ts";
import type { Draft } from "../../service/draft.ts";
import { attributesOfNew } from "./new-object.ts";

/** An upload of one body, with everything decided but the bytes. */
export interface Upload {
  readonly view: BucketView;
  readonly key: string;
  readonly source: AsyncIterable<Uint8Array> | undefined;
  readonly length: number | undefined;
  readonly contentMd5: string | undefined;
  readonly announced: AnnouncedChecksum | undefined;
  /** The checksum to keep; default the announced one, else CRC64NVME. */
  readonly algorithm?: ChecksumAlgorithm;
  readonly trailers: ReadonlyMap<string, string>;
  readonly encryption: EncryptionRequest;
  readonly attributes: ObjectAttributes;
  readonly precondition?: WritePrecondition;
  /** What an upload of this kind is called, and who is uploading. */
  readonly event: "ObjectCreated:Put" | "ObjectCreated:Post" | "ObjectCreated:Copy";
  readonly context: CallContext;
}

/** The ETag is the MD5, except where the customer holds the key: there it must tell nothing about the plain bytes. */
export const etagOf = (tools: Toolbox, md5: string, mode: EncryptionRequest["mode"]): string =>
  mode === "SSE-C" ? Buffer.from(tools.random.bytes(16)).toString("hex") : md5;

/** The bucket's state at the commit: a body may take minutes, and what versioning has been switched on for meanwhile must be kept. */
function viewNow(tools: Toolbox, view: BucketView): BucketView {
  const record = tools.catalog.bucket(view.record.name);
  return record?.bucketId === view.record.bucketId ? viewOf(record) : view;
}

/** Takes the body in, verifies it and commits it. */
export async function uploadObject(tools: Toolbox, upload: Upload): Promise<ObjectVersion> {
  const { engine } = tools;
  const { view, encryption, announced } = upload;
  const algorithm = upload.algorithm ?? announced?.algorithm ?? defaultChecksumAlgorithm;
  const taken = await takeBody(
    {
      source: upload.source,
      length: upload.length,
      contentMd5: upload.contentMd5,
      announced,
      algorithm,
      trailers: upload.trailers,
    },
    {
      bytes: (bytes) => engine.stageBytes(bytes, encryption),
      stream: (source) => engine.stage(source, { encryption, sizeHint: upload.length }),
      discard: (body) => engine.discard(body),
    },
  );
  const now = viewNow(tools, view);
  const { version } = await engine.put({
    bucketId: view.record.bucketId,
    key: upload.key,
    versioning: now.versioning,
    body: taken.body,
    etag: etagOf(tools, taken.md5, encryption.mode),
    checksum: { algorithm, type: "FULL_OBJECT", value: taken.checksum },
    attributes: upload.attributes,
    precondition: upload.precondition,
    announce: announcementOf(tools.catalog, now, upload.event, upload.key, upload.context),
  });
  return version;
}

/** Event holds came after object lock and are not kept here: refused rather than forgotten. */
function refuseUnknown(input: S3.PutObjectRequest): void {
  if (input.WriteOffsetBytes !== undefined) {
    throw notImplemented("Appending to an object is only for directory buckets.", "x-amz-write-offset-bytes");
  }
  if (input.ObjectLockEventHold !== undefined) {
    throw notImplemented("Event holds are not implemented.", "x-amz-object-lock-event-hold");
  }
}

/** The version id of a write: only while versioning is on. */
export const writtenVersionId = (version: ObjectVersion): string | undefined =>
  version.versionId === NULL_VERSION ? undefined : version.versionId;

export const putObject =
  (tools: Toolbox): Handler<"PutObject"> =>
  async (input, context: CallContext) => {
    const view = tools.access.bucket(input.Bucket);
    assertObjectKey(input.Key);
    refuseUnknown(input);
    const precondition = writePrecondition(input.IfMatch, input.IfNoneMatch);
    const encryption = encryptionForWrite(input, view.encryptsByDefault, isConfidential(context.request));
    const announced = announcedChecksum(input, input.ChecksumAlgorithm, context.request.headers.get("x-amz-trailer"));
    if (view.record.objectLockEnabled && input.ObjectLockMode !== undefined) {
      requireDigest(input.ContentMD5, announced);
    }
    if (precondition !== undefined) await refuseEarly(tools, view, input.Key, precondition);
    const version = await uploadObject(tools, {
      view,
      key: input.Key,
      source: input.Body,
      length: bodyLength(context.request),
      contentMd5: input.ContentMD5,
      announced,
      trailers: context.trailers,
      encryption,
      attributes: attributesOfNew(tools, view, input, context),
      precondition,
      event: "ObjectCreated:Put",
      context,
    });
    const output: Draft<S3.PutObjectOutput> = { ETag: quoteEtag(version.etag) };
    answerChecksum(output, version.checksum);
    if (version.versionId !== NULL_VERSION) output.VersionId = version.versionId;
    if (version.encryption.mode !== "none") answerEncryption(output, version.encryption);
    if (view.record.sections.lifecycle !== undefined) {
      output.Expiration = expirationHeader(expiryOf(view.lifecycle, version));
    }
    return output;
  };

/** Answers a condition that fails already now before the body is read; the commit decides again. */
async function refuseEarly(
  tools: Toolbox,
  view: BucketView,
  key: string,
  precondition: WritePrecondition,
): Promise<void> {
  const latest = await tools.engine.head(view.record.bucketId, key);
  const exists = latest !== undefined && !latest.deleteMarker;
  if (precondition.ifAbsent === true && exists) throw preconditionFailed("If-None-Match");
  const { ifMatch } = precondition;
  if (ifMatch === undefined) return;
  if (!exists) throw noSuchKey(key);
  if (ifMatch !== "*" && ifMatch !== latest.etag) throw preconditionFailed("If-Match");
}

/** A locked object cannot be corrected: its bytes must be vouched for. */
function requireDigest(contentMd5: string | undefined, announced: AnnouncedChecksum | undefined): void {
  if (contentMd5 === undefined && announced === undefined) {
    throw invalidRequest(
      "Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with Object Lock parameters",
    );
  }
}
