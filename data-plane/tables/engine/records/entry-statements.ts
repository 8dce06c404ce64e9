/** The SQL of one index's entries. */
import type { Database } from "#foundation/sql";
import type { ByteRange } from "../model/byte-range.ts";
import { entriesTable } from "./schema.ts";

export interface EntryStatements {
  /** Whether it was not there yet. */
  insert(key: Uint8Array, id: number): boolean;
  /** Whether it was there. */
  remove(key: Uint8Array): boolean;
  count(items: number, bytes: number): void;
  /** Ids of items in the order of their entries. */
  idsIn(range: ByteRange, limit: number): readonly number[];
}

export function createEntryStatements(database: Database, index: number): EntryStatements {
  const entries = entriesTable(index);
  const insert = database.prepare(`INSERT OR IGNORE INTO ${entries} (key, id) VALUES (?1, ?2)`);
  const remove = database.prepare(`DELETE FROM ${entries} WHERE key = ?1`);
  const count = database.prepare("UPDATE index_counters SET items = items + ?2, bytes = bytes + ?3 WHERE number = ?1");
  const ids = database.prepare<{ id: number }>(
    `SELECT id FROM ${entries} WHERE key >= +?1 AND key < +?2 ORDER BY key LIMIT +?3`,
  );
  return {
    insert: (key, id) => insert.run(key, id).changes > 0,
    remove: (key) => remove.run(key).changes > 0,
    count: (items, bytes) => void count.run(index, items, bytes),
    idsIn: ({ lower, upper }, limit) => ids.all(lower, upper, limit).map(({ id }) => id),
  };
}
