/** Whatever the rooms behind the operations throw on purpose, as DynamoDB's errors. */
import { InvalidValue, TableSerialization, TableValidation } from "#data-plane/tables/values";
import { AwsError } from "#foundation/aws";
import { TableEngineError, type TableEngineErrorCode } from "../engine/index.ts";
import { resourceInUse, resourceNotFound, validationError } from "../errors.ts";

/** Errors that clients understand; everything else comes back as it is, and the front door reports it. */
export function toAwsError(error: unknown): unknown {
  if (error instanceof AwsError) return error;
  // Some regions put "1 validation error detected: " before these sentences; the older wording is what clients have learnt to read.
  if (error instanceof InvalidValue) return validationError(error.olderMessage);
  if (error instanceof TableValidation) return validationError(error.message);
  if (error instanceof TableSerialization) return new AwsError("SerializationException", error.message);
  if (error instanceof TableEngineError) return ENGINE_FAILURES[error.code]?.(error) ?? error;
  return error;
}

const unavailable = (message: string) => (cause: Error) =>
  new AwsError("ServiceUnavailable", message, {
    statusCode: 503,
    fault: "server",
    headers: [["Retry-After", "1"]],
    cause,
  });

/** The codes that are missing are nobody's fault but ours. */
const ENGINE_FAILURES: Readonly<Partial<Record<TableEngineErrorCode, (error: Error) => AwsError>>> = {
  NoSuchTable: () => resourceNotFound(),
  TableClosed: () => resourceNotFound(),
  TableDropped: () => resourceNotFound(),
  NoSuchIndex: () => validationError("The table does not have the specified index"),
  IndexNotReady: () => validationError("Cannot read from backfilling global secondary index"),
  InvalidStartKey: () => validationError("The provided starting key is invalid"),
  NoSuchStream: () => resourceNotFound("Stream not found"),
  NoSuchShard: () => resourceNotFound("Shard not found"),
  InvalidSequenceNumber: () => validationError("Invalid SequenceNumber"),
  RecordsTrimmed: () =>
    new AwsError(
      "TrimmedDataAccessException",
      "The requested sequence number is beyond the trim horizon of the stream.",
    ),
  NoSuchBackup: () => new AwsError("BackupNotFoundException", "Backup not found"),
  BackupExists: () => resourceInUse("The backup exists already"),
  Overloaded: () =>
    new AwsError(
      "RequestLimitExceeded",
      "Throughput exceeds the current throughput limit: more writes wait than can be taken. Please retry.",
      { statusCode: 400 },
    ),
  InsufficientStorage: unavailable("The disk is full: nothing can be written now."),
};
