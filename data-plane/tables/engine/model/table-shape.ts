/** A table as both threads know it: what the books say, with the functions that follow from it. Immutable; read anew when the books change. */
import type { Database } from "#foundation/sql";
import type { IndexDefinition, StreamViewType, TableDefinition } from "../port.ts";
import { createIndexKeys, type IndexKeys } from "./index-key.ts";
import { createItemKeys, type ItemKeys } from "./item-key.ts";
import { createProjector, type Projector } from "./projection.ts";

export type TableState = "open" | "closed" | "restoring" | "dropped" | "gone";

export interface TableShape {
  readonly number: number;
  readonly definition: TableDefinition;
  readonly revision: number;
  readonly state: TableState;
  readonly keys: ItemKeys;
  /** All that are not being removed. */
  readonly indexes: readonly IndexShape[];
  readonly removing: readonly IndexShape[];
  readonly stream: StreamShape | undefined;
  /** Sizes of item collections are kept: there are local indexes. */
  readonly collections: boolean;
}

export interface IndexShape {
  readonly number: number;
  readonly kind: "local" | "global" | "expiry";
  readonly identity: string;
  readonly definition: IndexDefinition;
  readonly state: "building" | "active" | "removing";
  readonly keys: IndexKeys;
  readonly projector: Projector;
}

export interface StreamShape {
  readonly number: number;
  readonly label: string;
  readonly viewType: StreamViewType;
}

interface TableRow {
  readonly number: number;
  readonly revision: number;
  readonly definition: string;
  readonly state: TableState;
  readonly stream: number | null;
}

interface IndexRow {
  readonly number: number;
  readonly kind: IndexShape["kind"];
  readonly identity: string;
  readonly definition: string;
  readonly state: IndexShape["state"];
}

interface StreamRow {
  readonly label: string;
  readonly view_type: StreamViewType;
}

/** Reads shapes from the books, on a connection of either thread. */
export interface ShapeReader {
  /** All tables of which rows may be left. */
  all(): TableShape[];
  byId(tableId: string): TableShape | undefined;
}

const COLUMNS = "number, revision, definition, state, stream";

export function createShapeReader(database: Database): ShapeReader {
  const tables = database.prepare<TableRow>(`SELECT ${COLUMNS} FROM tables WHERE state <> 'gone' ORDER BY number`);
  const tableById = database.prepare<TableRow>(`SELECT ${COLUMNS} FROM tables WHERE table_id = ?1`);
  const indexesOf = database.prepare<IndexRow>(
    "SELECT number, kind, identity, definition, state FROM indexes WHERE table_number = ?1 ORDER BY number",
  );
  const streamOf = database.prepare<StreamRow>("SELECT label, view_type FROM streams WHERE number = ?1");

  const shapeOf = (row: TableRow): TableShape => {
    const definition = JSON.parse(row.definition) as TableDefinition;
    const indexes = indexesOf.all(row.number).map((index) => indexShape(index, definition));
    const stream = row.stream === null ? undefined : streamOf.get(row.stream);
    return {
      number: row.number,
      definition,
      revision: row.revision,
      state: row.state,
      keys: createItemKeys(definition.keys),
      indexes: indexes.filter(({ state }) => state !== "removing"),
      removing: indexes.filter(({ state }) => state === "removing"),
      stream:
        stream === undefined || row.stream === null
          ? undefined
          : { number: row.stream, label: stream.label, viewType: stream.view_type },
      collections: definition.localIndexes.length > 0,
    };
  };
  return {
    all: () => tables.all().map(shapeOf),
    byId(tableId) {
      const row = tableById.get(tableId);
      return row === undefined ? undefined : shapeOf(row);
    },
  };
}

function indexShape(row: IndexRow, table: TableDefinition): IndexShape {
  const definition = JSON.parse(row.definition) as IndexDefinition;
  return {
    number: row.number,
    kind: row.kind,
    identity: row.identity,
    definition,
    state: row.state,
    keys: createIndexKeys(definition.keys),
    projector: createProjector(table.keys, definition),
  };
}
