/** The `x-amz-trailer` header: which fields will follow the body (S3 API Reference, "Checking object integrity", "Trailing checksums"). */
import { AwsError } from "#foundation/aws";
import { algorithmOfHeader } from "#foundation/aws/checksums";

const NONE: readonly string[] = [];

/**
 * Lower-case names of the fields that must come, and no other may.
 *
 * @param header as sent; undefined when absent: then no field may come
 * @param trailer whether the body's encoding has a trailer
 * @throws AwsError `InvalidRequest` for names that are no checksums, for several, and for a trailer that the encoding does not have
 */
export function announcedTrailers(header: string | undefined, trailer: boolean): readonly string[] {
  if (header === undefined) return NONE;
  const names = header
    .split(",")
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== "");
  const [name, ...others] = names;
  if (name === undefined) return NONE;
  if (others.length > 0) {
    throw invalid("Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.");
  }
  if (!trailer || algorithmOfHeader(name) === undefined) {
    throw invalid("The value specified in the x-amz-trailer header is not supported");
  }
  return names;
}

function invalid(message: string): AwsError {
  return new AwsError("InvalidRequest", message, { statusCode: 400 });
}
