/** Which notifications of a bucket an event concerns (Amazon S3 user guide, "Configuring event notifications using object key name filtering"). Pure. */
import type { S3 } from "#foundation/aws";
import { invalidArgument } from "../../errors.ts";

/** A notification without its destination. */
export interface NotificationRule {
  readonly Id?: string;
  readonly Events: readonly string[];
  readonly Filter?: S3.NotificationConfigurationFilter;
}

/** Beginning and end that a key must have. */
export interface KeyFilter {
  readonly prefix: string;
  readonly suffix: string;
}

/** @throws AwsError InvalidArgument for another name, or the same one twice */
export function keyFilterOf(rule: NotificationRule): KeyFilter {
  let prefix: string | undefined;
  let suffix: string | undefined;
  for (const { Name, Value = "" } of rule.Filter?.Key?.FilterRules ?? []) {
    const name = (Name as string | undefined)?.toLowerCase();
    if (name === "prefix" && prefix === undefined) prefix = Value;
    else if (name === "suffix" && suffix === undefined) suffix = Value;
    else if (name === "prefix" || name === "suffix") {
      throw invalidArgument(`Cannot specify more than one ${name} rule in a filter.`, "FilterRule.Name", name);
    } else throw invalidArgument("filter rule name must be either prefix or suffix", "FilterRule.Name", Name);
  }
  return { prefix: prefix ?? "", suffix: suffix ?? "" };
}

/** `s3:ObjectCreated:*` stands for every event of its kind. */
export function eventMatches(pattern: string, event: string): boolean {
  return pattern === event || (pattern.endsWith("*") && event.startsWith(pattern.slice(0, -1)));
}

const eventsOverlap = (left: readonly string[], right: readonly string[]): boolean =>
  left.some((one) => right.some((other) => eventMatches(one, other) || eventMatches(other, one)));

/** Two beginnings (or ends) overlap when one begins (or ends) with the other: then some key has both. */
const filtersOverlap = (left: KeyFilter, right: KeyFilter): boolean =>
  (left.prefix.startsWith(right.prefix) || right.prefix.startsWith(left.prefix)) &&
  (left.suffix.endsWith(right.suffix) || right.suffix.endsWith(left.suffix));

/**
 * Refuses rules of which two would announce the same event.
 * @param rules of all destinations together
 * @throws AwsError InvalidArgument
 */
export function refuseOverlaps(rules: readonly NotificationRule[]): void {
  const filters = rules.map(keyFilterOf);
  for (let left = 0; left < rules.length; left++) {
    for (let right = left + 1; right < rules.length; right++) {
      if (!eventsOverlap(rules[left]!.Events, rules[right]!.Events)) continue;
      if (filtersOverlap(filters[left]!, filters[right]!)) {
        throw invalidArgument(
          "Configuration is ambiguously defined. Cannot have overlapping suffixes in two rules if the prefixes are overlapping for the same event type.",
        );
      }
    }
  }
}
