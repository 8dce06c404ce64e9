/**
 * Failures of the roles, as those of a store.
 */
import { RpcError } from "#foundation/rpc";
import { StoreError, type StoreErrorName } from "../errors/index.ts";

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
