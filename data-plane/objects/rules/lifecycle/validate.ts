/**
 * Lifecycle configurations as S3 accepts them (Amazon S3 API reference, PutBucketLifecycleConfiguration; user guide, "Lifecycle configuration elements").
 */
import type { S3 } from "#foundation/aws";
import { invalidArgument, invalidRequest, malformedXml, notImplemented } from "../../errors.ts";
import { type LooseTag, OBJECT_TAGS_MAX, validateTagSet } from "../tagging.ts";

export const LIFECYCLE_RULES_MAX = 1000;
const RULE_ID_LENGTH_MAX = 255;
const NEWER_NONCURRENT_VERSIONS_MAX = 100;
const DAY = 24 * 60 * 60 * 1000;

function positive(value: number | undefined, what: string, argument: string): void {
  if (value === undefined) throw malformedXml();
  if (!Number.isInteger(value) || value <= 0) {
    throw invalidArgument(`'${argument}' for ${what} action must be a positive integer`, argument, value);
  }
}

const given = (values: readonly unknown[]): number => values.filter((value) => value !== undefined).length;

interface FilterFacts {
  readonly tags: boolean;
  readonly sizes: boolean;
}

function checkTags(tags: readonly LooseTag[]): void {
  const keys = new Set(tags.map((tag) => tag.Key));
  if (keys.size !== tags.length) throw invalidRequest("Duplicate Tag Keys are not allowed.");
  validateTagSet(tags, OBJECT_TAGS_MAX);
}

function checkSizes(filter: { readonly ObjectSizeGreaterThan?: number; readonly ObjectSizeLessThan?: number }): void {
  const { ObjectSizeGreaterThan: above, ObjectSizeLessThan: below } = filter;
  if (above !== undefined && above < 0) {
    throw invalidRequest("'ObjectSizeGreaterThan' must be a non-negative integer");
  }
  if (below !== undefined && below <= 0) throw invalidRequest("'ObjectSizeLessThan' must be a positive integer");
  if (above !== undefined && below !== undefined && above >= below) {
    throw invalidRequest("'ObjectSizeLessThan' has to be a value greater than 'ObjectSizeGreaterThan'.");
  }
}

/** A filter has one criterion at most; several stand in `And`. */
function checkFilter(filter: S3.LifecycleRuleFilter): FilterFacts {
  const { Prefix, Tag, ObjectSizeGreaterThan, ObjectSizeLessThan, And } = filter;
  if (given([Prefix, Tag, ObjectSizeGreaterThan, ObjectSizeLessThan, And]) > 1) throw malformedXml();
  checkSizes(filter);
  if (Tag !== undefined) checkTags([Tag]);
  if (And === undefined) {
    return {
      tags: Tag !== undefined,
      sizes: ObjectSizeGreaterThan !== undefined || ObjectSizeLessThan !== undefined,
    };
  }
  const tags = And.Tags ?? [];
  if (given([And.Prefix, And.ObjectSizeGreaterThan, And.ObjectSizeLessThan]) + tags.length < 2) throw malformedXml();
  checkTags(tags);
  checkSizes(And);
  return { tags: tags.length > 0, sizes: given([And.ObjectSizeGreaterThan, And.ObjectSizeLessThan]) > 0 };
}

function checkExpiration(expiration: S3.LifecycleExpiration, facts: FilterFacts): void {
  const { Days, Date: date, ExpiredObjectDeleteMarker } = expiration;
  if (given([Days, date, ExpiredObjectDeleteMarker]) !== 1) throw malformedXml();
  if (Days !== undefined) positive(Days, "Expiration", "Days");
  if (date !== undefined && (Number.isNaN(date.getTime()) || date.getTime() % DAY !== 0)) {
    throw invalidArgument("'Date' must be at midnight GMT", "Date");
  }
  if (ExpiredObjectDeleteMarker !== undefined && facts.tags) {
    throw invalidRequest("ExpiredObjectDeleteMarker cannot be specified with Tags.");
  }
}

function checkNoncurrent(expiration: S3.NoncurrentVersionExpiration): void {
  positive(expiration.NoncurrentDays, "NoncurrentVersionExpiration", "NoncurrentDays");
  const newer = expiration.NewerNoncurrentVersions;
  if (newer !== undefined && (!Number.isInteger(newer) || newer < 1 || newer > NEWER_NONCURRENT_VERSIONS_MAX)) {
    throw invalidArgument(
      `'NewerNoncurrentVersions' must be between 1 and ${NEWER_NONCURRENT_VERSIONS_MAX}`,
      "NewerNoncurrentVersions",
      newer,
    );
  }
}

function checkAbort(abort: S3.AbortIncompleteMultipartUpload, facts: FilterFacts): void {
  positive(abort.DaysAfterInitiation, "AbortIncompleteMultipartUpload", "DaysAfterInitiation");
  if (facts.tags) throw invalidRequest("AbortIncompleteMultipartUpload cannot be specified with Tags.");
  if (facts.sizes) throw invalidRequest("AbortIncompleteMultipartUpload cannot be specified with Object Size.");
}

function checkRule(rule: S3.LifecycleRule): void {
  if (rule.Status !== "Enabled" && rule.Status !== "Disabled") throw malformedXml();
  if (rule.ID !== undefined && rule.ID.length > RULE_ID_LENGTH_MAX) {
    throw invalidArgument(`ID length should not exceed allowed limit of ${RULE_ID_LENGTH_MAX}`, "ID", rule.ID);
  }
  if ((rule.Prefix === undefined) === (rule.Filter === undefined)) throw malformedXml();
  const facts = rule.Filter === undefined ? { tags: false, sizes: false } : checkFilter(rule.Filter);
  const { Expiration, NoncurrentVersionExpiration, AbortIncompleteMultipartUpload } = rule;
  const transitions = (rule.Transitions?.length ?? 0) + (rule.NoncurrentVersionTransitions?.length ?? 0);
  if (transitions > 0) {
    throw notImplemented(
      "Lifecycle transitions are not implemented: all objects are kept in one storage tier. Use expiration actions only.",
    );
  }
  if (given([Expiration, NoncurrentVersionExpiration, AbortIncompleteMultipartUpload]) === 0) {
    throw invalidRequest("At least one action needs to be specified in a rule");
  }
  if (Expiration !== undefined) checkExpiration(Expiration, facts);
  if (NoncurrentVersionExpiration !== undefined) checkNoncurrent(NoncurrentVersionExpiration);
  if (AbortIncompleteMultipartUpload !== undefined) checkAbort(AbortIncompleteMultipartUpload, facts);
}

/**
 * Checks the rules and gives an id to those without one.
 *
 * @param makeId a fresh rule id
 * @throws AwsError MalformedXML, InvalidArgument, InvalidRequest; NotImplemented for transitions
 */
export function validateLifecycle(
  configuration: { readonly Rules?: readonly S3.LifecycleRule[] } | undefined,
  makeId: () => string,
): readonly S3.LifecycleRule[] {
  const rules = configuration?.Rules;
  if (rules === undefined || rules.length === 0 || rules.length > LIFECYCLE_RULES_MAX) throw malformedXml();
  const seen = new Set<string>();
  return rules.map((rule) => {
    checkRule(rule);
    const id = rule.ID === undefined || rule.ID === "" ? makeId() : rule.ID;
    if (seen.has(id)) {
      throw invalidArgument("Rule ID must be unique. Found same ID for more than one rule", "ID", id);
    }
    seen.add(id);
    return { ...rule, ID: id };
  });
}
