/** The port: one connection to one SQLite database. Everything is synchronous. */
import type { SqlChanges, SqlParameters } from "./sql-values.ts";

/** What to open. */
export interface OpenOptions {
  /** File path, or `:memory:` for a database that ends with the connection (tests). The directory is created when missing. */
  readonly path: string;
  /**
   * A connection that can only read; the file must exist. It sees every commit that ended before its statement (or transaction) began, and never
   * blocks the writer nor waits for it. Default false.
   */
  readonly readOnly?: boolean;
}

/** A compiled statement, kept by the connection. `Row` is the caller's promise about the columns; state it next to the SQL. */
export interface Statement<Row extends object> {
  /** The first row, or undefined. */
  get(...parameters: SqlParameters): Row | undefined;
  /** All rows. Bound the result with LIMIT. */
  all(...parameters: SqlParameters): Row[];
  /** Runs a statement that returns no rows. @throws the driver's error, see `errorCode` */
  run(...parameters: SqlParameters): SqlChanges;
}

/** One connection. */
export interface Database {
  readonly path: string;
  readonly readOnly: boolean;
  /** True between BEGIN and COMMIT. SQLite ends a transaction by itself when the disk is full or fails. */
  readonly inTransaction: boolean;
  /**
   * The compiled form of `sql`, compiled at most once per connection. Call it once, outside hot paths, with constant text; values go into parameters.
   * @example
   * const byName = database.prepare<{ id: number }>("SELECT id FROM users WHERE name = ?1");
   * byName.get("ada")?.id;
   */
  prepare<Row extends object = never>(sql: string): Statement<Row>;
  /**
   * Forgets the compiled statements whose text names `table`, so that tables that come and go leave nothing behind. They must not be used any more; preparing
   * the same text again is fine.
   */
  forgetStatements(table: string): void;
  /** Runs a script of several statements without parameters. */
  exec(sql: string): void;
  /** Steps through the rows of a query that is too large for `all`, on a statement of its own. */
  iterate<Row extends object>(sql: string, ...parameters: SqlParameters): IterableIterator<Row>;
  /**
   * Runs `body` in a transaction that holds the write lock from its start (BEGIN IMMEDIATE; a deferred one on a read-only connection), commits when it
   * returns and rolls back when it throws. Durable once this has returned. Inside a transaction it is a savepoint.
   */
  transaction<Result>(body: () => Result): Result;
  /** Runs `body` so that, when it throws, only its own changes are undone. Outside a transaction it starts one. */
  savepoint<Result>(body: () => Result): Result;
  /**
   * Moves the log into the main file. `truncate` waits for readers (up to the busy timeout) and empties the log file; `passive` does what it can.
   * Not needed in normal operation: commits do it, see `CHECKPOINT_PAGES`.
   */
  checkpoint(mode: "passive" | "truncate"): void;
  /**
   * What is wrong with the file; an empty list when nothing is. `quick` skips the comparison of indexes with their tables. Includes violated foreign keys.
   * Takes time proportional to the size of the file.
   */
  integrityCheck(depth: "quick" | "full"): readonly string[];
  /** Writes a consistent copy to a new file (VACUUM INTO), while others go on. */
  backupTo(path: string): void;
  /** Closes the connection. Closing twice is harmless. */
  close(): void;
}
