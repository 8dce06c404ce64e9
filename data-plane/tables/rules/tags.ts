/** Tags of tables (DynamoDB API Reference, TagResource; AWS General Reference, "Tag naming limits"). Pure. */
import { TableValidation } from "#data-plane/tables/values";
import type { DynamoDB } from "#foundation/aws";

export const TAGS_MAX = 50;

const KEY_CHARACTERS_MAX = 128;
const VALUE_CHARACTERS_MAX = 256;
const CHARACTERS = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;

export type Tags = Readonly<Record<string, string>>;

/**
 * Tags with those of a request put over them.
 * @throws TableValidation
 */
export function withTags(before: Tags, asked: readonly DynamoDB.Tag[]): Tags {
  const seen = new Set<string>();
  for (const { Key, Value } of asked) {
    checkTag(Key, Value);
    if (seen.has(Key))
      throw new TableValidation(`One or more parameter values were invalid: Duplicate tag key: ${Key}`);
    seen.add(Key);
  }
  const merged = new Map([...Object.entries(before), ...asked.map(({ Key, Value }) => [Key, Value] as const)]);
  if (merged.size > TAGS_MAX) {
    throw new TableValidation(
      `One or more parameter values were invalid: Too many tags: a resource has at most ${TAGS_MAX} tags`,
    );
  }
  return Object.fromEntries(merged);
}

/** Keys that are not there are no mistake. */
export function withoutTags(before: Tags, keys: readonly string[]): Tags {
  const removed = new Set(keys);
  return Object.fromEntries(Object.entries(before).filter(([key]) => !removed.has(key)));
}

export const tagList = (tags: Tags): readonly DynamoDB.Tag[] =>
  Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));

function checkTag(key: string, value: string): void {
  if (/^aws:/i.test(key)) {
    throw new TableValidation(
      "One or more parameter values were invalid: Tag keys that begin with aws: are reserved for system use",
    );
  }
  const fits =
    [...key].length <= KEY_CHARACTERS_MAX &&
    [...value].length <= VALUE_CHARACTERS_MAX &&
    CHARACTERS.test(key) &&
    CHARACTERS.test(value);
  if (!fits) {
    throw new TableValidation(
      `One or more parameter values were invalid: The tag ${JSON.stringify(key.slice(0, KEY_CHARACTERS_MAX))} has characters that are not allowed, or too many`,
    );
  }
}
