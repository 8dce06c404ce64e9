/**
 * What a proxy takes at most, and how long it waits.
 */
export interface ProxyLimits {
  /** Transactions of one version. At most 65,535: the index of each has 16 bits. */
  readonly batchCountMax: number;
  /** Bytes of one version, unless a single transaction has more. */
  readonly batchBytesMax: number;
  /** While a batch is under way, what comes waits for this long before a further one is begun beside it. */
  readonly batchLatencyMs: number;
  /** Batches under way at once. */
  readonly batchesMax: number;
  /** Transactions that wait, or are under way; more are refused. */
  readonly pendingCountMax: number;
  /** Their bytes. */
  readonly pendingBytesMax: number;
  /** Requests for a read version that wait; more are refused. */
  readonly readVersionsMax: number;
  /** After this long without a commit an empty one is made, so that versions, and with them windows and trimming, move on. */
  readonly idleMs: number;
  /** How long each call to a neighbour may take. More than a resolver lets a batch wait. */
  readonly callTimeoutMs: number;
  /** How often a call that can be repeated is made, at most. */
  readonly attempts: number;
  /** The wait before the second attempt; twice that before the third. */
  readonly backoffMs: number;
}

export const DEFAULT_LIMITS: ProxyLimits = {
  batchCountMax: 4_096,
  batchBytesMax: 4 * 1024 * 1024,
  batchLatencyMs: 2,
  batchesMax: 8,
  pendingCountMax: 50_000,
  pendingBytesMax: 256 * 1024 * 1024,
  readVersionsMax: 100_000,
  idleMs: 1_000,
  callTimeoutMs: 5_000,
  attempts: 3,
  backoffMs: 50,
};
