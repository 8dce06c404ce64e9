/** The file of a backup: the items of one table, in an SQLite database of their own. */
import type { Database, Migration } from "#foundation/sql";

export const BACKUP_MIGRATIONS: readonly Migration[] = [
  {
    version: 1,
    name: "items",
    sql: "CREATE TABLE items (id INTEGER PRIMARY KEY, key BLOB NOT NULL, bytes INTEGER NOT NULL, item TEXT NOT NULL) STRICT",
  },
];

export interface CopiedItem {
  /** Row in the backup, ascending. */
  readonly id: number;
  readonly key: Uint8Array;
  readonly bytes: number;
  readonly item: string;
}

/** Rows of one piece, and the bytes of their items besides the last one's. */
const ROWS_MAX = 256;
const BYTES_MAX = 1024 * 1024;

/** The next items behind row `after`; none at the end. */
export function readPiece(database: Database, after: number, table = "items"): readonly CopiedItem[] {
  const sizes = database
    .prepare<{ id: number; bytes: number }>(`SELECT id, bytes FROM ${table} WHERE id > +?1 ORDER BY id LIMIT +?2`)
    .all(after, ROWS_MAX);
  let bytes = 0;
  let last = after;
  for (const row of sizes) {
    last = row.id;
    bytes += row.bytes;
    if (bytes > BYTES_MAX) break;
  }
  return database
    .prepare<CopiedItem>(`SELECT id, key, bytes, item FROM ${table} WHERE id > +?1 AND id <= +?2 ORDER BY id`)
    .all(after, last);
}
