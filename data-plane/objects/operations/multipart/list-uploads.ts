/** ListParts and ListMultipartUploads. */
import type { S3 } from "#foundation/aws";
import type { ListPage, Part, Upload } from "../../engine/port.ts";
import { invalidArgument } from "../../errors.ts";
import { answerChecksumValue } from "../../rules/checksum-names.ts";
import { quoteEtag } from "../../rules/etags.ts";
import { abortOf } from "../../rules/lifecycle/plan.ts";
import { listLimit, nameEncoder, roundMarker, urlEncoding } from "../../rules/listing.ts";
import type { Handler, Toolbox } from "../../service/define.ts";
import type { Draft } from "../../service/draft.ts";
import { chosenChecksum, findUpload } from "./find-upload.ts";

function partMarker(text: string | undefined): number {
  if (text === undefined || text === "") return 0;
  if (/^\d{1,10}$/.test(text) && Number(text) <= 2 ** 31 - 1) return Number(text);
  throw invalidArgument(
    "Argument part-number-marker must be an integer between 0 and 2147483647",
    "part-number-marker",
    text,
  );
}

const storageClassOf = (upload: Upload): S3.StorageClass =>
  (upload.attributes.headers.storageClass ?? "STANDARD") as S3.StorageClass;

const initiatorOf = (upload: Upload): S3.Initiator => ({
  ID: upload.attributes.initiator.id,
  DisplayName: upload.attributes.initiator.displayName,
});

function describePart(part: Part, withChecksum: boolean): S3.Part {
  const entry: Draft<S3.Part> = {
    PartNumber: part.partNumber,
    LastModified: new Date(part.lastModified),
    ETag: quoteEtag(part.etag),
    Size: part.size,
  };
  if (withChecksum) answerChecksumValue(entry, part.checksum);
  return entry;
}

export const listParts =
  (tools: Toolbox): Handler<"ListParts"> =>
  async (input) => {
    const view = tools.access.bucket(input.Bucket);
    const limit = listLimit(input.MaxParts, "max-parts");
    const marker = partMarker(input.PartNumberMarker);
    const upload = await findUpload(tools, view, input);
    const { bucketId } = view.record;
    const page =
      limit === 0
        ? { parts: [], truncated: false }
        : await tools.engine.listParts(bucketId, input.Key, input.UploadId, marker, limit);
    const chosen = chosenChecksum(upload);
    const abort = abortOf(view.lifecycle, upload);
    const output: Draft<S3.ListPartsOutput> = {
      Bucket: view.record.name,
      Key: input.Key,
      UploadId: input.UploadId,
      PartNumberMarker: String(marker),
      NextPartNumberMarker: String(page.parts.at(-1)?.partNumber ?? 0),
      MaxParts: limit,
      IsTruncated: page.truncated,
      Initiator: initiatorOf(upload),
      Owner: { ID: tools.access.canonicalId(upload.attributes.owner) },
      StorageClass: storageClassOf(upload),
      ChecksumAlgorithm: chosen?.algorithm,
      ChecksumType: chosen?.type,
      AbortDate: abort === undefined ? undefined : new Date(abort.at),
      AbortRuleId: abort?.ruleId,
    };
    if (page.parts.length > 0) output.Parts = page.parts.map((part) => describePart(part, chosen !== undefined));
    return output;
  };

const NOTHING: ListPage<Upload> & { readonly nextUploadId?: string } = {
  entries: [],
  commonPrefixes: [],
  truncated: false,
};

function describeUpload(tools: Toolbox, upload: Upload, encode: (name: string) => string): S3.MultipartUpload {
  const chosen = chosenChecksum(upload);
  return {
    UploadId: upload.uploadId,
    Key: encode(upload.key),
    Initiated: new Date(upload.initiated),
    StorageClass: storageClassOf(upload),
    Owner: { ID: tools.access.canonicalId(upload.attributes.owner) },
    Initiator: initiatorOf(upload),
    ChecksumAlgorithm: chosen?.algorithm,
    ChecksumType: chosen?.type,
  };
}

export const listMultipartUploads =
  (tools: Toolbox): Handler<"ListMultipartUploads"> =>
  async (input) => {
    const view = tools.access.bucket(input.Bucket);
    const limit = listLimit(input.MaxUploads, "max-uploads");
    const url = urlEncoding(input.EncodingType);
    const encode = nameEncoder(url);
    const prefix = input.Prefix ?? "";
    const delimiter = input.Delimiter ?? "";
    const keyMarker = input.KeyMarker ?? "";
    // Without a key marker an upload id says nothing (API reference, ListMultipartUploads).
    const uploadIdMarker = keyMarker === "" ? undefined : input.UploadIdMarker || undefined;
    const after = uploadIdMarker === undefined ? roundMarker(keyMarker, prefix, delimiter) : keyMarker;
    const page =
      limit === 0
        ? NOTHING
        : await tools.engine.listUploads({
            bucketId: view.record.bucketId,
            prefix,
            delimiter,
            after: after || undefined,
            afterUploadId: uploadIdMarker,
            limit,
          });
    const output: Draft<S3.ListMultipartUploadsOutput> = {
      Bucket: view.record.name,
      KeyMarker: encode(keyMarker),
      UploadIdMarker: uploadIdMarker ?? "",
      MaxUploads: limit,
      IsTruncated: page.truncated,
    };
    if (prefix !== "") output.Prefix = encode(prefix);
    if (delimiter !== "") output.Delimiter = encode(delimiter);
    if (url) output.EncodingType = "url";
    if (page.truncated && page.next !== undefined) {
      output.NextKeyMarker = encode(page.next);
      if (page.nextUploadId !== undefined) output.NextUploadIdMarker = page.nextUploadId;
    }
    if (page.entries.length > 0) output.Uploads = page.entries.map((upload) => describeUpload(tools, upload, encode));
    if (page.commonPrefixes.length > 0) {
      output.CommonPrefixes = page.commonPrefixes.map((name) => ({ Prefix: encode(name) }));
    }
    return output;
  };
