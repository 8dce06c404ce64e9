/** Tags of queues (SQS Developer Guide, "Amazon SQS cost allocation tags"; API Reference, TagQueue). */
import { invalidParameter, missingParameter } from "../errors.ts";

export const TAGS_MAX = 50;
const KEY_LENGTH_MAX = 128;
const VALUE_LENGTH_MAX = 256;
const ALLOWED = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;

export type Tags = Readonly<Record<string, string>>;

/**
 * Checks tags that a caller gives.
 *
 * @param existing those that the queue has already
 * @returns the two together
 * @throws AwsError MissingParameter, InvalidParameterValue
 */
export function mergeTags(existing: Tags, given: Tags | undefined): Tags {
  if (given === undefined || Object.keys(given).length === 0) throw missingParameter("Tags");
  for (const [key, value] of Object.entries(given)) checkTag(key, value);
  // Spreading copies own properties only: `__proto__` is a tag like any other.
  const merged = { ...existing, ...given };
  if (Object.keys(merged).length > TAGS_MAX) throw invalidParameter(`Too many tags added for queue. Max: ${TAGS_MAX}`);
  return merged;
}

/** @throws AwsError MissingParameter */
export function withoutTags(existing: Tags, keys: readonly string[] | undefined): Tags {
  if (keys === undefined || keys.length === 0) throw missingParameter("TagKeys");
  const gone = new Set(keys);
  return Object.fromEntries(Object.entries(existing).filter(([key]) => !gone.has(key)));
}

function checkTag(key: string, value: string): void {
  if (key.length < 1 || key.length > KEY_LENGTH_MAX || !ALLOWED.test(key)) {
    throw invalidParameter(
      "Tag keys must be between 1 and 128 characters in length, and may only contain Unicode letters, digits, white space, or one of these symbols: _ . : / = + - @.",
    );
  }
  if (/^aws:/i.test(key)) throw invalidParameter("Tag keys must not begin with aws:, which is reserved for AWS use.");
  if (value.length > VALUE_LENGTH_MAX || !ALLOWED.test(value)) {
    throw invalidParameter(
      "Tag values must be at most 256 characters in length, and may only contain Unicode letters, digits, white space, or one of these symbols: _ . : / = + - @.",
    );
  }
}
