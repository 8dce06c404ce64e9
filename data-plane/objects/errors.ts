/**
 * S3's errors as functions: code, status, message and extra elements as AWS writes them
 * (Amazon S3 API reference, "Error responses").
 */
import { AwsError, type AwsErrorOptions } from "#foundation/aws";

type Headers = NonNullable<AwsErrorOptions["headers"]>;

/** Any S3 error with its status. Prefer the named functions below where there is one. */
export function s3Error(
  code: string,
  statusCode: number,
  message: string,
  fields?: Readonly<Record<string, unknown>>,
  headers?: Headers,
): AwsError {
  return new AwsError(code, message, { statusCode, fields, headers });
}

export const noSuchBucket = (bucket: string) =>
  s3Error("NoSuchBucket", 404, "The specified bucket does not exist", { BucketName: bucket });

export const noSuchKey = (key: string, headers?: Headers) =>
  s3Error("NoSuchKey", 404, "The specified key does not exist.", { Key: key }, headers);

export const noSuchVersion = (key: string, versionId: string) =>
  s3Error("NoSuchVersion", 404, "The specified version does not exist.", { Key: key, VersionId: versionId });

export const noSuchUpload = (uploadId: string) =>
  s3Error(
    "NoSuchUpload",
    404,
    "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.",
    { UploadId: uploadId },
  );

export const accessDenied = (message = "Access Denied") => s3Error("AccessDenied", 403, message);

/** `Method` and `ResourceType` say what was tried on what. */
export const methodNotAllowed = (method: string, resourceType: string, headers?: Headers) =>
  s3Error(
    "MethodNotAllowed",
    405,
    "The specified method is not allowed against this resource.",
    { Method: method, ResourceType: resourceType },
    headers,
  );

export const invalidArgument = (message: string, name?: string, value?: string | number) =>
  s3Error("InvalidArgument", 400, message, { ArgumentName: name, ArgumentValue: value });

export const invalidRequest = (message: string, fields?: Readonly<Record<string, unknown>>) =>
  s3Error("InvalidRequest", 400, message, fields);

export const malformedXml = () =>
  s3Error(
    "MalformedXML",
    400,
    "The XML you provided was not well-formed or did not validate against our published schema",
  );

export const badDigest = (message: string, fields?: Readonly<Record<string, unknown>>) =>
  s3Error("BadDigest", 400, message, fields);

export const notImplemented = (message: string, header?: string, additional?: string) =>
  s3Error("NotImplemented", 501, message, { Header: header, additionalMessage: additional });

export const preconditionFailed = (condition: string) =>
  s3Error("PreconditionFailed", 412, "At least one of the pre-conditions you specified did not hold", {
    Condition: condition,
  });

/** 304 has no body; the headers are the ones that a cache needs (RFC 9110 §15.4.5). */
export const notModified = (headers: Headers) => s3Error("NotModified", 304, "Not Modified", undefined, headers);

export const invalidRange = (requested: string, actualSize: number) =>
  s3Error("InvalidRange", 416, "The requested range is not satisfiable", {
    RangeRequested: requested,
    ActualObjectSize: actualSize,
  });

export const serviceUnavailable = (message: string) =>
  s3Error("ServiceUnavailable", 503, message, undefined, [["retry-after", "1"]]);

export const invalidTag = (message: string, fields?: Readonly<Record<string, unknown>>) =>
  s3Error("InvalidTag", 400, message, fields);

export const aclsDisabled = () => s3Error("AccessControlListNotSupported", 400, "The bucket does not allow ACLs");
