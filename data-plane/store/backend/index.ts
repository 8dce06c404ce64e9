/**
 * What the client library needs of a store, be it in this process or a cluster. All methods reject with `StoreError`.
 */
import type { Transaction } from "../transactions/index.ts";

/** A point in the history of the store: a whole number of 63 bits. Commits of one version are ordered by their index in the batch. */
export type Version = bigint;

export interface KeyValue {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

export interface RangeLimits {
  /** At most this many pairs; at least 1. */
  readonly limit: number;
  /** Stops after the pair that reaches this many bytes of keys and values. */
  readonly bytesMax: number;
  /** From the end of the range backwards. */
  readonly reverse: boolean;
}

export interface RangeResult {
  /** In the order asked for. */
  readonly pairs: readonly KeyValue[];
  /** A limit ended the read: there may be more beyond the last pair. Never true without a pair. */
  readonly more: boolean;
}

/** Where a transaction stands in the order of all: what its versionstamps hold (eight and two bytes). */
export interface CommitPlace {
  readonly version: Version;
  readonly index: number;
}

export interface StoreBackend {
  /** A version at which every commit is visible that was acknowledged before the call. */
  getReadVersion(): Promise<Version>;
  /** @throws transaction_too_old, future_version */
  get(key: Uint8Array, version: Version): Promise<Uint8Array | undefined>;
  /** The pairs of `[begin, end)`. */
  getRange(begin: Uint8Array, end: Uint8Array, version: Version, limits: RangeLimits): Promise<RangeResult>;
  /**
   * Commits all or nothing. With an idempotency id, a transaction whose id was committed before (within the time that ids are kept) is not applied
   * again, and resolves to the place of the first.
   * @throws not_committed, transaction_too_old: certainly not applied; commit_unknown_result: nobody knows.
   */
  commit(transaction: Transaction): Promise<CommitPlace>;
  /** Resolves once the value of `key` is, or has been, another than at `version`; may resolve without reason. */
  watch(key: Uint8Array, value: Uint8Array | undefined, version: Version, signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}
