/**
 * Limits and habits of directors. All times are milliseconds.
 */

export interface DirectorOptions {
  readonly lockMs: number;
  /** How much longer the others have once enough old logs and storage servers are locked. Who comes later is `down` in the new layout. */
  readonly lockGraceMs: number;
  readonly createMs: number;
  readonly replayMs: number;
  readonly startMs: number;
  readonly unlockMs: number;
  readonly verifyMs: number;
  readonly commitMs: number;
  /** Of one call that undoes something, and of all of them. */
  readonly undoCallMs: number;
  readonly undoMs: number;
  /** Components end by themselves when they hear nothing of their director for so long. */
  readonly leaseMs: number;
  /** How often leases are renewed and logs are asked. Several tries fit into a lease. */
  readonly watchMs: number;
  /** Between attempts: min(first · 2ⁿ, most), and up to a fifth more by chance. */
  readonly retryFirstMs: number;
  readonly retryMostMs: number;
  /** How often old logs, storage servers that are down and better layouts are looked for while the epoch runs. */
  readonly tendMs: number;
  /** A storage server that needs what no log has is filled by another one after so long. */
  readonly behindAfterMs: number;
  /** Of copying all that a storage server holds. */
  readonly fillMs: number;
  /** A member of a team of which nothing has been heard for so long, in one epoch, is replaced when a node is free. */
  readonly replaceAfterMs: number;
  /** A better layout has to be possible for so long before a running epoch is given up for it. */
  readonly betterAfterMs: number;
  /** Members that each team needs for a recovery. */
  readonly liveMembersMin: number;
  /**
   * Whether a node may hold several logs, or storage servers, when there are fewer nodes than are wanted. For clusters that exist on one machine:
   * what is on one disk is lost together.
   */
  readonly mayShareNodes: boolean;
  /** How long a new cluster waits for more nodes before several of its workers share one: storage servers stay where they begin. */
  readonly shareAfterMs: number;
  /** From the recovery version to the first one of the new epoch; as often as epochs have begun since the layout before. */
  readonly versionJump: bigint;
}

export const DIRECTOR_DEFAULTS: DirectorOptions = {
  lockMs: 2000,
  lockGraceMs: 200,
  createMs: 10_000,
  replayMs: 30_000,
  startMs: 5000,
  unlockMs: 5000,
  verifyMs: 5000,
  commitMs: 10_000,
  undoCallMs: 1000,
  undoMs: 5000,
  leaseMs: 1000,
  watchMs: 250,
  retryFirstMs: 250,
  retryMostMs: 10_000,
  tendMs: 2000,
  behindAfterMs: 10_000,
  fillMs: 600_000,
  replaceAfterMs: 600_000,
  betterAfterMs: 10_000,
  liveMembersMin: 1,
  mayShareNodes: false,
  shareAfterMs: 3000,
  // About a hundred seconds of versions: an epoch that is locked cannot have given out so many beyond its last acknowledged one.
  versionJump: 100_000_000n,
};
