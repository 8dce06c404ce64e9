/** What the thread that keeps the tables knows about each of them, in memory; read anew when something was rolled back. */
import type { Database } from "#foundation/sql";
import { createShapeReader, type IndexShape, type TableShape } from "../model/table-shape.ts";
import { createEntryStatements, type EntryStatements } from "./entry-statements.ts";
import { createItemStatements, type ItemStatements } from "./item-statements.ts";
import { createStreamLog, type StreamLog } from "./stream-log.ts";

/** A table with its compiled statements. */
export interface OpenTable {
  readonly shape: TableShape;
  readonly items: ItemStatements;
  readonly indexes: readonly OpenIndex[];
  readonly stream: StreamLog | undefined;
  /** Items have to be parsed before they are stored: there are indexes to maintain. */
  readonly indexed: boolean;
}

export interface OpenIndex {
  readonly shape: IndexShape;
  readonly entries: EntryStatements;
}

export interface TableBook {
  byNumber(number: number): OpenTable | undefined;
  byId(tableId: string): OpenTable | undefined;
  all(): readonly OpenTable[];
  /** Reads one table again, after its rows in the books were changed. */
  refresh(tableId: string): void;
  /** Forgets everything; it is read again when it is next needed. */
  forget(): void;
}

export function createTableBook(database: Database): TableBook {
  const reader = createShapeReader(database);
  let loaded = false;
  const byNumber = new Map<number, OpenTable>();
  const byId = new Map<string, OpenTable>();

  const open = (shape: TableShape): OpenTable => {
    const indexes = shape.indexes.map((index) => ({
      shape: index,
      entries: createEntryStatements(database, index.number),
    }));
    return {
      shape,
      items: createItemStatements(database, shape),
      indexes,
      stream: shape.stream === undefined ? undefined : createStreamLog(database, shape, shape.stream),
      indexed: indexes.length > 0,
    };
  };
  const remember = (shape: TableShape): void => {
    const table = open(shape);
    byNumber.set(shape.number, table);
    byId.set(shape.definition.tableId, table);
  };
  const load = (): void => {
    if (loaded) return;
    loaded = true;
    for (const shape of reader.all()) if (hasItems(shape)) remember(shape);
  };

  return {
    byNumber(number) {
      load();
      return byNumber.get(number);
    },
    byId(tableId) {
      load();
      return byId.get(tableId);
    },
    all() {
      load();
      return [...byId.values()];
    },
    refresh(tableId) {
      load();
      const known = byId.get(tableId);
      byId.delete(tableId);
      if (known !== undefined) byNumber.delete(known.shape.number);
      const shape = reader.byId(tableId);
      if (shape !== undefined && hasItems(shape)) remember(shape);
    },
    forget() {
      loaded = false;
      byNumber.clear();
      byId.clear();
    },
  };
}

/** A table that is being dropped is a matter of the chores alone. */
function hasItems({ state }: TableShape): boolean {
  return state !== "dropped" && state !== "gone";
}
