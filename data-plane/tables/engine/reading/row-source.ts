/** The SQL of reading one table, or one index of it. */
import type { Database, Statement } from "#foundation/sql";
import type { ByteRange } from "../model/byte-range.ts";
import { entriesTable, itemsTable } from "../records/schema.ts";

export interface Row {
  /** Of the item, or of the index's entry. */
  readonly key: Uint8Array;
  /** Of the whole item. */
  readonly bytes: number;
  readonly item: string;
}

export type ItemRow = Pick<Row, "bytes" | "item">;

/** Compiled when first used. */
export interface RowSource {
  one(key: Uint8Array): ItemRow | undefined;
  /** Rows in the order of their keys. */
  range(range: ByteRange, backward: boolean, limit: number): Row[];
}

export function createRowSource(database: Database, table: number, index?: number): RowSource {
  let one: Statement<ItemRow> | undefined;
  let forward: Statement<Row> | undefined;
  let backward: Statement<Row> | undefined;
  const items = itemsTable(table);
  const compile = (direction: "ASC" | "DESC"): Statement<Row> =>
    database.prepare<Row>(
      index === undefined
        ? `SELECT key, bytes, item FROM ${items} WHERE key >= ?1 AND key < ?2 ORDER BY key ${direction} LIMIT ?3`
        : // CROSS JOIN fixes the order of the loops: entries first, then the item of each.
          `SELECT entry.key AS key, bytes, item FROM ${entriesTable(index)} AS entry CROSS JOIN ${items} AS item
           ON item.id = entry.id WHERE entry.key >= ?1 AND entry.key < ?2 ORDER BY entry.key ${direction} LIMIT ?3`,
    );
  return {
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
