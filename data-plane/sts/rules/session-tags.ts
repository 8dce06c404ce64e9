/** Tags of sessions (IAM User Guide, "Pass session tags in AWS STS"). Pure. */
import type { CallerSession } from "#data-plane/service";
import type { STS } from "#foundation/aws";
import { invalidParameterValue } from "../errors.ts";

/** The tags that a new session has. */
export interface SessionTags {
  /** Undefined: none. */
  readonly tags: Readonly<Record<string, string>> | undefined;
  /** Keys of those that go on to sessions that this one makes. */
  readonly transitiveTags: readonly string[] | undefined;
}

/**
 * Those that are passed, and those that the session that makes it hands on.
 *
 * @param maker the session that assumes a role, if it is one
 * @throws AwsError InvalidParameterValue
 */
export function sessionTagsOf(
  passed: readonly STS.Tag[],
  passedTransitive: readonly string[],
  maker: CallerSession | undefined,
): SessionTags {
  const keys = new Set(passed.map(({ Key }) => Key.toLowerCase()));
  if (keys.size !== passed.length) {
    throw invalidParameterValue("Duplicate tag keys found. Please note that Tag keys are case insensitive.");
  }
  if ([...keys].some((key) => key.startsWith("aws:"))) {
    throw invalidParameterValue("Tag keys that begin with aws: are reserved.");
  }
  if (passedTransitive.some((key) => !keys.has(key.toLowerCase()))) {
    throw invalidParameterValue("The specified transitive tag key must be included in the requested tags.");
  }
  const handedOn = maker?.transitiveTags ?? [];
  if (handedOn.some((key) => keys.has(key.toLowerCase()))) {
    throw invalidParameterValue(
      "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session.",
    );
  }
  const isHandedOn = new Set(handedOn.map((key) => key.toLowerCase()));
  const inherited = Object.entries(maker?.tags ?? {}).filter(([key]) => isHandedOn.has(key.toLowerCase()));
  const tags = [...inherited, ...passed.map(({ Key, Value }) => [Key, Value] as const)];
  const transitive = [...handedOn, ...passedTransitive];
  return {
    tags: tags.length === 0 ? undefined : Object.fromEntries(tags),
    transitiveTags: transitive.length === 0 ? undefined : transitive,
  };
}

/** Condition keys that tell policies which tags a request passes. */
export function tagConditions(
  passed: readonly STS.Tag[],
  transitive: readonly string[],
): Readonly<Record<string, string | readonly string[] | undefined>> {
  if (passed.length === 0) return {};
  return {
    ...Object.fromEntries(passed.map(({ Key, Value }) => [`aws:requesttag/${Key.toLowerCase()}`, Value])),
    "aws:tagkeys": passed.map(({ Key }) => Key),
    "sts:transitivetagkeys": transitive.length === 0 ? undefined : transitive,
  };
}
