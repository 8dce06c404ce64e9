/**
 * What every store does with a transaction before and around its commit.
 */
import type { CommitPlace, Version } from "../backend/index.ts";
import { StoreError } from "../errors/index.ts";
import { checkTransaction, type Transaction, TransactionError } from "../transactions/index.ts";

/** What every store refuses, by the name of the limit. @throws StoreError */
export function checkForStore(transaction: Transaction): void {
  try {
    checkTransaction(transaction);
  } catch (error) {
    if (!(error instanceof TransactionError)) throw error;
    const { failure, message } = error;
    const known = ["key_too_large", "value_too_large", "transaction_too_large", "inverted_range"] as const;
    throw new StoreError(known.find((code) => code === failure) ?? "client_invalid_operation", message);
  }
  if (transaction.readVersion === undefined && transaction.reads.length > 0) {
    throw new StoreError("client_invalid_operation", "A transaction that reads has a read version.");
  }
}

/** A store, as far as ids of transactions go. */
export interface IdentifiedCommits {
  /** Where the transaction with this id was committed, if it was, and the version at which this was looked up. */
  find(id: Uint8Array): Promise<{ readonly version: Version; readonly place: CommitPlace | undefined }>;
  /** One attempt. @throws what `isRefusal` knows when it certainly was not committed for what others did */
  send(transaction: Transaction): Promise<CommitPlace>;
  /** Whether the failure says not_committed or transaction_too_old. */
  isRefusal(error: unknown): boolean;
}

/**
 * Commits a transaction that has an id, unless it was committed before.
 *
 * Looks first whether the id is known, at a version of now. If not, the transaction reads the key of the id, which the proxy has it write as well: an
 * attempt that commits meanwhile makes it conflict, and is then found.
 */
export async function commitOnce(commits: IdentifiedCommits, transaction: Transaction): Promise<CommitPlace> {
  const { idempotencyId, readVersion } = transaction;
  const before = await commits.find(idempotencyId);
  if (before.place !== undefined) return before.place;
  try {
    return await commits.send({ ...transaction, readVersion: readVersion ?? before.version });
  } catch (error) {
    if (!commits.isRefusal(error)) throw error;
    const { place } = await commits.find(idempotencyId);
    if (place !== undefined) return place;
    throw error;
  }
}
