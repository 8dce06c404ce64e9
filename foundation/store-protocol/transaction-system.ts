/**
 * The roles that hold nothing but memory, made anew by each recovery: sequencer, resolvers, commit proxies.
 */
import { bytes, list, nothing, oneOf, record, text, u16, whole } from "#foundation/binary";
import { method } from "#foundation/rpc";
import { layout } from "./layout.ts";
import { epoch, keyRange, version } from "./values.ts";

/** Gives versions, and knows what is committed. */
export const SEQUENCER = {
  /** The newest version of which the whole prefix is on all logs. */
  readVersion: method(record({ epoch }), record({ version })),
  /** The next version and the one before it: together a chain without holes. The same proxy and request number get the same answer again. */
  nextCommitVersion: method(record({ epoch, proxy: text, request: whole }), record({ previous: version, version })),
  /** All logs have it on disk. */
  reportCommitted: method(record({ epoch, version }), nothing),
};

const conflictSet = record({ readVersion: version, reads: list(keyRange), writes: list(keyRange) });

/** Says which transactions of a batch may commit, for one range of keys. */
export const RESOLVER = {
  /**
   * Batches are taken in the order of their chain, one that comes early waits. A repeated one gets the same verdicts.
   * Fails with wrong_epoch, out_of_order.
   */
  resolve: method(
    record({ epoch, previous: version, version, transactions: list(conflictSet) }),
    record({ verdicts: list(oneOf("free", "conflict", "too_old")) }),
  ),
};

/** Takes commits, and hands out read versions. */
export const COMMIT_PROXY = {
  /** A proxy takes nothing before the director of its epoch has unlocked it with the token that it was started with. */
  unlock: method(record({ epoch, token: bytes, layout }), nothing),
  /**
   * Writes the layout below `SYSTEM_KEYS` by a transaction that takes the way of all others: shows that the new transaction system works as a whole.
   * Fails as `commit` does, and with unauthorized.
   */
  writeLayout: method(record({ epoch, token: bytes }), record({ version })),
  /** A version at which everything is visible that was acknowledged before the call. Fails with wrong_epoch, not_running. */
  readVersion: method(record({ epoch }), record({ version })),
  /**
   * `transaction` is encoded as `data-plane/store/transactions` has it.
   * Fails with not_committed, transaction_too_old, wrong_epoch, not_running, invalid_request (certainly not applied), commit_unknown_result.
   */
  commit: method(record({ epoch, transaction: bytes }), record({ version, index: u16 })),
};
