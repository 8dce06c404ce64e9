/** Backups on demand: made, listed, restored, deleted. */
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "#foundation/runtime";
import { type Database, type EngineHost, hostEngine } from "#foundation/sql";
import type { BackupDescription, TableEngine } from "../port.ts";
import type { TableViews } from "../reading/table-views.ts";
import { createBackupReader } from "../records/backup-book.ts";
import type { TableOperations } from "../records/commands.ts";
import { BEFORE_ALL } from "../records/schema.ts";
import { TableEngineError } from "../table-engine-error.ts";
import { type CopyOperations, type CopySettings, createCopy } from "./copy-items.ts";

/** Pieces (see `readPiece`) in one transaction of the backup's file. */
const PIECES_PER_COMMIT = 16;
/** Ids become file names. */
const ID_FORM = /^[A-Za-z0-9_-]{1,128}$/;

export type BackupKeeper = Pick<TableEngine, "createBackup" | "backup" | "backups" | "restoreBackup" | "deleteBackup">;

export interface BackupKeeperParts {
  /** Of the engine. */
  readonly directory: string;
  readonly hosting: "worker" | "inline";
  readonly host: EngineHost<TableOperations>;
  /** Read-only. */
  readonly database: Database;
  readonly views: TableViews;
  readonly clock: Clock;
}

export function openBackupKeeper({
  directory,
  hosting,
  host,
  database,
  views,
  clock,
}: BackupKeeperParts): BackupKeeper {
  const folder = join(directory, "backups");
  const reader = createBackupReader(database);
  const making = new Set<string>();
  const pathOf = (backupId: string): string => {
    if (!ID_FORM.test(backupId)) throw new TypeError("a backup's id has letters, digits, - and _ only, 128 at most");
    return join(folder, `${backupId}.db`);
  };
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  removeUnfinished(folder, new Set(reader.all().map(({ backupId }) => backupId)));

  return {
    backup: (backupId) => reader.one(backupId),
    backups: () => reader.all(),

    async createBackup(tableId, backupId, note = "") {
      const { shape } = views.get(tableId);
      const path = pathOf(backupId);
      if (making.has(backupId) || reader.one(backupId) !== undefined) throw new TableEngineError("BackupExists");
      making.add(backupId);
      try {
        const createdAt = clock.now();
        const copied = await copyTable(hosting, path, { source: database.path, table: shape.number });
        const { definition } = shape;
        const description: BackupDescription = {
          backupId,
          tableId,
          definition,
          createdAt,
          itemCount: copied.items,
          sizeBytes: copied.bytes,
          note,
        };
        await host.apply("addBackup", description);
        return description;
      } catch (error) {
        removeFile(path);
        throw error;
      } finally {
        making.delete(backupId);
      }
    },

    async restoreBackup(backupId, definition) {
      const backup = reader.one(backupId);
      if (backup === undefined) throw new TableEngineError("NoSuchBackup");
      if (JSON.stringify(backup.definition.keys) !== JSON.stringify(definition.keys)) {
        throw new TableEngineError("BackupMismatch");
      }
      const path = pathOf(backupId);
      const { tableId } = definition;
      const answer = await host.apply("beginRestore", { definition, now: clock.now() });
      views.refresh(tableId);
      if (answer !== "done") throw new TableEngineError(answer);
      for (let after: number | undefined = BEFORE_ALL; after !== undefined; ) {
        after = await host.apply("restore", { tableId, path, after, now: clock.now() });
      }
      views.refresh(tableId);
    },

    async deleteBackup(backupId) {
      const path = pathOf(backupId);
      if (reader.one(backupId) === undefined) throw new TableEngineError("NoSuchBackup");
      await host.apply("removeBackup", backupId);
      removeFile(path);
    },
  };
}

async function copyTable(hosting: "worker" | "inline", path: string, settings: CopySettings) {
  const copier = await hostCopy(hosting, path, settings);
  try {
    for (;;) {
      const copied = await copier.apply("copy", PIECES_PER_COMMIT);
      if (copied.done) return copied;
    }
  } finally {
    await copier.close();
  }
}

function hostCopy(
  hosting: "worker" | "inline",
  path: string,
  settings: CopySettings,
): Promise<EngineHost<CopyOperations>> {
  const database = { path };
  return hosting === "worker"
    ? hostEngine<CopyOperations, CopySettings>({
        kind: "worker",
        entry: "data-plane/tables/engine/backup.worker.ts",
        database,
        settings,
      })
    : hostEngine<CopyOperations, CopySettings>({ kind: "inline", createEngine: createCopy, database, settings });
}

/** Copies that a crash interrupted, and files of backups that were deleted. */
function removeUnfinished(folder: string, known: ReadonlySet<string>): void {
  for (const name of readdirSync(folder)) {
    const backupId = name.replace(/\.db(-wal|-shm)?$/, "");
    if (!known.has(backupId)) rmSync(join(folder, name), { force: true });
  }
}

function removeFile(path: string): void {
  for (const suffix of ["", "-wal", "-shm"]) rmSync(`${path}${suffix}`, { force: true });
}
