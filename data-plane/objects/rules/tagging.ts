/** Tags of objects and buckets (Amazon S3 user guide, "Categorizing your storage using tags"; "Tag restrictions"). */
import type { Tag } from "../engine/port.ts";
import { invalidArgument, invalidTag, malformedXml, s3Error } from "../errors.ts";

export const OBJECT_TAGS_MAX = 10;
export const BUCKET_TAGS_MAX = 50;
/** In UTF-16 units, as S3 counts. */
const TAG_KEY_LENGTH_MAX = 128;
const TAG_VALUE_LENGTH_MAX = 256;
const ALLOWED = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;

const NO_TAGS: readonly Tag[] = Object.freeze([]);

/** What a client sends for a tag, before it is checked. */
export interface LooseTag {
  readonly Key?: string | undefined;
  readonly Value?: string | undefined;
}

function checkTag(tag: LooseTag, allowSystem: boolean): Tag {
  if (tag.Key === undefined || tag.Value === undefined) throw malformedXml();
  if (tag.Key.length < 1 || tag.Key.length > TAG_KEY_LENGTH_MAX || !ALLOWED.test(tag.Key)) {
    throw invalidTag("The TagKey you have provided is invalid", { TagKey: tag.Key });
  }
  if (tag.Value.length > TAG_VALUE_LENGTH_MAX || !ALLOWED.test(tag.Value)) {
    throw invalidTag("The TagValue you have provided is invalid", { TagKey: tag.Key, TagValue: tag.Value });
  }
  if (!allowSystem && tag.Key.startsWith("aws:")) {
    throw invalidTag("System tags cannot be added/updated by requester", { TagKey: tag.Key });
  }
  return { Key: tag.Key, Value: tag.Value };
}

/**
 * Checks a tag set of a request body.
 *
 * @param limit {@link OBJECT_TAGS_MAX} or {@link BUCKET_TAGS_MAX}
 * @throws AwsError BadRequest for too many, InvalidTag for a bad or repeated one, MalformedXML when key or value is missing
 */
export function validateTagSet(tags: readonly LooseTag[], limit: number): readonly Tag[] {
  if (tags.length > limit) {
    throw s3Error(
      "BadRequest",
      400,
      limit === OBJECT_TAGS_MAX
        ? `Object tags cannot be greater than ${limit}`
        : `Bucket tag count cannot be greater than ${limit}`,
    );
  }
  const seen = new Set<string>();
  const result: Tag[] = [];
  for (const tag of tags) {
    const checked = checkTag(tag, false);
    if (seen.has(checked.Key)) {
      throw invalidTag("Cannot provide multiple Tags with the same key", { TagKey: checked.Key });
    }
    seen.add(checked.Key);
    result.push(checked);
  }
  return result;
}

const HEADER_MESSAGE =
  "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.";

function decodeFormPart(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    throw invalidArgument(HEADER_MESSAGE, "x-amz-tagging", text);
  }
}

/**
 * Reads `x-amz-tagging`: `a=1&b=2`, encoded as a form.
 * @throws AwsError InvalidArgument for broken coding or repeated names, otherwise as {@link validateTagSet}
 */
export function parseTaggingHeader(header: string | undefined): readonly Tag[] {
  if (header === undefined || header === "") return NO_TAGS;
  const tags: Tag[] = [];
  const seen = new Set<string>();
  for (const pair of header.split("&")) {
    if (pair === "") continue;
    const equals = pair.indexOf("=");
    const key = decodeFormPart(equals < 0 ? pair : pair.slice(0, equals));
    const value = equals < 0 ? "" : decodeFormPart(pair.slice(equals + 1));
    if (seen.has(key)) throw invalidArgument(HEADER_MESSAGE, "x-amz-tagging", header);
    seen.add(key);
    tags.push({ Key: key, Value: value });
  }
  return validateTagSet(tags, OBJECT_TAGS_MAX);
}
