/** What the scheduler goes by. */

export interface SchedulerSettings {
  /** So many times the cores of a node may be asked for before it counts as full of processor work; it is never refused for that. */
  readonly cpuOvercommitRatio: number;
  /** On top of an instance's memory, by its isolation: the supervisor, the runtime, the guest's kernel. */
  readonly overheadBytes: { readonly process: number; readonly container: number; readonly microvm: number };
  /** A node that was not heard of for so long is offline. */
  readonly offlineAfterMs: number;
  /** A deploy that has not converged by then has failed. */
  readonly rolloutTimeoutMs: number;
  /** An instance that was not ready by then has failed its deploy. */
  readonly startupTimeoutMs: number;
  /** More replacements than this within the window are a crash loop. */
  readonly replacementsMax: number;
  readonly replacementWindowMs: number;
  /** Ended instances, and with them their logs, stay at least this long … */
  readonly endedKeptMs: number;
  /** … and of each group so many of the newest for as long as nothing newer ends. */
  readonly endedKept: number;
  /** What does not fit a quota is tried again after this long. */
  readonly quotaRetryMs: number;
  readonly tickMs: number;
  readonly fullPassMs: number;
  /** Events of one decision. */
  readonly eventsMax: number;
}

const MIB = 1024 ** 2;

export const DEFAULT_SETTINGS: SchedulerSettings = {
  cpuOvercommitRatio: 4,
  overheadBytes: { process: 16 * MIB, container: 32 * MIB, microvm: 64 * MIB },
  offlineAfterMs: 60_000,
  rolloutTimeoutMs: 600_000,
  startupTimeoutMs: 120_000,
  replacementsMax: 3,
  replacementWindowMs: 600_000,
  endedKeptMs: 900_000,
  endedKept: 5,
  quotaRetryMs: 30_000,
  tickMs: 1_000,
  fullPassMs: 30_000,
  eventsMax: 500,
};
