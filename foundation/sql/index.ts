/**
 * SQLite behind a port: connections, migrations, group commit, and engines that run in this thread or in a worker.
 *
 * | need | take |
 * |---|---|
 * | a database of your own | `openDatabase`, `migrate` |
 * | many small durable writes | an engine (`CreateEngine`) in `hostEngine` |
 * | group commit around something else | `createGroupCommit` |
 * | a consistent copy of a database in use | `copyDatabase` |
 * | a directory for one process alone | `acquireProcessLock` |
 */
export { copyDatabase } from "./copy-database.ts";
export type { Database, OpenOptions, Statement } from "./database.ts";
export type { ArgumentOf, CreateEngine, Engine, EngineHost, EngineOperations, ResultOf } from "./engine.ts";
export { EngineError, type HostErrorCode } from "./engine-error.ts";
export {
  BATCH_REQUESTS_MAX,
  createGroupCommit,
  type GroupCommit,
  type GroupCommitOptions,
  QUEUE_REQUESTS_MAX,
} from "./group-commit.ts";
export { type HostOptions, hostEngine } from "./host-engine.ts";
export type { InlineHostOptions } from "./inline-host.ts";
export type { MigrateOptions, Migration, MigrationReport } from "./migration-plan.ts";
export { migrate } from "./migrations.ts";
export { openDatabase } from "./open-database.ts";
export type { FailedOutcome, Outcome } from "./outcome.ts";
export { acquireProcessLock, type ProcessLock } from "./process-lock.ts";
export { serveEngine } from "./serve-engine.ts";
export {
  errorCode,
  isDiskFull,
  isStorageFailure,
  isUniqueViolation,
  SqlError,
  type SqlErrorCode,
} from "./sql-error.ts";
export type { SqlChanges, SqlParameters, SqlValue } from "./sql-values.ts";
export { workerEntry } from "./worker-entry.ts";
export type { WorkerHostOptions } from "./worker-host.ts";
