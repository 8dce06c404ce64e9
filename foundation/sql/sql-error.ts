/** How failures of SQLite are told apart. */

/** Permanent codes of this room. SQLite's own failures keep SQLite's names (`SQLITE_CONSTRAINT_UNIQUE` …, https://sqlite.org/rescode.html). */
export type SqlErrorCode =
  /** The database was written by a newer program. Start that program, or restore a backup. */
  | "SchemaTooNew"
  /** A migration that was applied before has another text now. Migrations are append-only: restore its text. */
  | "MigrationChanged"
  /** Migrations wait and the gate is closed. Open the database with migrations allowed. */
  | "MigrationsPending"
  /** The list of migrations given by the program is not 1, 2, 3 … */
  | "MigrationsMisnumbered"
  /** The file is not a usable database. Restore a backup. */
  | "Corrupt"
  /** Another process holds the lock. Stop it, or choose another directory. */
  | "Locked"
  /** The database or the host of the engine was closed before. */
  | "Closed";

/** A failure of this room, with a permanent code. */
export class SqlError extends Error {
  override readonly name = "SqlError";
  readonly code: SqlErrorCode;

  constructor(code: SqlErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The `code` of any error that carries one as text: SQLite's extended result code, an errno name, or one of ours. */
export function errorCode(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

/** True when an INSERT or UPDATE met a row with the same primary key or unique columns. */
export function isUniqueViolation(error: unknown): boolean {
  const code = errorCode(error);
  return code === "SQLITE_CONSTRAINT_UNIQUE" || code === "SQLITE_CONSTRAINT_PRIMARYKEY";
}

/** True when the disk or the quota is full; the same write may succeed later. */
export function isDiskFull(error: unknown): boolean {
  return errorCode(error) === "SQLITE_FULL";
}

/** True when what is on disk is in doubt (failed read, write or fsync, damaged file): the process must stop using the database. */
export function isStorageFailure(error: unknown): boolean {
  const code = errorCode(error);
  return (
    code !== undefined &&
    (code.startsWith("SQLITE_IOERR") || code.startsWith("SQLITE_CORRUPT") || code === "SQLITE_NOTADB")
  );
}
