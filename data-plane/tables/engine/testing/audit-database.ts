/** Compares everything that is derived with what it is derived from: index entries, counters, sizes, collections. */
import { type Item, itemSize } from "#data-plane/tables/values";
import { type Database, openDatabase } from "#foundation/sql";
import { createShapeReader, type IndexShape, type TableShape } from "../model/table-shape.ts";
import { collectionsTable, entriesTable, itemsTable } from "../records/schema.ts";

interface StoredRow {
  readonly id: number;
  readonly key: Uint8Array;
  readonly bytes: number;
  readonly item: string;
}

/** What is wrong, as sentences; empty when nothing is. @param path of the engine's database */
export function auditDatabase(path: string): readonly string[] {
  const database = openDatabase({ path, readOnly: true });
  try {
    const problems = [...database.integrityCheck("full")];
    for (const shape of createShapeReader(database).all()) {
      if (shape.state === "dropped") continue;
      problems.push(...auditTable(database, shape).map((problem) => `${shape.definition.tableId}: ${problem}`));
    }
    return problems;
  } finally {
    database.close();
  }
}

function auditTable(database: Database, shape: TableShape): string[] {
  const problems: string[] = [];
  const rows = database
    .prepare<StoredRow>(`SELECT id, key, bytes, item FROM ${itemsTable(shape.number)} ORDER BY key`)
    .all();
  const items = rows.map((row) => ({ ...row, item: JSON.parse(row.item) as Item }));
  for (const { key, bytes, item } of items) {
    if (Buffer.compare(key, shape.keys.encode(item)) !== 0) problems.push(`${JSON.stringify(item)} has another key`);
    if (itemSize(item) !== bytes) problems.push(`${JSON.stringify(item)} is not of ${bytes} bytes`);
  }
  const bytes = items.reduce((sum, row) => sum + row.bytes, 0);
  problems.push(...auditCounters(database, "table_counters", shape.number, items.length, bytes));
  for (const index of shape.indexes) {
    if (index.state === "active") problems.push(...auditIndex(database, index, items));
  }
  if (shape.collections) problems.push(...auditCollections(database, shape, items));
  return problems;
}

type ParsedRow = Omit<StoredRow, "item"> & { readonly item: Item };

function auditIndex(database: Database, index: IndexShape, items: readonly ParsedRow[]): string[] {
  const problems: string[] = [];
  const found = new Map(
    database
      .prepare<{ key: Uint8Array; id: number }>(`SELECT key, id FROM ${entriesTable(index.number)}`)
      .all()
      .map(({ key, id }) => [Buffer.from(key).toString("hex"), id]),
  );
  let bytes = 0;
  let entries = 0;
  for (const { id, key, item, bytes: whole } of items) {
    const expected = index.keys.entry(item, key);
    if (expected === undefined) continue;
    const name = Buffer.from(expected).toString("hex");
    if (found.get(name) !== id) problems.push(`index ${index.definition.name} lacks ${JSON.stringify(item)}`);
    found.delete(name);
    entries++;
    bytes += index.projector.sizeOf(item, whole);
  }
  if (found.size > 0) problems.push(`index ${index.definition.name} has ${found.size} entries too many`);
  problems.push(...auditCounters(database, "index_counters", index.number, entries, bytes));
  return problems;
}

function auditCounters(database: Database, table: string, number: number, items: number, bytes: number): string[] {
  const counters = database
    .prepare<{ items: number; bytes: number }>(`SELECT items, bytes FROM ${table} WHERE number = ?1`)
    .get(number);
  if (counters?.items === items && counters.bytes === bytes) return [];
  return [`${table} ${number} has ${counters?.items} items, ${counters?.bytes} bytes instead of ${items}, ${bytes}`];
}

function auditCollections(database: Database, shape: TableShape, items: readonly ParsedRow[]): string[] {
  const expected = new Map<string, number>();
  const hash = shape.definition.keys.hash[0]!.name;
  for (const { key, item, bytes } of items) {
    const partition = Buffer.from(shape.keys.partition(item[hash]!)).toString("hex");
    let size = bytes;
    for (const index of shape.indexes) {
      if (index.kind === "local" && index.keys.entry(item, key)) size += index.projector.sizeOf(item, bytes);
    }
    expected.set(partition, (expected.get(partition) ?? 0) + size);
  }
  const found = database
    .prepare<{ partition: Uint8Array; bytes: number }>(`SELECT partition, bytes FROM ${collectionsTable(shape.number)}`)
    .all()
    .map(({ partition, bytes }) => [Buffer.from(partition).toString("hex"), bytes] as const);
  const describe = (sizes: Iterable<readonly [string, number]>): string => JSON.stringify([...sizes].sort());
  return describe(found) === describe(expected) ? [] : ["sizes of item collections are wrong"];
}
