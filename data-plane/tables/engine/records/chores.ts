/** Background work in pieces of about a millisecond, so that writes pass between them: removing what was dropped, building indexes, cutting the file. */

import type { Item } from "#data-plane/tables/values";
import type { Database } from "#foundation/sql";
import { createShapeReader, type IndexShape, type TableShape } from "../model/table-shape.ts";
import type { ChoreAnswer } from "./commands.ts";
import { createShrinker } from "./file-size.ts";
import { BEFORE_ALL, collectionsTable, entriesTable, itemsTable } from "./schema.ts";
import type { OpenIndex, OpenTable, TableBook } from "./table-book.ts";

/** Rows of one piece: about 10 µs each. */
const ROWS_MAX = 128;
/** Bytes of items of one piece, besides its last item: long items spill over many pages, each of which is read. */
const BYTES_MAX = 512 * 1024;

export function createChores(database: Database, book: TableBook): (now: number) => ChoreAnswer {
  const shapes = createShapeReader(database);
  const dropped = database.prepare<{ table_id: string }>(
    "SELECT table_id FROM tables WHERE state = 'dropped' ORDER BY number LIMIT 1",
  );
  const waiting = database.prepare<{ table_id: string }>(
    `SELECT table_id FROM indexes JOIN tables ON tables.number = indexes.table_number
     WHERE indexes.state <> 'active' AND tables.state <> 'dropped' ORDER BY indexes.number LIMIT 1`,
  );
  const building = indexBuilder(database);
  const shrink = createShrinker(database);

  return (now) => {
    const gone = dropped.get();
    const shape = gone === undefined ? undefined : shapes.byId(gone.table_id);
    if (shape !== undefined) return clearTable(database, shape, now);
    const next = waiting.get();
    const table = next === undefined ? undefined : book.byId(next.table_id);
    if (table === undefined) return { more: shrink(), changed: [] };
    const { tableId } = table.shape.definition;
    const removing = table.shape.removing[0];
    const index = table.indexes.find(({ shape: { state } }) => state === "building");
    let done = false;
    if (removing !== undefined) done = clearIndex(database, removing);
    else if (index !== undefined) done = building(table, index);
    if (!done) return { more: true, changed: [] };
    book.refresh(tableId);
    return { more: true, changed: [tableId] };
  };
}

/** Removes a piece of a dropped table. */
function clearTable(
  database: Database,
  { number, definition, indexes, removing, collections }: TableShape,
  now: number,
): ChoreAnswer {
  const more: ChoreAnswer = { more: true, changed: [] };
  for (const index of [...indexes, ...removing]) {
    clearIndex(database, index);
    return more;
  }
  if (collections && !clearKeyed(database, collectionsTable(number), "partition")) return more;
  if (!clearItems(database, itemsTable(number))) return more;
  dropTable(database, itemsTable(number));
  if (collections) dropTable(database, collectionsTable(number));
  database.prepare("DELETE FROM table_counters WHERE number = ?1").run(number);
  // The row stays for a while as a tombstone, see `trimTombstones`.
  database.prepare("UPDATE tables SET state = 'gone', gone_at = ?2 WHERE number = ?1").run(number, now);
  return { more: true, changed: [definition.tableId] };
}

/** Removes a piece of an index; answers whether nothing is left of it. */
function clearIndex(database: Database, { number }: IndexShape): boolean {
  if (!clearKeyed(database, entriesTable(number), "key")) return false;
  dropTable(database, entriesTable(number));
  database.prepare("DELETE FROM index_counters WHERE number = ?1").run(number);
  database.prepare("DELETE FROM indexes WHERE number = ?1").run(number);
  return true;
}

function dropTable(database: Database, table: string): void {
  database.exec(`DROP TABLE ${table}`);
  database.forgetStatements(table);
}

function clearKeyed(database: Database, table: string, key: string): boolean {
  const { changes } = database
    .prepare(`DELETE FROM ${table} WHERE ${key} IN (SELECT ${key} FROM ${table} ORDER BY ${key} LIMIT +?1)`)
    .run(ROWS_MAX);
  return changes < ROWS_MAX;
}

function clearItems(database: Database, table: string): boolean {
  const piece = pieceAfter(database, table, BEFORE_ALL, Number.MAX_SAFE_INTEGER);
  if (piece === undefined) return true;
  database.prepare(`DELETE FROM ${table} WHERE id <= ?1`).run(piece);
  return false;
}

/** Id of the last item of the next piece; undefined when there is none. Looks at sizes only. */
function pieceAfter(database: Database, table: string, after: number, last: number): number | undefined {
  const rows = database
    .prepare<{ id: number; bytes: number }>(
      `SELECT id, bytes FROM ${table} WHERE id > +?1 AND id <= +?2 ORDER BY id LIMIT +?3`,
    )
    .all(after, last, ROWS_MAX);
  let bytes = 0;
  for (const row of rows) {
    bytes += row.bytes;
    if (bytes > BYTES_MAX) return row.id;
  }
  return rows.at(-1)?.id;
}

interface BuildRow {
  readonly visited: number;
  readonly last: number;
}

/** Visits a piece of the items that were there before the index; answers whether there was none left. */
function indexBuilder(database: Database): (table: OpenTable, index: OpenIndex) => boolean {
  const state = database.prepare<BuildRow>("SELECT visited, last FROM indexes WHERE number = ?1");
  const visit = database.prepare("UPDATE indexes SET visited = ?2 WHERE number = ?1");
  const finish = database.prepare("UPDATE indexes SET state = 'active' WHERE number = ?1");
  return ({ shape, items }, { shape: index, entries }) => {
    const build = state.get(index.number);
    if (build === undefined) throw new Error(`index ${index.number} is not in the books`);
    const until = pieceAfter(database, itemsTable(shape.number), build.visited, build.last);
    if (until === undefined) {
      finish.run(index.number);
      return true;
    }
    let added = 0;
    let bytes = 0;
    for (const row of items.walk(build.visited, until, ROWS_MAX)) {
      const item = JSON.parse(row.item) as Item;
      // Items that the index cannot show, because an attribute has another type, are passed over as DynamoDB does.
      const key = index.keys.entry(item, row.key);
      if (key === undefined || !entries.insert(key, row.id)) continue;
      added++;
      bytes += index.projector.sizeOf(item, row.bytes);
    }
    entries.count(added, bytes);
    visit.run(index.number, until);
    return false;
  };
}
