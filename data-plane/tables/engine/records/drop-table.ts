/** The end of tables: the mark, the tombstone. What they held is removed by the chores. */
import type { Database } from "#foundation/sql";
import { createShapeReader } from "../model/table-shape.ts";
import { createItemView, dropItemView } from "./item-view.ts";
import { endStream } from "./stream-log.ts";

export interface TableEnder {
  /** Answers whether the table is there. */
  setState(tableId: string, state: "open" | "closed"): boolean;
  drop(tableId: string, now: number): boolean;
}

export function createTableEnder(database: Database): TableEnder {
  const shapes = createShapeReader(database);
  const setState = database.prepare("UPDATE tables SET state = ?2 WHERE number = ?1");
  const drop = database.prepare("UPDATE tables SET state = 'dropped', stream = NULL WHERE number = ?1");
  const successor = database.prepare<{ table_id: string }>(
    `SELECT table_id FROM tables WHERE account_id = ?1 AND region = ?2 AND name = ?3 AND number > ?4
       AND state NOT IN ('dropped', 'gone') ORDER BY number DESC LIMIT 1`,
  );
  return {
    setState(tableId, state) {
      const shape = shapes.byId(tableId);
      if (shape === undefined || (shape.state !== "open" && shape.state !== "closed")) return false;
      setState.run(shape.number, state);
      return true;
    },
    drop(tableId, now) {
      const shape = shapes.byId(tableId);
      if (shape === undefined) return false;
      if (shape.state === "dropped" || shape.state === "gone") return true;
      const { number, definition, stream } = shape;
      if (stream !== undefined) endStream(database, stream.number, number, now);
      drop.run(number);
      dropItemView(database, number);
      // A table made anew under the name before this one was dropped keeps its view.
      const next = successor.get(definition.accountId, definition.region, definition.name, number);
      const nextShape = next === undefined ? undefined : shapes.byId(next.table_id);
      if (nextShape !== undefined) createItemView(database, nextShape.definition, nextShape.number);
      return true;
    },
  };
}
