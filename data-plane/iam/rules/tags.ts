/** Tags of IAM entities (IAM User Guide, "Tags for IAM resources": naming and case sensitivity). Pure. */
import type { IdentityKind, IdentityTags } from "#contracts";
import type { IAM } from "#foundation/aws";
import { invalidInput } from "../errors.ts";

/** Kinds whose tag keys differ in case only are the same; what was written last is what is shown. */
const IGNORES_CASE: ReadonlySet<IdentityKind> = new Set(["user", "role"]);

/** Kinds that can have tags. */
export type TaggedKind = "user" | "role" | "managedPolicy" | "instanceProfile" | "oidcProvider";

/** What makes two keys of a kind the same. */
const canonical = (kind: TaggedKind, key: string): string => (IGNORES_CASE.has(kind) ? key.toLowerCase() : key);

/**
 * Tags as they were given, by key.
 * @throws AwsError InvalidInput for a key that is there twice
 */
export function tagsOf(kind: TaggedKind, given: readonly IAM.Tag[]): IdentityTags {
  const seen = new Set(given.map(({ Key }) => canonical(kind, Key)));
  if (seen.size < given.length) {
    throw invalidInput(
      IGNORES_CASE.has(kind)
        ? "Duplicate tag keys found. Please note that Tag keys are case insensitive."
        : "Duplicate tag keys found.",
    );
  }
  return Object.fromEntries(given.map(({ Key, Value }) => [Key, Value]));
}

/** The patch that adds tags: a tag whose key was written in another case gives way. */
export function addedTags(
  kind: TaggedKind,
  existing: IdentityTags,
  given: IdentityTags,
): Readonly<Record<string, string | null>> {
  const new_ = new Set(Object.keys(given).map((key) => canonical(kind, key)));
  const replaced = Object.keys(existing).filter((key) => new_.has(canonical(kind, key)));
  return { ...Object.fromEntries(replaced.map((key) => [key, null])), ...given };
}

/** The patch that takes tags away; keys that are not there are no mistake. */
export function removedTags(
  kind: TaggedKind,
  existing: IdentityTags,
  keys: readonly string[],
): Readonly<Record<string, null>> {
  const gone = new Set(keys.map((key) => canonical(kind, key)));
  return Object.fromEntries(
    Object.keys(existing)
      .filter((key) => gone.has(canonical(kind, key)))
      .map((key) => [key, null]),
  );
}

/** As IAM lists them: by key. */
export const listedTags = (tags: IdentityTags = {}): readonly IAM.Tag[] =>
  Object.keys(tags)
    .sort()
    .map((Key) => ({ Key, Value: tags[Key]! }));
