/** What goes into a statement and what comes out of it. */

/** A value as SQLite stores it. Whole numbers beyond 2^53 lose digits when read back: keep them as text. Booleans are stored as 0 and 1. */
export type SqlValue = string | number | bigint | boolean | Uint8Array | null;

/** Positional parameters `?1, ?2 …` (or bare `?`). */
export type SqlParameters = readonly SqlValue[];

/** What a writing statement did. */
export interface SqlChanges {
  /** Rows inserted, updated or deleted, without those touched by triggers and foreign-key actions. */
  readonly changes: number;
  /** Rowid of the last row inserted by this connection. */
  readonly lastInsertRowid: number;
}
