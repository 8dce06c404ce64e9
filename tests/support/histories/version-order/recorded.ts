/**
 * What a client of the store writes down of its transactions while it runs them, to be judged when all is over.
 */
import type { CommitPlace } from "#data-plane/store/backend";
import type { Mutation } from "#data-plane/store/transactions";

export type RecordedRead = PointRead | RangeRead;

interface AnyRead {
  /** How many of the transaction's mutations came before it, and were to be seen by it. None when left out. */
  readonly ownMutations?: number;
  /** Whether it was made without a conflict range: it need not hold where the transaction was committed. */
  readonly isSnapshot?: boolean;
}

export interface PointRead extends AnyRead {
  readonly type: "point";
  readonly key: Uint8Array;
  /** Undefined for a key that is missing. */
  readonly value: Uint8Array | undefined;
}

export interface RangeRead extends AnyRead {
  readonly type: "range";
  readonly begin: Uint8Array;
  readonly end: Uint8Array;
  /** At most so many pairs were asked for; no limit when left out. */
  readonly limit?: number;
  readonly reverse: boolean;
  /** In the order asked for. */
  readonly pairs: readonly { readonly key: Uint8Array; readonly value: Uint8Array }[];
  /** Whether something else than `limit` ended it after these pairs: nothing is known of those beyond. */
  readonly isCut?: boolean;
}

export type RecordedOutcome =
  | { readonly type: "committed"; readonly place: CommitPlace }
  /** It had nothing to commit. */
  | { readonly type: "read-only" }
  /** It was refused, or given up before its commit. */
  | { readonly type: "failed" }
  /** Its commit was begun and not answered. */
  | { readonly type: "unknown" };

export interface RecordedTransaction {
  /** Unlike that of any other one. */
  readonly name: string;
  /** Before it asked for its read version. On one clock with `ended`. */
  readonly began: number;
  /** After its commit was answered, or its last read when it is read-only. Not looked at otherwise. */
  readonly ended: number;
  /** Undefined when it read nothing. */
  readonly readVersion: bigint | undefined;
  readonly reads: readonly RecordedRead[];
  /** In the order in which they were made. */
  readonly mutations: readonly Mutation[];
  readonly outcome: RecordedOutcome;
  /**
   * At which places it was applied, as found in the store when all was over (`readWitnesses`); empty for none. Undefined when it left nothing to
   * be found by, which one of unknown outcome must have, unless it has no mutations.
   */
  readonly witnesses?: readonly CommitPlace[];
}
