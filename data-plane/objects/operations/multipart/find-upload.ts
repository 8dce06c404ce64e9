/** Uploads in progress, and what a request about their parts must bring along. */
import type { Upload } from "../../engine/port.ts";
import { invalidArgument, invalidRequest, noSuchUpload } from "../../errors.ts";
import { type CustomerKeyHeaders, customerKey } from "../../rules/encryption.ts";
import type { UploadChecksum } from "../../rules/multipart-checksum.ts";
import type { BucketView } from "../../service/bucket-view.ts";
import type { Toolbox } from "../../service/define.ts";

export const PART_NUMBER_MAX = 10_000;

/** @throws AwsError NoSuchUpload */
export async function findUpload(
  tools: Toolbox,
  view: BucketView,
  request: { readonly Key: string; readonly UploadId: string },
): Promise<Upload> {
  const upload = await tools.engine.upload(view.record.bucketId, request.Key, request.UploadId);
  if (upload === undefined) throw noSuchUpload(request.UploadId);
  return upload;
}

/** @throws AwsError InvalidArgument */
export function assertPartNumber(partNumber: number): void {
  if (!Number.isInteger(partNumber) || partNumber < 1 || partNumber > PART_NUMBER_MAX) {
    throw invalidArgument(
      `Part number must be an integer between 1 and ${PART_NUMBER_MAX}, inclusive`,
      "partNumber",
      String(partNumber),
    );
  }
}

/** The checksum that the client chose for the upload; undefined when it left the choice to S3. */
export function chosenChecksum(upload: Upload): UploadChecksum | undefined {
  const { checksumAlgorithm, checksumType } = upload.attributes;
  if (checksumAlgorithm === undefined || checksumType === undefined) return undefined;
  return { algorithm: checksumAlgorithm, type: checksumType };
}

/**
 * The customer's key for a part: the same as for the whole upload.
 * @throws AwsError InvalidRequest
 */
export function keyOfPart(upload: Upload, headers: CustomerKeyHeaders, confidential: boolean): Uint8Array | undefined {
  const customer = customerKey(headers, confidential);
  const { encryption } = upload;
  if (encryption.mode !== "SSE-C") {
    if (customer !== undefined) {
      throw invalidRequest(
        "The multipart upload initiate did not request encryption. Please resend the request without sending encryption parameters.",
      );
    }
    return undefined;
  }
  if (customer === undefined) {
    throw invalidRequest(
      "The multipart upload initiate requested encryption. Subsequent part requests must include the appropriate encryption parameters.",
    );
  }
  if (customer.keyMd5 !== encryption.keyMd5) {
    throw invalidRequest("The provided encryption parameters did not match the ones used originally.");
  }
  return customer.key;
}
