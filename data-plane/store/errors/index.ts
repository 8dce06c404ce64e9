/**
 * What can go wrong with a transaction: FoundationDB's names and numbers (apple/foundationdb, `flow/error_definitions.h`), so that its layers, tests and
 * habits hold here.
 */

/** Name and number of each failure that a caller may meet. */
export const STORE_ERRORS = {
  operation_failed: 1000,
  timed_out: 1004,
  /** The read version has left the window of about five seconds. */
  transaction_too_old: 1007,
  /** The read version is newer than what the server has. */
  future_version: 1009,
  /** Another transaction has written what this one has read. */
  not_committed: 1020,
  /** Nobody knows whether the transaction was committed. */
  commit_unknown_result: 1021,
  transaction_cancelled: 1025,
  transaction_timed_out: 1031,
  too_many_watches: 1032,
  process_behind: 1037,
  database_locked: 1038,
  /** The epoch of the layout that the caller knows is over. */
  cluster_version_changed: 1039,
  /** No transaction system can be reached: the cluster recovers, or has lost its majority. */
  cluster_unavailable: 1191,
  operation_cancelled: 1101,
  client_invalid_operation: 2000,
  key_outside_legal_range: 2004,
  inverted_range: 2005,
  invalid_option_value: 2006,
  read_version_already_set: 2010,
  version_invalid: 2011,
  range_limits_invalid: 2012,
  used_during_commit: 2017,
  invalid_mutation_type: 2018,
  transaction_invalid_version: 2020,
  no_commit_version: 2021,
  accessed_unreadable: 2036,
  incompatible_protocol_version: 2100,
  transaction_too_large: 2101,
  key_too_large: 2102,
  value_too_large: 2103,
  /** The streaming mode "exact" was asked for without a limit. */
  exact_mode_without_limits: 2210,
} as const;

export type StoreErrorName = keyof typeof STORE_ERRORS;

/** Nothing was committed, and a new attempt with a new read version may succeed. */
const RETRYABLE: ReadonlySet<StoreErrorName> = new Set([
  "transaction_too_old",
  "future_version",
  "not_committed",
  "process_behind",
  "cluster_version_changed",
  "cluster_unavailable",
]);

/** A failure of the store, by FoundationDB's name and number. */
export class StoreError extends Error {
  override readonly name = "StoreError";

  constructor(
    readonly code: StoreErrorName,
    message: string,
  ) {
    super(message);
  }

  /** FoundationDB's number. */
  get number(): number {
    return STORE_ERRORS[this.code];
  }

  /** Nothing was committed, and the same transaction may succeed when it is tried again. */
  get retryable(): boolean {
    return RETRYABLE.has(this.code);
  }

  /** The transaction may have been committed, or may yet be. */
  get maybeCommitted(): boolean {
    return this.code === "commit_unknown_result";
  }
}
