/**
 * The SQL of reading one table, or one index of it.
 *
 * `+?1` instead of `?1`: Bun's SQLite has STAT4 and would plan a statement with ORDER BY anew whenever a bare parameter has another value, which costs 6 to 12 µs.
 */
import type { Database, Statement } from "#foundation/sql";
import type { ByteRange } from "../model/byte-range.ts";
import { entriesTable, itemsTable } from "../records/schema.ts";

/** An item as a statement gives it. Its key is not among the columns: it follows from the item, and is needed for the last one only. */
export interface ItemRow {
  /** Of the whole item. */
  readonly bytes: number;
  readonly item: string;
}

/** Compiled when first used. */
export interface RowSource {
  /** About how many bytes a row has, from the last page that was read; undefined before the first one. */
  typicalBytes: number | undefined;
  one(key: Uint8Array): ItemRow | undefined;
  /** Rows in the order of their keys. */
  range(range: ByteRange, backward: boolean, limit: number): ItemRow[];
}

export function createRowSource(database: Database, table: number, index?: number): RowSource {
  let one: Statement<ItemRow> | undefined;
  let forward: Statement<ItemRow> | undefined;
  let backward: Statement<ItemRow> | undefined;
  const items = itemsTable(table);
  const compile = (direction: "ASC" | "DESC"): Statement<ItemRow> =>
    database.prepare<ItemRow>(
      index === undefined
        ? `SELECT bytes, item FROM ${items} WHERE key >= +?1 AND key < +?2 ORDER BY key ${direction} LIMIT +?3`
        : // CROSS JOIN fixes the order of the loops: entries first, then the item of each.
          `SELECT bytes, item FROM ${entriesTable(index)} AS entry CROSS JOIN ${items} AS item
           ON item.id = entry.id WHERE entry.key >= +?1 AND entry.key < +?2 ORDER BY entry.key ${direction} LIMIT +?3`,
    );
  return {
    typicalBytes: undefined,
    one(key) {
      one ??= database.prepare<ItemRow>(`SELECT bytes, item FROM ${items} WHERE key = ?1`);
      return one.get(key);
    },
    range({ lower, upper }, descending, limit) {
      if (descending) {
        backward ??= compile("DESC");
        return backward.all(lower, upper, limit);
      }
      forward ??= compile("ASC");
      return forward.all(lower, upper, limit);
    },
  };
}
