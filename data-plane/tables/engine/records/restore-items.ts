/** Fills a table from a backup, piece by piece. */
import { type Database, openDatabase } from "#foundation/sql";
import { type CopiedItem, readPiece } from "../backups/backup-file.ts";
import type { RestoreRequest } from "./commands.ts";
import { performWrite } from "./perform-write.ts";
import { planWrite } from "./plan-write.ts";
import type { OpenTable, TableBook } from "./table-book.ts";
import { createTally, type Tally } from "./tally.ts";

export interface Restorer {
  restore(request: RestoreRequest): number | undefined;
  close(): void;
}

export function createRestorer(database: Database, book: TableBook): Restorer {
  const finish = database.prepare("UPDATE tables SET state = 'open' WHERE number = ?1");
  let source: Database | undefined;
  const open = (path: string): Database => {
    if (source?.path !== path) {
      source?.close();
      source = openDatabase({ path, readOnly: true });
    }
    return source;
  };
  const close = (): void => {
    source?.close();
    source = undefined;
  };
  return {
    restore({ tableId, path, after, now }) {
      const table = book.byId(tableId);
      if (table === undefined || table.shape.state !== "restoring") return undefined;
      const piece = readPiece(open(path), after);
      const tally = createTally();
      for (const row of piece) restoreItem(table, row, now, tally);
      tally.flush();
      const last = piece.at(-1);
      if (last !== undefined) return last.id;
      finish.run(table.shape.number);
      book.refresh(tableId);
      close();
      return undefined;
    },
    close,
  };
}

function restoreItem(table: OpenTable, { key, bytes, item }: CopiedItem, now: number, tally: Tally): void {
  const wishes = {};
  const plan = planWrite(table, { table: table.shape.number, kind: "put", wishes, key, text: item, size: bytes });
  // An item that a new index cannot show is left out of that table, as AWS does; one that is there already was restored before an interruption.
  if (plan.refused === undefined && plan.id === undefined) performWrite(plan, now, tally);
}
