/** CompleteMultipartUpload. */
import type { CallContext } from "#data-plane/service";
import type { S3 } from "#foundation/aws";
import { isEngineError } from "../../engine/index.ts";
import type { Checksum, CompletedPart, Part, Upload } from "../../engine/port.ts";
import { invalidRequest, malformedXml } from "../../errors.ts";
import { announcementOf } from "../../notifications/announce.ts";
import { answerChecksum, type ChecksumMember, checksumOfMembers } from "../../rules/checksum-names.ts";
import { writePrecondition } from "../../rules/conditions.ts";
import { bareEtag, multipartEtag, quoteEtag } from "../../rules/etags.ts";
import { expirationHeader, expiryOf } from "../../rules/lifecycle/plan.ts";
import {
  checksumOfParts,
  DEFAULT_UPLOAD_CHECKSUM,
  type UploadChecksum,
  verifyObjectChecksum,
} from "../../rules/multipart-checksum.ts";
import type { BucketView } from "../../service/bucket-view.ts";
import type { Handler, Toolbox } from "../../service/define.ts";
import type { Draft } from "../../service/draft.ts";
import { writtenVersionId } from "../objects/put-object.ts";
import { chosenChecksum, PART_NUMBER_MAX } from "./find-upload.ts";

const MIB = 1024 * 1024;
/** Every part but the last has at least so many bytes. */
export const PART_BYTES_MIN = 5 * MIB;
const PAGE = 1000;
const HEX_MD5 = /^[0-9a-f]{32}$/i;

/** The parts as named, with the checksum of the upload's algorithm where the client sent it. */
function namedParts(input: S3.CompleteMultipartUploadRequest, chosen: UploadChecksum | undefined): CompletedPart[] {
  const parts = input.MultipartUpload?.Parts;
  if (parts === undefined || parts.length === 0) throw invalidRequest("You must specify at least one part");
  if (parts.length > PART_NUMBER_MAX) throw malformedXml();
  return parts.map((part) => {
    if (part.PartNumber === undefined || part.ETag === undefined) throw malformedXml();
    const member: ChecksumMember | undefined = chosen === undefined ? undefined : `Checksum${chosen.algorithm}`;
    const checksum = member === undefined ? undefined : part[member];
    if (chosen?.type === "COMPOSITE" && checksum === undefined) {
      throw invalidRequest(
        `The upload was created using a ${chosen.algorithm.toLowerCase()} checksum. The complete request must include the checksum for each part. It was missing for part ${part.PartNumber} in the request.`,
      );
    }
    return { partNumber: part.PartNumber, etag: bareEtag(part.ETag), checksum };
  });
}

async function storedParts(tools: Toolbox, upload: Upload): Promise<ReadonlyMap<number, Part>> {
  const parts = new Map<number, Part>();
  for (let after = 0; ; ) {
    const page = await tools.engine.listParts(upload.bucketId, upload.key, upload.uploadId, after, PAGE);
    for (const part of page.parts) parts.set(part.partNumber, part);
    if (!page.truncated) return parts;
    after = page.parts.at(-1)!.partNumber;
  }
}

/**
 * The object's checksum, or undefined when a part is missing (then the engine refuses the completion anyway) or when the upload has ended since it was looked
 * up: the same request sent twice may have completed it, and the engine remembers.
 */
async function objectChecksum(
  tools: Toolbox,
  upload: Upload,
  named: readonly CompletedPart[],
): Promise<Checksum | undefined> {
  let stored: ReadonlyMap<number, Part>;
  try {
    stored = await storedParts(tools, upload);
  } catch (error) {
    if (isEngineError(error, "NoSuchUpload")) return undefined;
    throw error;
  }
  const parts: Part[] = [];
  for (const { partNumber } of named) {
    const part = stored.get(partNumber);
    if (part === undefined) return undefined;
    parts.push(part);
  }
  return checksumOfParts(chosenChecksum(upload) ?? DEFAULT_UPLOAD_CHECKSUM, parts);
}

/** Where the object is, as the client addressed the endpoint. */
function locationOf(view: BucketView, key: string, context: CallContext): string {
  const path = key.split("/").map(encodeURIComponent).join("/");
  return context.virtualHost ? `${context.endpoint}/${path}` : `${context.endpoint}/${view.record.name}/${path}`;
}

function assertSameType(input: S3.CompleteMultipartUploadRequest, upload: Upload | undefined): void {
  if (input.ChecksumType === undefined || upload === undefined) return;
  const { type } = chosenChecksum(upload) ?? DEFAULT_UPLOAD_CHECKSUM;
  if (input.ChecksumType !== type) {
    throw invalidRequest(
      `The upload was created using the ${type} checksum mode. The complete request must use the same checksum mode.`,
    );
  }
}

/** ETags that are no digests cannot belong to a part: the engine will say so; until then any digest does. */
const digestOrZero = (etag: string): string => (HEX_MD5.test(etag) ? etag : "0".repeat(32));

export const completeMultipartUpload =
  (tools: Toolbox): Handler<"CompleteMultipartUpload"> =>
  async (input, context) => {
    const view = tools.access.bucket(input.Bucket);
    const { bucketId } = view.record;
    const precondition = writePrecondition(input.IfMatch, input.IfNoneMatch);
    // An upload that is gone may have been completed by this very request, whose answer was lost: the engine remembers.
    const upload = await tools.engine.upload(bucketId, input.Key, input.UploadId);
    const named = namedParts(input, upload === undefined ? undefined : chosenChecksum(upload));
    assertSameType(input, upload);
    const sent = checksumOfMembers(input, true);
    const checksum = upload === undefined ? undefined : await objectChecksum(tools, upload, named);
    if (checksum !== undefined) verifyObjectChecksum(checksum, sent);
    const { version } = await tools.engine.completeUpload({
      bucketId,
      key: input.Key,
      uploadId: input.UploadId,
      versioning: view.versioning,
      parts: named,
      minPartSize: PART_BYTES_MIN,
      etag: multipartEtag(named.map(({ etag }) => digestOrZero(etag))),
      checksum,
      expectedSize: input.MpuObjectSize,
      precondition,
      announce: announcementOf(tools.catalog, view, "ObjectCreated:CompleteMultipartUpload", input.Key, context),
    });
    const output: Draft<S3.CompleteMultipartUploadOutput> = {
      Location: locationOf(view, input.Key, context),
      Bucket: view.record.name,
      Key: input.Key,
      ETag: quoteEtag(version.etag),
      VersionId: writtenVersionId(version),
      Expiration: expirationHeader(expiryOf(view.lifecycle, version)),
    };
    answerChecksum(output, version.checksum);
    if (version.encryption.mode === "SSE-S3") output.ServerSideEncryption = "AES256";
    return output;
  };
