/** Lifecycle rules in the form in which they are asked: filters flattened, dates as numbers. */
import type { S3 } from "#foundation/aws";
import type { Tag } from "../../engine/port.ts";

/** A rule that is switched on. Days are whole days, times epoch milliseconds, sizes bytes. */
export interface CompiledRule {
  readonly id: string;
  readonly prefix: string;
  readonly tags: readonly Tag[];
  /** Only objects larger than this. */
  readonly largerThan: number;
  /** Only objects smaller than this. */
  readonly smallerThan: number;
  readonly expireDays?: number;
  readonly expireAt?: number;
  readonly expireDeleteMarkers: boolean;
  readonly noncurrentDays?: number;
  /** So many noncurrent versions are kept in any case. */
  readonly keepNoncurrent: number;
  readonly abortDays?: number;
}

/** A rule as stored: JSON, with dates as text. */
type StoredRule = Omit<S3.LifecycleRule, "Expiration"> & {
  readonly Expiration?: {
    readonly Date?: string | Date;
    readonly Days?: number;
    readonly ExpiredObjectDeleteMarker?: boolean;
  };
};

/** The `lifecycle` section of a bucket. */
export interface StoredLifecycle {
  readonly Rules?: readonly StoredRule[];
}

function compileRule(rule: StoredRule): CompiledRule {
  const filter = rule.Filter;
  const and = filter?.And;
  const { Expiration, NoncurrentVersionExpiration, AbortIncompleteMultipartUpload } = rule;
  return {
    id: rule.ID ?? "",
    prefix: rule.Prefix ?? and?.Prefix ?? filter?.Prefix ?? "",
    tags: and?.Tags ?? (filter?.Tag === undefined ? [] : [filter.Tag]),
    largerThan: and?.ObjectSizeGreaterThan ?? filter?.ObjectSizeGreaterThan ?? -1,
    smallerThan: and?.ObjectSizeLessThan ?? filter?.ObjectSizeLessThan ?? Number.POSITIVE_INFINITY,
    expireDays: Expiration?.Days,
    expireAt: Expiration?.Date === undefined ? undefined : new Date(Expiration.Date).getTime(),
    expireDeleteMarkers: Expiration?.ExpiredObjectDeleteMarker === true,
    noncurrentDays: NoncurrentVersionExpiration?.NoncurrentDays,
    keepNoncurrent: NoncurrentVersionExpiration?.NewerNoncurrentVersions ?? 0,
    abortDays: AbortIncompleteMultipartUpload?.DaysAfterInitiation,
  };
}

/** The rules that are switched on. */
export function compileLifecycle(stored: StoredLifecycle | undefined): readonly CompiledRule[] {
  return (stored?.Rules ?? []).filter((rule) => rule.Status === "Enabled").map(compileRule);
}
