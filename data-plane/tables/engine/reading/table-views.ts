/** The tables as the callers' thread sees them: shapes, with compiled statements on a read-only connection. */
import type { ResourceId } from "#contracts";
import type { Database } from "#foundation/sql";
import { createShapeReader, type IndexShape, type TableShape } from "../model/table-shape.ts";
import { entriesTable, itemsTable } from "../records/schema.ts";
import { TableEngineError } from "../table-engine-error.ts";
import { createRowSource, type RowSource } from "./row-source.ts";
import type { TurnSnapshot } from "./turn-snapshot.ts";

export interface TableView {
  readonly shape: TableShape;
  readonly rows: RowSource;
  readonly indexes: ReadonlyMap<string, IndexView>;
}

export interface IndexView {
  readonly shape: IndexShape;
  readonly rows: RowSource;
}

/** All tables that are not dropped. */
export interface TableViews {
  /** @throws TableEngineError NoSuchTable */
  get(tableId: ResourceId): TableView;
  has(tableId: ResourceId): boolean;
  all(): Iterable<TableView>;
  /** Reads one table's books again. */
  refresh(tableId: string): void;
  /** Runs `body`, which reads once. */
  read<Result>(body: () => Result): Result;
  /** Runs `body` so that all that it reads is of one moment. */
  snapshot<Result>(body: () => Result): Result;
}

export function createTableViews(database: Database, turn: Pick<TurnSnapshot, "join">): TableViews {
  const shapes = createShapeReader(database);
  const views = new Map<string, TableView>();
  const remember = (shape: TableShape): void => {
    if (shape.state !== "dropped" && shape.state !== "gone") views.set(shape.definition.tableId, open(database, shape));
  };
  for (const shape of shapes.all()) remember(shape);
  return {
    get(tableId) {
      const view = views.get(tableId);
      if (view === undefined) throw new TableEngineError("NoSuchTable");
      return view;
    },
    has: (tableId) => views.has(tableId),
    all: () => views.values(),
    read(body) {
      turn.join();
      return body();
    },
    snapshot: (body) => (turn.join() ? body() : database.transaction(body)),
    refresh(tableId) {
      const before = views.get(tableId);
      views.delete(tableId);
      const shape = shapes.byId(tableId);
      if (shape !== undefined) remember(shape);
      if (before !== undefined) forgetRemoved(database, before.shape, views.get(tableId)?.shape);
    },
  };
}

/** Statements on what is not read any more would stay compiled for ever. */
function forgetRemoved(database: Database, before: TableShape, after: TableShape | undefined): void {
  if (after === undefined) database.forgetStatements(itemsTable(before.number));
  const kept = new Set(after?.indexes.map(({ number }) => number));
  for (const { number } of before.indexes) if (!kept.has(number)) database.forgetStatements(entriesTable(number));
}

function open(database: Database, shape: TableShape): TableView {
  const indexes = new Map<string, IndexView>();
  for (const index of shape.indexes) {
    if (index.kind === "expiry") continue;
    indexes.set(index.definition.name, { shape: index, rows: createRowSource(database, shape.number, index.number) });
  }
  return { shape, rows: createRowSource(database, shape.number), indexes };
}
