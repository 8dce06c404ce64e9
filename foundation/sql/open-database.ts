/** The port over `bun:sqlite`. */
import { type Statement as CompiledStatement, Database as Connection, type SQLQueryBindings } from "bun:sqlite";
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import type { Database, OpenOptions, Statement } from "./database.ts";
import { connectionPragmas } from "./pragmas.ts";
import { errorCode, SqlError } from "./sql-error.ts";
import type { SqlChanges, SqlParameters } from "./sql-values.ts";

/** Owner only: databases hold sealed secrets and other people's data. SQLite gives the log and index files the mode of the main file. */
const FILE_MODE = 0o600;
const DIRECTORY_MODE = 0o700;

const IN_MEMORY = ":memory:";

/**
 * Opens a database: write-ahead log, `synchronous=FULL`, foreign keys on (see `pragmas.ts` for all settings). A new file has mode 0600 and its name is
 * durable before this returns.
 *
 * @throws SqlError Corrupt when the file is not a database; the driver's error (`SQLITE_CANTOPEN` …) otherwise
 * @example
 * const database = openDatabase({ path: join(directory, "events.sqlite") });
 * migrate(database, MIGRATIONS);
 */
export function openDatabase(options: OpenOptions): Database {
  const readOnly = options.readOnly ?? false;
  if (!readOnly && options.path !== IN_MEMORY) createFile(options.path);
  const connection = new Connection(options.path, readOnly ? { readonly: true } : { readwrite: true, create: true });
  try {
    for (const pragma of connectionPragmas(readOnly ? "readOnly" : "readWrite")) connection.run(pragma);
  } catch (error) {
    connection.close();
    const code = errorCode(error);
    if (code === "SQLITE_NOTADB" || code?.startsWith("SQLITE_CORRUPT")) {
      throw new SqlError("Corrupt", `${options.path} is not a usable database; restore a backup`, { cause: error });
    }
    throw error;
  }
  return new BunDatabase(connection, options.path, readOnly);
}

function createFile(path: string): void {
  if (existsSync(path)) return;
  const directory = dirname(path);
  mkdirSync(directory, { recursive: true, mode: DIRECTORY_MODE });
  closeSync(openSync(path, "a", FILE_MODE));
  const handle = openSync(directory, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** The driver takes mutable arrays; it does not change them. */
function bindings(parameters: SqlParameters): SQLQueryBindings[] {
  return parameters as SQLQueryBindings[];
}

class BunStatement<Row extends object> implements Statement<Row> {
  readonly #prepared: CompiledStatement<Row, SQLQueryBindings[]>;
  readonly #database: BunDatabase;

  constructor(compiled: CompiledStatement<Row, SQLQueryBindings[]>, database: BunDatabase) {
    this.#prepared = compiled;
    this.#database = database;
  }

  get #compiled(): CompiledStatement<Row, SQLQueryBindings[]> {
    this.#database.assertOpen();
    return this.#prepared;
  }

  get(...parameters: SqlParameters): Row | undefined {
    return this.#compiled.get(...bindings(parameters)) ?? undefined;
  }

  all(...parameters: SqlParameters): Row[] {
    return this.#compiled.all(...bindings(parameters));
  }

  run(...parameters: SqlParameters): SqlChanges {
    const { changes, lastInsertRowid } = this.#compiled.run(...bindings(parameters));
    return { changes, lastInsertRowid: Number(lastInsertRowid) };
  }
}

interface KeptStatement {
  readonly statement: Statement<object>;
  readonly finalize: () => void;
}

class BunDatabase implements Database {
  readonly path: string;
  readonly readOnly: boolean;
  readonly #connection: Connection;
  readonly #statements = new Map<string, KeptStatement>();
  readonly #begin: string;
  #open = true;

  constructor(connection: Connection, path: string, readOnly: boolean) {
    this.#connection = connection;
    this.path = path;
    this.readOnly = readOnly;
    this.#begin = readOnly ? "BEGIN DEFERRED" : "BEGIN IMMEDIATE";
  }

  get inTransaction(): boolean {
    return this.#open && this.#connection.inTransaction;
  }

  prepare<Row extends object = never>(sql: string): Statement<Row> {
    const known = this.#statements.get(sql);
    // One compiled statement per text: its row type is whatever the text selects, which only the caller can state.
    if (known !== undefined) return known.statement as Statement<Row>;
    const compiled = this.#live().prepare<Row, SQLQueryBindings[]>(sql);
    const statement = new BunStatement<Row>(compiled, this);
    this.#statements.set(sql, { statement, finalize: () => compiled.finalize() });
    return statement;
  }

  forgetStatements(table: string): void {
    const name = new RegExp(`\\b${RegExp.escape(table)}\\b`);
    for (const [sql, { finalize }] of this.#statements) {
      if (!name.test(sql)) continue;
      this.#statements.delete(sql);
      finalize();
    }
  }

  exec(sql: string): void {
    this.#live().run(sql);
  }

  *iterate<Row extends object>(sql: string, ...parameters: SqlParameters): IterableIterator<Row> {
    const statement = this.#live().prepare<Row, SQLQueryBindings[]>(sql);
    try {
      yield* statement.iterate(...bindings(parameters));
    } finally {
      statement.finalize();
    }
  }

  transaction<Result>(body: () => Result): Result {
    if (this.inTransaction) return this.savepoint(body);
    this.prepare(this.#begin).run();
    try {
      const result = body();
      this.prepare("COMMIT").run();
      return result;
    } catch (error) {
      if (this.inTransaction) this.prepare("ROLLBACK").run();
      throw error;
    }
  }

  savepoint<Result>(body: () => Result): Result {
    if (!this.inTransaction) return this.transaction(body);
    // Savepoints nest under one name: RELEASE and ROLLBACK TO mean the innermost (https://sqlite.org/lang_savepoint.html).
    this.prepare("SAVEPOINT s").run();
    try {
      const result = body();
      this.prepare("RELEASE s").run();
      return result;
    } catch (error) {
      if (this.inTransaction) {
        this.prepare("ROLLBACK TO s").run();
        this.prepare("RELEASE s").run();
      }
      throw error;
    }
  }

  checkpoint(mode: "passive" | "truncate"): void {
    this.#live().run(mode === "passive" ? "PRAGMA wal_checkpoint(PASSIVE)" : "PRAGMA wal_checkpoint(TRUNCATE)");
  }

  integrityCheck(depth: "quick" | "full"): readonly string[] {
    const pragma = depth === "quick" ? "PRAGMA quick_check" : "PRAGMA integrity_check";
    const problems: string[] = [];
    try {
      for (const row of this.iterate<Record<string, string>>(pragma)) {
        const text = Object.values(row)[0] ?? "";
        if (text !== "ok") problems.push(text);
      }
      for (const row of this.iterate<{ table: string; rowid: number | null; parent: string }>(
        "PRAGMA foreign_key_check",
      )) {
        problems.push(`row ${row.rowid ?? "?"} of ${row.table} refers to a missing row of ${row.parent}`);
      }
    } catch (error) {
      // A badly damaged file cannot even be walked; that is a finding, not a failure of the check.
      problems.push(error instanceof Error ? error.message : String(error));
    }
    return problems;
  }

  backupTo(path: string): void {
    this.prepare("VACUUM INTO ?1").run(path);
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    for (const { finalize } of this.#statements.values()) finalize();
    this.#statements.clear();
    this.#connection.close();
  }

  /** @throws SqlError Closed */
  assertOpen(): void {
    if (!this.#open) throw new SqlError("Closed", `the database ${this.path} was closed; open it again`);
  }

  #live(): Connection {
    this.assertOpen();
    return this.#connection;
  }
}
