/** The SQL of one table's items. */
import type { Database, SqlChanges } from "#foundation/sql";
import type { TableShape } from "../model/table-shape.ts";
import { createItemPlaces } from "./item-places.ts";
import { collectionsTable, itemsTable } from "./schema.ts";

export interface ItemRow {
  readonly id: number;
  readonly bytes: number;
  /** Absent when only the size was asked for. */
  readonly item?: string;
}

/** An item as background work walks over them. */
export interface WalkedItem {
  readonly id: number;
  readonly key: Uint8Array;
  readonly bytes: number;
  readonly item: string;
}

export interface ItemStatements {
  size(key: Uint8Array): ItemRow | undefined;
  whole(key: Uint8Array): ItemRow | undefined;
  /** The new row's id. */
  insert(key: Uint8Array, bytes: number, item: string): number;
  replace(id: number, bytes: number, item: string): void;
  remove(id: number): void;
  count(items: number, bytes: number): void;
  walk(after: number, until: number, limit: number): readonly WalkedItem[];
  keyOf(id: number): Uint8Array | undefined;
  collectionSize(partition: Uint8Array): number;
  addToCollection(partition: Uint8Array, bytes: number): void;
}

export function createItemStatements(database: Database, shape: TableShape): ItemStatements {
  const { number, collections } = shape;
  const items = itemsTable(number);
  const size = database.prepare<ItemRow>(`SELECT id, bytes FROM ${items} WHERE key = ?1`);
  const whole = database.prepare<ItemRow>(`SELECT id, bytes, item FROM ${items} WHERE key = ?1`);
  const places = createItemPlaces(database, shape);
  const insert = database.prepare(`INSERT INTO ${items} (id, key, bytes, item) VALUES (?1, ?2, ?3, ?4)`);
  const replace = database.prepare(`UPDATE ${items} SET bytes = ?2, item = ?3 WHERE id = ?1`);
  const remove = database.prepare(`DELETE FROM ${items} WHERE id = ?1`);
  const count = database.prepare("UPDATE table_counters SET items = items + ?2, bytes = bytes + ?3 WHERE number = ?1");
  const walk = database.prepare<WalkedItem>(
    `SELECT id, key, bytes, item FROM ${items} WHERE id > +?1 AND id <= +?2 ORDER BY id LIMIT +?3`,
  );
  const keyOf = database.prepare<{ key: Uint8Array }>(`SELECT key FROM ${items} WHERE id = ?1`);
  const collection = collections ? collectionStatements(database, number) : undefined;
  return {
    size: (key) => size.get(key),
    whole: (key) => whole.get(key),
    insert(key, bytes, item) {
      return insert.run(places.next(key), key, bytes, item).lastInsertRowid;
    },
    replace: (id, bytes, item) => void replace.run(id, bytes, item),
    remove: (id) => void remove.run(id),
    count: (added, bytes) => void count.run(number, added, bytes),
    walk: (after, until, limit) => walk.all(after, until, limit),
    keyOf: (id) => keyOf.get(id)?.key,
    collectionSize: (partition) => collection?.size.get(partition)?.bytes ?? 0,
    addToCollection(partition, bytes) {
      if (collection === undefined) return;
      if (bytes !== 0) collection.add.run(partition, bytes);
      if (bytes < 0) collection.forget.run(partition);
    },
  };
}

function collectionStatements(database: Database, number: number) {
  const table = collectionsTable(number);
  return {
    size: database.prepare<{ bytes: number }>(`SELECT bytes FROM ${table} WHERE partition = ?1`),
    add: database.prepare<never>(
      `INSERT INTO ${table} (partition, bytes) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET bytes = bytes + ?2`,
    ),
    forget: database.prepare<never>(`DELETE FROM ${table} WHERE partition = ?1 AND bytes <= 0`),
  } satisfies Record<string, { run(...parameters: never): SqlChanges }>;
}
