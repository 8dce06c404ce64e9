/** The one error that the engine throws on purpose. Anything else that comes out of it is a defect. */
import type { TableEngineErrorCode } from "./port.ts";

const MEANING: Readonly<Record<TableEngineErrorCode, string>> = {
  NoSuchTable: "the table does not exist",
  TableClosed: "the table is being deleted, or restored",
  TableDropped: "the table was deleted for good; a new one has another id",
  DefinitionConflict: "keys and local indexes of a table never change",
  NoSuchIndex: "the table has no such index",
  IndexNotReady: "the index is still being built",
  InvalidStartKey: "the start key is not one of what is to be read",
  NoSuchStream: "there is no such stream, or its records have expired",
  NoSuchShard: "the stream has no such shard, or its records have expired",
  InvalidSequenceNumber: "this is not a sequence number of a stream",
  RecordsTrimmed: "records at this position have expired",
  NoSuchBackup: "there is no such backup",
  BackupExists: "there is a backup with this id",
  BackupMismatch: "the backup's items have other keys than the table",
  Overloaded: "too many writes wait; repeat this one a little later",
  InsufficientStorage: "the disk is full; free space and try again",
  EngineFailed: "the storage failed or was closed",
};

/**
 * A refusal or failure that the operations turn into DynamoDB's errors.
 *
 * @example
 * try { await engine.write(write); } catch (error) { if (isTableEngineError(error, "TableClosed")) … }
 */
export class TableEngineError extends Error {
  override readonly name = "TableEngineError";
  readonly code: TableEngineErrorCode;

  constructor(code: TableEngineErrorCode, cause?: unknown) {
    super(MEANING[code], cause === undefined ? undefined : { cause });
    this.code = code;
  }
}

/** Whether `error` came from the engine, and with this code when one is given. */
export function isTableEngineError(error: unknown, code?: TableEngineErrorCode): error is TableEngineError {
  return error instanceof TableEngineError && (code === undefined || error.code === code);
}
