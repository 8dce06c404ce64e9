/**
 * The rules of object lock (Amazon S3 User Guide, "Locking objects with Object Lock"), as pure decisions.
 */

import type { ObjectLock } from "../port.ts";

/** Whether the version must not be removed at `now`. `bypassGovernance` only after it was authorised. */
export function forbidsRemoval(lock: ObjectLock, now: number, bypassGovernance: boolean): boolean {
  if (lock.legalHold === true) return true;
  if (!isRetained(lock, now)) return false;
  return lock.mode === "COMPLIANCE" || !bypassGovernance;
}

function isRetained(lock: ObjectLock, now: number): boolean {
  return lock.mode !== undefined && lock.retainUntil !== undefined && lock.retainUntil > now;
}

/** A new retention, or null to take it away. */
export type RetentionChange = { readonly mode: "GOVERNANCE" | "COMPLIANCE"; readonly retainUntil: number } | null;

/**
 * Whether retention must not change this way at `now`. An active retention may always be extended in its own mode; anything else needs the bypass,
 * which COMPLIANCE does not know.
 */
export function forbidsRetention(
  lock: ObjectLock,
  change: RetentionChange,
  now: number,
  bypassGovernance: boolean,
): boolean {
  if (!isRetained(lock, now)) return false;
  const extends_ = change !== null && change.mode === lock.mode && change.retainUntil >= (lock.retainUntil ?? 0);
  if (extends_) return false;
  return lock.mode === "COMPLIANCE" || !bypassGovernance;
}

/** The lock after a change of retention (undefined: unchanged, null: none) and of legal hold (undefined: unchanged). */
export function changedLock(
  lock: ObjectLock,
  retention: RetentionChange | undefined,
  legalHold: boolean | undefined,
): ObjectLock {
  const kept = retention === undefined ? { mode: lock.mode, retainUntil: lock.retainUntil } : (retention ?? {});
  const hold = legalHold ?? lock.legalHold;
  return {
    ...(kept.mode === undefined ? {} : { mode: kept.mode, retainUntil: kept.retainUntil }),
    ...(hold === undefined ? {} : { legalHold: hold }),
  };
}
