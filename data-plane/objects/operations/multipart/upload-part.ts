/** UploadPart and UploadPartCopy. */
import type { S3 } from "#foundation/aws";
import { bodyLength } from "../../body/body-length.ts";
import { type IntakeRequest, takeBody, UPLOAD_BYTES_MAX } from "../../body/intake.ts";
import type { Part, Upload } from "../../engine/port.ts";
import { invalidRequest } from "../../errors.ts";
import { announcedChecksum, answerChecksumValue } from "../../rules/checksum-names.ts";
import { answerEncryption, isConfidential } from "../../rules/encryption.ts";
import { quoteEtag } from "../../rules/etags.ts";
import { DEFAULT_UPLOAD_CHECKSUM, typeMismatch } from "../../rules/multipart-checksum.ts";
import { parseCopyRange } from "../../rules/ranges.ts";
import type { Handler, Toolbox } from "../../service/define.ts";
import type { Draft } from "../../service/draft.ts";
import { openSource } from "../objects/copy-source.ts";
import { shownVersionId } from "../objects/find-version.ts";
import { etagOf } from "../objects/put-object.ts";
import { assertPartNumber, chosenChecksum, findUpload, keyOfPart } from "./find-upload.ts";

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  if (bytes.length > 0) yield bytes;
}

/** Takes a part's bytes in with the encryption of its upload and keeps them as that part. */
async function storePart(
  tools: Toolbox,
  upload: Upload,
  partNumber: number,
  intake: IntakeRequest,
  customerKey: Uint8Array | undefined,
): Promise<Part> {
  const { engine } = tools;
  const taken = await takeBody(intake, {
    bytes: (bytes) => engine.stagePart(upload, once(bytes), customerKey),
    stream: (source) => engine.stagePart(upload, source, customerKey),
    discard: (body) => engine.discard(body),
  });
  return engine.putPart({
    bucketId: upload.bucketId,
    key: upload.key,
    uploadId: upload.uploadId,
    partNumber,
    body: taken.body,
    etag: etagOf(tools, taken.md5, upload.encryption.mode),
    checksum: { algorithm: intake.algorithm, type: "FULL_OBJECT", value: taken.checksum },
  });
}

export const uploadPart =
  (tools: Toolbox): Handler<"UploadPart"> =>
  async (input, context) => {
    const view = tools.access.bucket(input.Bucket);
    assertPartNumber(input.PartNumber);
    const announced = announcedChecksum(input, input.ChecksumAlgorithm, context.request.headers.get("x-amz-trailer"));
    const length = bodyLength(context.request);
    const upload = await findUpload(tools, view, input);
    const chosen = chosenChecksum(upload);
    if (chosen !== undefined && announced?.algorithm !== chosen.algorithm) {
      throw typeMismatch(chosen.algorithm, announced?.algorithm);
    }
    const part = await storePart(
      tools,
      upload,
      input.PartNumber,
      {
        source: input.Body,
        length,
        contentMd5: input.ContentMD5,
        announced,
        algorithm: (chosen ?? DEFAULT_UPLOAD_CHECKSUM).algorithm,
        trailers: context.trailers,
      },
      keyOfPart(upload, input, isConfidential(context.request)),
    );
    const output: Draft<S3.UploadPartOutput> = { ETag: quoteEtag(part.etag) };
    if (chosen !== undefined) answerChecksumValue(output, part.checksum);
    answerEncryption(output, upload.encryption);
    return output;
  };

export const uploadPartCopy =
  (tools: Toolbox): Handler<"UploadPartCopy"> =>
  async (input, context) => {
    const view = tools.access.bucket(input.Bucket);
    assertPartNumber(input.PartNumber);
    const upload = await findUpload(tools, view, input);
    const opened = await openSource(tools, input, context);
    const { version } = opened;
    const range = parseCopyRange(input.CopySourceRange, version.size);
    const length = range === undefined ? version.size : range.end - range.start;
    if (length > UPLOAD_BYTES_MAX) {
      throw invalidRequest(
        `The specified copy source is larger than the maximum allowable size for a copy source: ${UPLOAD_BYTES_MAX}`,
      );
    }
    const customerKey = keyOfPart(upload, input, isConfidential(context.request));
    const chosen = chosenChecksum(upload);
    const part = await storePart(
      tools,
      upload,
      input.PartNumber,
      {
        source: await tools.engine.read(version, range, opened.customerKey),
        length,
        contentMd5: undefined,
        announced: undefined,
        algorithm: (chosen ?? DEFAULT_UPLOAD_CHECKSUM).algorithm,
        trailers: context.trailers,
      },
      customerKey,
    );
    const result: Draft<S3.CopyPartResult> = {
      ETag: quoteEtag(part.etag),
      LastModified: new Date(part.lastModified),
    };
    if (chosen !== undefined) answerChecksumValue(result, part.checksum);
    const output: Draft<S3.UploadPartCopyOutput> = {
      CopyPartResult: result,
      CopySourceVersionId: shownVersionId(opened.view, version),
    };
    answerEncryption(output, upload.encryption);
    return output;
  };
