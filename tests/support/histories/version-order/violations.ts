/**
 * What can be wrong with the order of commits and what was read of it.
 */
import type { CommitPlace } from "#data-plane/store/backend";
import type { RecordedTransaction } from "./recorded.ts";

export type OrderViolationType =
  /** A read is not what the commits up to its version make. */
  | "wrong-at-read-version"
  /** A read does not hold where its transaction was committed: it should have been refused. */
  | "wrong-at-commit"
  /** A read version lies before what was seen or acknowledged when the transaction began. */
  | "stale-read-version"
  /** A commit lies before one that was acknowledged when the transaction began. */
  | "stale-commit"
  /** A commit does not lie after what the transaction read. */
  | "commit-not-after-reads"
  /** Two commits at one place. */
  | "place-taken"
  | "applied-twice"
  /** Acknowledged and not to be found, or not where it was said to be. */
  | "commit-lost"
  /** It failed, and was applied all the same. */
  | "failed-but-applied";

export interface OrderViolation {
  readonly type: OrderViolationType;
  readonly transaction: string;
  /** For a person. */
  readonly text: string;
}

/** A transaction that was applied, and where. */
export interface AppliedTransaction {
  readonly transaction: RecordedTransaction;
  readonly place: CommitPlace;
}

/** Takes down a violation. */
export type Say = (type: OrderViolationType, transaction: RecordedTransaction, text: string) => void;
