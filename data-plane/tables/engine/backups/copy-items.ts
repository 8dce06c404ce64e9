/** Copies the items of a table into a backup's file, as they were at one moment. Runs in a thread of its own, beside the writer and the readers. */
import { type CreateEngine, migrate, openDatabase } from "#foundation/sql";
import { BEFORE_ALL, itemsTable } from "../records/schema.ts";
import { BACKUP_MIGRATIONS, readPiece } from "./backup-file.ts";

export interface CopyOperations {
  /** Copies the next pieces; answers what was copied in all, and whether that was everything. */
  copy(pieces: number): { readonly done: boolean; readonly items: number; readonly bytes: number };
}

export interface CopySettings {
  /** Of the engine's database. */
  readonly source: string;
  readonly table: number;
}

export const createCopy: CreateEngine<CopyOperations, CopySettings> = (backup, { source, table }) => {
  migrate(backup, BACKUP_MIGRATIONS);
  const insert = backup.prepare("INSERT INTO items (id, key, bytes, item) VALUES (?1, ?2, ?3, ?4)");
  const database = openDatabase({ path: source, readOnly: true });
  // One snapshot for the whole copy. It keeps the log from being cut meanwhile, nothing else.
  database.exec("BEGIN DEFERRED");
  let last = BEFORE_ALL;
  let items = 0;
  let bytes = 0;
  return {
    operations: {
      copy(pieces) {
        for (let piece = 0; piece < pieces; piece++) {
          const rows = readPiece(database, last, itemsTable(table));
          if (rows.length === 0) return { done: true, items, bytes };
          for (const row of rows) {
            insert.run(row.id, row.key, row.bytes, row.item);
            bytes += row.bytes;
          }
          items += rows.length;
          last = rows.at(-1)!.id;
        }
        return { done: false, items, bytes };
      },
    },
    close: () => database.close(),
  };
};
