/**
 * Failures of the roles, as those of a store.
 */
import { RpcError } from "#foundation/rpc";
import { StoreError, type StoreErrorName } from "../errors/index.ts";
import { checkTransaction, type Transaction, TransactionError } from "../transactions/index.ts";

const CODES: Readonly<Record<string, StoreErrorName>> = {
  not_committed: "not_committed",
  transaction_too_old: "transaction_too_old",
  commit_unknown_result: "commit_unknown_result",
  version_too_old: "transaction_too_old",
  version_too_new: "future_version",
  invalid_request: "client_invalid_operation",
  overloaded: "too_many_watches",
  // While the store itself works: a limit on what may wait.
  not_running: "process_behind",
};

export function asStoreError(error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof RpcError ? CODES[error.code] : undefined;
  return new StoreError(code ?? "operation_failed", message);
}

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
}
