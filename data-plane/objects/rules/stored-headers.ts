/** The headers that are stored with an object and come back with it. */
import type { StoredHeaders } from "../engine/port.ts";
import { s3Error } from "../errors.ts";

/** What S3 answers where no type was stored. */
export const DEFAULT_CONTENT_TYPE = "binary/octet-stream";
const REDIRECT_LENGTH_MAX = 2048;

/** Classes whose objects can be read at once. The archive classes need a restore, which has no meaning on one tier of disks. */
const STORAGE_CLASSES: ReadonlySet<string> = new Set([
  "STANDARD",
  "REDUCED_REDUNDANCY",
  "STANDARD_IA",
  "ONEZONE_IA",
  "INTELLIGENT_TIERING",
  "GLACIER_IR",
]);

export interface HeaderInput {
  readonly CacheControl?: string;
  readonly ContentDisposition?: string;
  readonly ContentEncoding?: string;
  readonly ContentLanguage?: string;
  readonly ContentType?: string;
  readonly Expires?: Date;
  readonly ExpiresString?: string;
  readonly StorageClass?: string;
  readonly WebsiteRedirectLocation?: string;
}

/** `aws-chunked` describes the transfer, not the object: it is taken away, `gzip` in `gzip,aws-chunked` stays. */
export function withoutChunkedCoding(encoding: string | undefined): string | undefined {
  if (encoding === undefined || !/aws-chunked/i.test(encoding)) return encoding;
  const rest = encoding
    .split(",")
    .map((coding) => coding.trim())
    .filter((coding) => coding !== "" && coding.toLowerCase() !== "aws-chunked");
  return rest.length === 0 ? undefined : rest.join(",");
}

function storageClass(name: string | undefined): string | undefined {
  if (name === undefined || name === "" || name === "STANDARD") return undefined;
  if (!STORAGE_CLASSES.has(name)) {
    throw s3Error("InvalidStorageClass", 400, "The storage class you specified is not valid", {
      StorageClassRequested: name,
    });
  }
  return name;
}

function redirectLocation(location: string | undefined): string | undefined {
  if (location === undefined || location === "") return undefined;
  if (!/^(?:\/|https?:\/\/)/.test(location)) {
    throw s3Error(
      "InvalidRedirectLocation",
      400,
      "The website redirect location must have a prefix of 'http://' or 'https://' or '/'.",
    );
  }
  if (location.length > REDIRECT_LENGTH_MAX) {
    throw s3Error(
      "InvalidRedirectLocation",
      400,
      `The length of website redirect location cannot exceed ${REDIRECT_LENGTH_MAX} characters.`,
    );
  }
  return location;
}

/** @throws AwsError InvalidStorageClass, InvalidRedirectLocation */
export function storedHeaders(input: HeaderInput): StoredHeaders {
  return {
    contentType: input.ContentType === "" ? undefined : input.ContentType,
    cacheControl: input.CacheControl,
    contentDisposition: input.ContentDisposition,
    contentEncoding: withoutChunkedCoding(input.ContentEncoding),
    contentLanguage: input.ContentLanguage,
    expires: input.ExpiresString ?? input.Expires?.toUTCString(),
    websiteRedirectLocation: redirectLocation(input.WebsiteRedirectLocation),
    storageClass: storageClass(input.StorageClass),
  };
}
