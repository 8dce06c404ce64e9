/** Which backups there are. */
import type { Database } from "#foundation/sql";
import type { BackupDescription, TableDefinition } from "../port.ts";

export interface BackupBook {
  add(description: BackupDescription): void;
  remove(backupId: string): void;
}

export interface BackupReader {
  one(backupId: string): BackupDescription | undefined;
  /** Oldest first. */
  all(): readonly BackupDescription[];
}

export function createBackupBook(database: Database): BackupBook {
  const add = database.prepare(
    "INSERT INTO backups (backup_id, definition, created_at, items, bytes, note) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
  );
  const remove = database.prepare("DELETE FROM backups WHERE backup_id = ?1");
  return {
    add({ backupId, definition, createdAt, itemCount, sizeBytes, note }) {
      add.run(backupId, JSON.stringify(definition), createdAt, itemCount, sizeBytes, note);
    },
    remove: (backupId) => void remove.run(backupId),
  };
}

interface BackupRow {
  readonly backup_id: string;
  readonly definition: string;
  readonly created_at: number;
  readonly items: number;
  readonly bytes: number;
  readonly note: string;
}

export function createBackupReader(database: Database): BackupReader {
  const columns = "backup_id, definition, created_at, items, bytes, note";
  const one = database.prepare<BackupRow>(`SELECT ${columns} FROM backups WHERE backup_id = ?1`);
  const all = database.prepare<BackupRow>(`SELECT ${columns} FROM backups ORDER BY created_at, backup_id`);
  return {
    one(backupId) {
      const row = one.get(backupId);
      return row === undefined ? undefined : describe(row);
    },
    all: () => all.all().map(describe),
  };
}

function describe(row: BackupRow): BackupDescription {
  const definition = JSON.parse(row.definition) as TableDefinition;
  return {
    backupId: row.backup_id,
    tableId: definition.tableId,
    definition,
    createdAt: row.created_at,
    itemCount: row.items,
    sizeBytes: row.bytes,
    note: row.note,
  };
}
