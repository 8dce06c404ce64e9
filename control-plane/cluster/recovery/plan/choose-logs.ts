/**
 * Up to which version a recovery goes, and from which of the old logs it is taken.
 */
import type { Ref } from "#foundation/rpc";
import type { Version } from "#foundation/store-protocol";
import type { Stall } from "../stalls.ts";

/** An old log that is locked: entries in `(oldestVersion, lastVersion]` are on its disk. */
export interface LockedLog {
  readonly log: Ref;
  readonly lastVersion: Version;
  readonly oldestVersion: Version;
  readonly knownCommitted: Version;
}

export interface ChosenLogs {
  /** R: what is acknowledged is not above it. */
  readonly recoveryVersion: Version;
  /** Each of the sources has everything above it, up to R. */
  readonly oldestVersion: Version;
  readonly sources: readonly Ref[];
}

/** Whether a log says something that can be: nothing was ever trimmed, or it ends at or after where it begins. */
export function isValidWindow({
  oldestVersion,
  lastVersion,
}: Pick<LockedLog, "oldestVersion" | "lastVersion">): boolean {
  return oldestVersion === 0n || (lastVersion !== 0n && lastVersion >= oldestVersion);
}

/** How many of `total` logs have to be locked: more than half. */
export function logQuorum(total: number): number {
  return Math.floor(total / 2) + 1;
}

/**
 * Takes, of all majorities of the old logs, one whose shortest member is the longest; with it every other log that is as long.
 *
 * A commit is acknowledged only after ALL logs have it on disk. Each acknowledged version is therefore at or below the last one of each log, and so at
 * or below the least of any of them. What is above that was not acknowledged and may be dropped; what is at or below it and was not acknowledged either
 * may be kept, since its client does not know. One locked log would be enough to stop further acknowledgements; the majority is what the fence of read
 * versions needs: it asks half of the logs, and one of these is locked.
 *
 * @param floor what storage servers have on disk, or pushers knew to be committed. When a storage server made something durable under an earlier attempt
 * that had a longer log, this one has to go as far: by the argument above, any of the logs alone would do.
 */
export function chooseLogs(
  total: number,
  locked: readonly LockedLog[],
  floor: Version,
): ChosenLogs | Extract<Stall, { reason: "log_quorum" | "log_gap" }> {
  const usable = locked.filter(isValidWindow).sort((a, b) => compare(b.lastVersion, a.lastVersion));
  const quorum = logQuorum(total);
  if (usable.length < quorum) return { reason: "log_quorum", locked: usable.length, total };
  const known = usable.reduce((most, log) => (log.knownCommitted > most ? log.knownCommitted : most), floor);
  const byMajority = usable[quorum - 1]!.lastVersion;
  const atLeast = byMajority >= known ? byMajority : known;
  const chosen = usable.filter((log) => log.lastVersion >= atLeast);
  // What was acknowledged is on no log that is left: a disk has lost what it had confirmed.
  if (chosen.length === 0) return { reason: "log_gap", durable: known, oldest: usable[0]!.lastVersion };
  return {
    recoveryVersion: chosen[chosen.length - 1]!.lastVersion,
    oldestVersion: chosen.reduce((most, log) => (log.oldestVersion > most ? log.oldestVersion : most), 0n),
    sources: chosen.map(({ log }) => log),
  };
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
