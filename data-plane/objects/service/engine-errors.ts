/** What the engine refuses, as S3 says it. */
import { AwsError } from "#foundation/aws";
import { EngineError } from "../engine/engine-error.ts";
import {
  accessDenied,
  badDigest,
  invalidRequest,
  noSuchBucket,
  noSuchKey,
  noSuchUpload,
  noSuchVersion,
  preconditionFailed,
  s3Error,
} from "../errors.ts";

/** What a message may have to name. */
export interface FailedRequest {
  readonly Bucket?: string;
  readonly Key?: string;
  readonly VersionId?: string;
  readonly UploadId?: string;
}

/** The error to answer with. Errors that no engine threw come back unchanged. */
export function toS3Error(error: unknown, request: FailedRequest): unknown {
  if (!(error instanceof EngineError)) return error;
  const { code, details } = error;
  const key = request.Key ?? "";
  switch (code) {
    case "PreconditionFailed":
      return preconditionFailed(details.condition ?? "If-Match");
    case "ConditionalRequestConflict":
      return s3Error(
        "ConditionalRequestConflict",
        409,
        "The conditional request cannot succeed due to a conflicting operation against this resource.",
        { Condition: details.condition ?? "If-None-Match", Key: key },
      );
    case "NoSuchKey":
      return noSuchKey(key);
    case "NoSuchVersion":
      return noSuchVersion(key, request.VersionId ?? "");
    case "NoSuchUpload":
      return noSuchUpload(request.UploadId ?? "");
    case "InvalidPart":
      return s3Error(
        "InvalidPart",
        400,
        "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.",
        { UploadId: request.UploadId, PartNumber: details.partNumber, ETag: details.etag },
      );
    case "InvalidPartOrder":
      return s3Error(
        "InvalidPartOrder",
        400,
        "The list of parts was not in ascending order. The parts list must be specified in order by part number.",
        { UploadId: request.UploadId },
      );
    case "EntityTooSmall":
      return s3Error("EntityTooSmall", 400, "Your proposed upload is smaller than the minimum allowed size", {
        ProposedSize: details.size,
        MinSizeAllowed: details.expected,
        PartNumber: details.partNumber,
        ETag: details.etag,
      });
    case "SizeMismatch":
      return invalidRequest(
        `The provided 'x-amz-mp-object-size' header value ${details.expected ?? ""} does not match what was computed: ${details.size ?? ""}`,
      );
    case "ChecksumMismatch":
      return badDigest("The checksum you specified did not match what we received.");
    case "ObjectLocked":
      return accessDenied("Access Denied because object protected by object lock.");
    case "BucketClosed":
      return noSuchBucket(request.Bucket ?? "");
    case "BucketNotEmpty":
      return bucketNotEmpty(request.Bucket ?? "");
    case "WrongEncryptionKey":
      return accessDenied();
    case "InsufficientStorage":
      return new AwsError("ServiceUnavailable", "The disk is full. Free space, then please retry.", {
        statusCode: 503,
        fault: "server",
        cause: error,
      });
    case "Corrupt":
      return new AwsError(
        "InternalError",
        "The stored bytes of this object are damaged: they are not what was written.",
        { statusCode: 500, fault: "server", cause: error },
      );
  }
}

export const bucketNotEmpty = (bucket: string) =>
  s3Error(
    "BucketNotEmpty",
    409,
    "The bucket you tried to delete is not empty. You must delete all versions in the bucket.",
    {
      BucketName: bucket,
    },
  );
