/**
 * The client of a store.
 */
import type { Random, Timers } from "#foundation/runtime";
import type { StoreBackend } from "../backend/index.ts";
import { StoreError } from "../errors/index.ts";
import type { TransactionOptions } from "./options.ts";
import { StoreTransaction, type TransactionRoom } from "./transaction.ts";

export interface DatabaseOptions {
  readonly runtime: { readonly timers: Timers; readonly random: Random };
  /** For transactions that do not say otherwise. */
  readonly defaults?: TransactionOptions | undefined;
}

export interface Database {
  /**
   * Runs `run` in a transaction and commits it; again from the start, with a new transaction, whenever that failed in a way that a new attempt may not.
   * `run` may therefore run several times, and should do nothing outside of the transaction. When it throws, nothing is committed.
   *
   * A commit whose result nobody knows is not tried again, and rejects with commit_unknown_result, unless the transaction is `idempotent`.
   *
   * @returns what `run` returned when it was committed
   * @example
   * const seat = await db.transact(async (tx) => {
   *   if ((await tx.get(key)) !== undefined) throw new Error("The seat is taken.");
   *   tx.set(key, name);
   * });
   */
  transact<T>(run: (transaction: StoreTransaction) => Promise<T>, options?: TransactionOptions): Promise<T>;
  /** A transaction for who wants to commit it, and to look after its failures, himself. */
  createTransaction(options?: TransactionOptions): StoreTransaction;
  /** Closes the backend as well. */
  close(): Promise<void>;
}

/** @param backend the store, in this process or not; it belongs to the database from now on */
export function openDatabase(backend: StoreBackend, { runtime, defaults = {} }: DatabaseOptions): Database {
  const { timers, random } = runtime;
  const room: TransactionRoom = { backend, timers, random, open: 0 };
  const createTransaction = (options: TransactionOptions = {}) =>
    new StoreTransaction(room, { ...defaults, ...options });
  return {
    createTransaction,
    async transact(run, options) {
      const transaction = createTransaction(options);
      for (;;) {
        try {
          const result = await run(transaction);
          await transaction.commit();
          return result;
        } catch (error) {
          if (error instanceof StoreError && error.maybeCommitted) {
            transaction.cancel();
            throw error;
          }
          await retry(transaction, error);
        }
      }
    },
    close: () => backend.close(),
  };
}

/** The transaction is ready for another attempt; otherwise it is cancelled, and the reason rejects. */
async function retry(transaction: StoreTransaction, error: unknown): Promise<void> {
  try {
    await transaction.onError(error);
  } catch (reason) {
    transaction.cancel();
    throw reason;
  }
}
