/** `s3://bucket/key`. Pure. */
import { usageError } from "../../cli/errors.ts";

export interface S3Location {
  readonly bucket: string;
  /** `""` for the bucket itself. */
  readonly key: string;
}

/** Everything after the first slash is the key, whatever it holds; nothing is decoded. Undefined for text that does not begin with `s3://`. */
export function parseS3Url(text: string): S3Location | undefined {
  if (!text.startsWith("s3://")) return undefined;
  const rest = text.slice("s3://".length);
  const slash = rest.indexOf("/");
  const bucket = checkedBucket(slash < 0 ? rest : rest.slice(0, slash));
  return { bucket, key: slash < 0 ? "" : rest.slice(slash + 1) };
}

/** @throws CodedError USAGE when it is not a URL of an object */
export function objectLocation(text: string): S3Location {
  const location = parseS3Url(text);
  if (location === undefined || location.key === "")
    throw usageError(`"${text}" does not name an object.`, "Write s3://BUCKET/KEY.");
  return location;
}

/** A bucket's name, also as `s3://name`. @throws CodedError USAGE */
export function bucketName(text: string): string {
  const location = parseS3Url(text);
  if (location === undefined) return checkedBucket(text);
  if (location.key !== "") throw usageError(`"${text}" names an object, not a bucket.`);
  return location.bucket;
}

/** Only what could not be put into a URL at all is refused here; the endpoint knows the rules and says which one is broken. */
function checkedBucket(name: string): string {
  if (/^[^/\s?#]{1,255}$/.test(name)) return name;
  throw usageError(`"${name}" cannot be the name of a bucket.`, "3 to 63 lower-case letters, digits, dots and dashes.");
}
