/** Makes a table be as its definition says. */
import type { Database } from "#foundation/sql";
import { createShapeReader, type IndexShape, type TableShape } from "../model/table-shape.ts";
import type { IndexDefinition, KeyDefinition, TableDefinition } from "../port.ts";
import type { EnsureAnswer } from "./commands.ts";
import { createItemView } from "./item-view.ts";
import { BEFORE_ALL, createEntriesTable, createItemsTable, createRecordsTable, itemsTable } from "./schema.ts";
import { beginStream, endStream } from "./stream-log.ts";

/** An index that a definition asks for. */
interface WantedIndex {
  readonly kind: IndexShape["kind"];
  readonly identity: string;
  readonly definition: IndexDefinition;
}

export interface TableEnsurer {
  ensure(definition: TableDefinition, now: number): EnsureAnswer;
  /** Makes a table in the state `restoring`. */
  beginRestore(definition: TableDefinition, now: number): EnsureAnswer;
}

export function createTableEnsurer(database: Database): TableEnsurer {
  const shapes = createShapeReader(database);
  const books = tableBooks(database);

  const createTable = (definition: TableDefinition, state: "open" | "restoring", now: number): void => {
    const number = books.addTable(definition, state);
    createItemsTable(database, number, definition.localIndexes.length > 0);
    createItemView(database, definition, number);
    for (const index of wantedIndexes(definition)) books.addIndex(number, index, "active", BEFORE_ALL);
    followStream(number, undefined, definition, now);
  };
  const changeTable = (shape: TableShape, definition: TableDefinition, now: number): void => {
    const wanted = wantedIndexes(definition);
    for (const index of shape.indexes) {
      if (!wanted.some((one) => isSameIndex(one, index))) books.removeIndex(index.number);
    }
    for (const index of wanted) {
      if (shape.indexes.some((one) => isSameIndex(index, one))) continue;
      const last = books.lastItem(shape.number);
      books.addIndex(shape.number, index, last === undefined ? "active" : "building", last ?? BEFORE_ALL);
    }
    followStream(shape.number, shape, definition, now);
    books.changeTable(shape.number, definition);
  };
  const followStream = (
    number: number,
    before: TableShape | undefined,
    definition: TableDefinition,
    now: number,
  ): void => {
    if (before?.stream?.label === definition.stream?.label) return;
    if (before?.stream !== undefined) endStream(database, before.stream.number, number, now);
    books.setStream(number, null);
    if (definition.stream === undefined) return;
    const stream = books.addStream(number, definition, now);
    createRecordsTable(database, stream);
    beginStream(database, stream, number, now);
    books.setStream(number, stream);
  };

  return {
    ensure(definition, now) {
      const shape = shapes.byId(definition.tableId);
      if (shape === undefined) {
        createTable(definition, "open", now);
        return "done";
      }
      if (shape.state === "dropped" || shape.state === "gone") return "TableDropped";
      if (definition.revision < shape.revision) return "done";
      // After each start the first request of a table asks; usually nothing has changed.
      if (isSame(definition, shape.definition)) return "done";
      const { keys, localIndexes } = shape.definition;
      if (!isSame(keys, definition.keys) || !isSame(localIndexes, definition.localIndexes)) return "DefinitionConflict";
      changeTable(shape, definition, now);
      return "done";
    },
    beginRestore(definition, now) {
      const shape = shapes.byId(definition.tableId);
      if (shape === undefined) createTable(definition, "restoring", now);
      else if (shape.state === "dropped" || shape.state === "gone") return "TableDropped";
      else if (shape.state !== "restoring") return "DefinitionConflict";
      return "done";
    },
  };
}

function wantedIndexes(definition: TableDefinition): readonly WantedIndex[] {
  const { localIndexes, globalIndexes, timeToLive } = definition;
  const expiry: readonly WantedIndex[] =
    timeToLive === undefined
      ? []
      : [{ kind: "expiry", identity: timeToLive.attribute, definition: expiryIndex(timeToLive.attribute) }];
  return [
    ...localIndexes.map((index): WantedIndex => ({ kind: "local", identity: index.name, definition: index })),
    ...globalIndexes.map(
      ({ indexId, ...index }): WantedIndex => ({ kind: "global", identity: indexId, definition: index }),
    ),
    ...expiry,
  ];
}

/** The index in which items stand in the order in which they expire. */
function expiryIndex(attribute: string): IndexDefinition {
  const keys: KeyDefinition = { hash: [], range: [{ name: attribute, type: "N" }] };
  return { name: "", keys, projection: { type: "ALL" } };
}

function isSameIndex(a: Pick<WantedIndex, "kind" | "identity">, b: Pick<WantedIndex, "kind" | "identity">): boolean {
  return a.kind === b.kind && a.identity === b.identity;
}

/** Both were written by `tableDefinition`, with their members in one order. */
function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function tableBooks(database: Database) {
  const addTable = database.prepare(
    `INSERT INTO tables (table_id, account_id, region, name, revision, definition, state)
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)`,
  );
  const addTableCounters = database.prepare(
    "INSERT INTO table_counters (number, items, bytes, sequence) VALUES (?1, 0, 0, 0)",
  );
  const changeTable = database.prepare("UPDATE tables SET definition = ?2, revision = ?3 WHERE number = ?1");
  const setStream = database.prepare("UPDATE tables SET stream = ?2 WHERE number = ?1");
  const addIndex = database.prepare(
    `INSERT INTO indexes (table_number, kind, identity, definition, state, visited, last)
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)`,
  );
  const addIndexCounters = database.prepare("INSERT INTO index_counters (number, items, bytes) VALUES (?1, 0, 0)");
  const removeIndex = database.prepare("UPDATE indexes SET state = 'removing' WHERE number = ?1");
  const addStream = database.prepare(
    `INSERT INTO streams (table_number, table_id, account_id, region, table_name, label, view_type, keys, created_at)
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)`,
  );
  return {
    addTable(definition: TableDefinition, state: string): number {
      const { tableId, accountId, region, name, revision } = definition;
      const text = JSON.stringify(definition);
      const number = addTable.run(tableId, accountId, region, name, revision, text, state).lastInsertRowid;
      addTableCounters.run(number);
      return number;
    },
    changeTable(number: number, definition: TableDefinition): void {
      changeTable.run(number, JSON.stringify(definition), definition.revision);
    },
    setStream: (number: number, stream: number | null) => void setStream.run(number, stream),
    addIndex(table: number, { kind, identity, definition }: WantedIndex, state: "active" | "building", last: number) {
      const text = JSON.stringify(definition);
      const number = addIndex.run(table, kind, identity, text, state, BEFORE_ALL, last).lastInsertRowid;
      addIndexCounters.run(number);
      createEntriesTable(database, number);
    },
    removeIndex: (number: number) => void removeIndex.run(number),
    lastItem: (table: number): number | undefined =>
      database.prepare<{ id: number }>(`SELECT id FROM ${itemsTable(table)} ORDER BY id DESC LIMIT 1`).get()?.id,
    addStream(table: number, definition: TableDefinition, now: number): number {
      const { tableId, accountId, region, name, keys, stream } = definition;
      if (stream === undefined) throw new TypeError("the definition has no stream");
      const { label, viewType } = stream;
      return addStream.run(table, tableId, accountId, region, name, label, viewType, JSON.stringify(keys), now)
        .lastInsertRowid;
    },
  };
}
