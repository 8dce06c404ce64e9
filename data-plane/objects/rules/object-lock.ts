/** Object lock: headers, bodies, and the bucket's default retention (Amazon S3 user guide, "Locking objects with Object Lock"). */
import type { ObjectLock } from "../engine/port.ts";
import { invalidArgument, invalidRequest, malformedXml } from "../errors.ts";

const DAY = 24 * 60 * 60 * 1000;
/** 100 years, S3's longest default retention. */
const RETENTION_YEARS_MAX = 100;
const RETENTION_DAYS_MAX = 36_500;
const NO_LOCK: ObjectLock = Object.freeze({});

export type RetentionMode = "GOVERNANCE" | "COMPLIANCE";

/** `ObjectLockConfiguration` with one default rule at most. */
export interface LockConfiguration {
  readonly ObjectLockEnabled?: string | undefined;
  readonly Rule?:
    | {
        readonly DefaultRetention?:
          | {
              readonly Mode?: string | undefined;
              readonly Days?: number | undefined;
              readonly Years?: number | undefined;
            }
          | undefined;
      }
    | undefined;
}

/** The three headers of a write. */
export interface LockRequest {
  readonly mode?: string | undefined;
  readonly retainUntil?: Date | undefined;
  readonly legalHold?: string | undefined;
}

export const isRetentionMode = (mode: string | undefined): mode is RetentionMode =>
  mode === "GOVERNANCE" || mode === "COMPLIANCE";

function addYears(now: number, years: number): number {
  const date = new Date(now);
  date.setUTCFullYear(date.getUTCFullYear() + years);
  return date.getTime();
}

/**
 * The lock of a new version: what the headers say, else the bucket's default.
 *
 * @param enabled whether the bucket has object lock
 * @param now epoch milliseconds
 * @throws AwsError InvalidRequest without object lock on the bucket; InvalidArgument for half a retention, a bad mode or a date in the past
 */
export function lockForWrite(
  request: LockRequest,
  enabled: boolean,
  defaults: LockConfiguration | undefined,
  now: number,
): ObjectLock {
  const { mode, retainUntil, legalHold } = request;
  const asked = mode !== undefined || retainUntil !== undefined || legalHold !== undefined;
  if (!enabled) {
    if (asked) throw invalidRequest("Bucket is missing Object Lock Configuration");
    return NO_LOCK;
  }
  if ((mode === undefined) !== (retainUntil === undefined)) {
    throw invalidArgument(
      "x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be supplied",
      mode === undefined ? "x-amz-object-lock-mode" : "x-amz-object-lock-retain-until-date",
    );
  }
  if (legalHold !== undefined && legalHold !== "ON" && legalHold !== "OFF") {
    throw invalidArgument("Legal Hold must be either of 'ON' or 'OFF'", "x-amz-object-lock-legal-hold", legalHold);
  }
  const hold = legalHold === "ON" ? true : undefined;
  if (mode !== undefined && retainUntil !== undefined) {
    if (!isRetentionMode(mode)) {
      throw invalidArgument("Unknown wormMode directive.", "x-amz-object-lock-mode", mode);
    }
    assertFuture(retainUntil, now, "x-amz-object-lock-retain-until-date");
    return { mode, retainUntil: retainUntil.getTime(), legalHold: hold };
  }
  const rule = defaults?.Rule?.DefaultRetention;
  if (rule !== undefined && isRetentionMode(rule.Mode)) {
    const retainUntil = rule.Days !== undefined ? now + rule.Days * DAY : addYears(now, rule.Years ?? 0);
    return { mode: rule.Mode, retainUntil, legalHold: hold };
  }
  return hold === undefined ? NO_LOCK : { legalHold: hold };
}

/** @throws AwsError InvalidArgument for a date that is not in the future */
export function assertFuture(date: Date, now: number, argument = "RetainUntilDate"): void {
  if (Number.isNaN(date.getTime())) throw malformedXml();
  if (date.getTime() <= now)
    throw invalidArgument("The retain until date must be in the future!", argument, date.toISOString());
}

/**
 * Checks the body of PutObjectLockConfiguration.
 * @throws AwsError MalformedXML, InvalidArgument
 */
export function validateLockConfiguration(configuration: LockConfiguration | undefined): LockConfiguration {
  if (configuration === undefined || configuration.ObjectLockEnabled !== "Enabled") throw malformedXml();
  if (configuration.Rule === undefined) return { ObjectLockEnabled: "Enabled" };
  const retention = configuration.Rule.DefaultRetention;
  if (retention === undefined || !isRetentionMode(retention.Mode)) throw malformedXml();
  const { Mode, Days, Years } = retention;
  if ((Days === undefined) === (Years === undefined)) throw malformedXml();
  if (Days !== undefined && (!Number.isInteger(Days) || Days <= 0)) {
    throw invalidArgument("Default retention period must be a positive integer value.", "Days", Days);
  }
  if (Years !== undefined && (!Number.isInteger(Years) || Years <= 0)) {
    throw invalidArgument("Default retention period must be a positive integer value.", "Years", Years);
  }
  if ((Days ?? 0) > RETENTION_DAYS_MAX || (Years ?? 0) > RETENTION_YEARS_MAX) {
    throw invalidArgument("Default retention period too large.", Days === undefined ? "Years" : "Days", Days ?? Years);
  }
  return {
    ObjectLockEnabled: "Enabled",
    Rule: { DefaultRetention: Days === undefined ? { Mode, Years } : { Mode, Days } },
  };
}
