/** What lifecycle rules mean for one version or upload, now. Pure: rule × version × time → action. */
import type { ObjectVersion, Tag, Upload } from "../../engine/port.ts";
import type { CompiledRule } from "./compile.ts";

const DAY = 24 * 60 * 60 * 1000;

/** Days are added, then the time is rounded up to the next midnight UTC (user guide, "Lifecycle rules: based on an object's age"). */
export const dueAfterDays = (start: number, days: number): number => Math.floor((start + days * DAY) / DAY) * DAY + DAY;

type Filtered = Pick<ObjectVersion, "key" | "size" | "tags">;

const hasTag = (tags: readonly Tag[], wanted: Tag): boolean =>
  tags.some((tag) => tag.Key === wanted.Key && tag.Value === wanted.Value);

/** Whether the rule's filter takes the object. Sizes and tags do not speak of delete markers, which have neither. */
function selects(rule: CompiledRule, version: Filtered): boolean {
  return (
    version.key.startsWith(rule.prefix) &&
    version.size > rule.largerThan &&
    version.size < rule.smallerThan &&
    rule.tags.every((tag) => hasTag(version.tags, tag))
  );
}

/** When a current version expires, and by which rule; the earliest wins. */
export interface Expiry {
  readonly at: number;
  readonly ruleId: string;
}

/**
 * When this version expires as the current one.
 * @returns undefined when no rule says so, and for delete markers
 */
export function expiryOf(
  rules: readonly CompiledRule[],
  version: Filtered & Pick<ObjectVersion, "lastModified" | "deleteMarker">,
): Expiry | undefined {
  if (version.deleteMarker) return undefined;
  let earliest: Expiry | undefined;
  for (const rule of rules) {
    const at = rule.expireDays === undefined ? rule.expireAt : dueAfterDays(version.lastModified, rule.expireDays);
    if (at === undefined || !selects(rule, version)) continue;
    if (earliest === undefined || at < earliest.at) earliest = { at, ruleId: rule.id };
  }
  return earliest;
}

/** The `x-amz-expiration` header. */
export function expirationHeader(expiry: Expiry | undefined): string | undefined {
  if (expiry === undefined) return undefined;
  return `expiry-date="${new Date(expiry.at).toUTCString()}", rule-id="${encodeURIComponent(expiry.ruleId)}"`;
}

/** What stands around a version among the versions of its key. */
export interface VersionPosition {
  /** When the next newer version was made: since then this one is noncurrent. Undefined for the latest. */
  readonly noncurrentSince?: number;
  /** How many noncurrent versions of the key are newer than this one. */
  readonly newerNoncurrent: number;
  /** No other version of this key exists. */
  readonly alone: boolean;
}

/** What is to be done with a version. */
export type VersionAction =
  | { readonly action: "expire"; readonly ruleId: string }
  | { readonly action: "remove-noncurrent"; readonly ruleId: string }
  | { readonly action: "remove-delete-marker"; readonly ruleId: string };

function planNoncurrent(
  rules: readonly CompiledRule[],
  version: ObjectVersion,
  since: number,
  newerNoncurrent: number,
  now: number,
): VersionAction | undefined {
  for (const rule of rules) {
    if (rule.noncurrentDays === undefined || newerNoncurrent < rule.keepNoncurrent) continue;
    // A noncurrent delete marker goes with the versions it lies among; only the prefix can select it.
    const selected = version.deleteMarker
      ? rule.tags.length === 0 && version.key.startsWith(rule.prefix)
      : selects(rule, version);
    if (selected && dueAfterDays(since, rule.noncurrentDays) <= now) {
      return { action: "remove-noncurrent", ruleId: rule.id };
    }
  }
  return undefined;
}

/** A delete marker with nothing under it hides nothing: `ExpiredObjectDeleteMarker`, or the days or date of an expiration, remove it. */
function planLoneMarker(rules: readonly CompiledRule[], marker: ObjectVersion, now: number): VersionAction | undefined {
  for (const rule of rules) {
    if (rule.tags.length > 0 || !marker.key.startsWith(rule.prefix)) continue;
    const due = rule.expireDays === undefined ? rule.expireAt : dueAfterDays(marker.lastModified, rule.expireDays);
    if (rule.expireDeleteMarkers || (due !== undefined && due <= now)) {
      return { action: "remove-delete-marker", ruleId: rule.id };
    }
  }
  return undefined;
}

/** @param now epoch milliseconds */
export function planVersion(
  rules: readonly CompiledRule[],
  version: ObjectVersion,
  position: VersionPosition,
  now: number,
): VersionAction | undefined {
  if (position.noncurrentSince !== undefined) {
    return planNoncurrent(rules, version, position.noncurrentSince, position.newerNoncurrent, now);
  }
  if (version.deleteMarker) return position.alone ? planLoneMarker(rules, version, now) : undefined;
  const expiry = expiryOf(rules, version);
  return expiry !== undefined && expiry.at <= now ? { action: "expire", ruleId: expiry.ruleId } : undefined;
}

/** When an upload in progress is given up, and by which rule. */
export function abortOf(rules: readonly CompiledRule[], upload: Pick<Upload, "key" | "initiated">): Expiry | undefined {
  let earliest: Expiry | undefined;
  for (const rule of rules) {
    if (rule.abortDays === undefined || !upload.key.startsWith(rule.prefix)) continue;
    const at = dueAfterDays(upload.initiated, rule.abortDays);
    if (earliest === undefined || at < earliest.at) earliest = { at, ruleId: rule.id };
  }
  return earliest;
}
