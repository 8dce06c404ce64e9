/** What the thread that keeps the tables can be told. Each operation is one command of the host: undone as a whole when it throws. */
import type { BackupDescription, TableDefinition } from "../port.ts";

export type EnsureAnswer = "done" | "TableDropped" | "DefinitionConflict";

export interface ChoreRequest {
  readonly now: number;
}

export interface ChoreAnswer {
  /** There is more to do, now. */
  readonly more: boolean;
  /** Ids of tables whose books changed (an index became active, an index or a table is gone). */
  readonly changed: readonly string[];
}

export interface TrimAnswer {
  readonly more: boolean;
  /** Numbers of streams that are no more. */
  readonly gone: readonly number[];
}

export interface RestoreRequest {
  readonly now: number;
  readonly tableId: string;
  /** Of the backup's file. */
  readonly path: string;
  /** Row in the backup behind which to go on, `BEFORE_ALL` at first. */
  readonly after: number;
}

/** All operations, by name. */
export interface TableOperations {
  ensure(request: { readonly now: number; readonly definition: TableDefinition }): EnsureAnswer;
  /** Answers whether the table is there. */
  setState(request: { readonly tableId: string; readonly state: "open" | "closed" }): boolean;
  drop(request: { readonly now: number; readonly tableId: string }): boolean;
  /** Makes a table that takes no writes until it is filled. Answers likewise for one of which the filling was interrupted. */
  beginRestore(request: { readonly now: number; readonly definition: TableDefinition }): EnsureAnswer;
  /** Puts a bounded piece of a backup's items into the table; answers where the next one begins, undefined after the last one. */
  restore(request: RestoreRequest): number | undefined;
  addBackup(description: BackupDescription): void;
  removeBackup(backupId: string): void;
  /** A packed `WriteBatch`; answers a packed `BatchResult`. Throws only when the storage or the program fails. */
  write(packed: string): string;
  /** One bounded piece of background work: rows of dropped tables, entries of removed indexes, entries for new indexes, pages for the file system. */
  chore(request: ChoreRequest): ChoreAnswer;
  /** Removes a bounded number of expired items. */
  expire(request: ChoreRequest): { readonly more: boolean; readonly streams: readonly number[] };
  /** Removes a bounded number of old stream records, streams and transaction tokens. */
  trim(request: ChoreRequest): TrimAnswer;
}
