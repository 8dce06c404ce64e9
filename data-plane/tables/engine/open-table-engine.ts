/** Opens the embedded engine on a directory. */

import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { takeTurns } from "#data-plane/tables/turns";
import type { Clock, Timers } from "#foundation/runtime";
import { acquireProcessLock, type EngineHost, hostEngine, openDatabase } from "#foundation/sql";
import type { Logger } from "#foundation/telemetry";
import { openBackupKeeper } from "./backups/backup-keeper.ts";
import { assembleEngine, type EmbeddedTableEngine } from "./embedded-engine.ts";
import { startHousekeeper } from "./housekeeper.ts";
import { createPageReader } from "./reading/page-reader.ts";
import { createStreamReader } from "./reading/stream-reader.ts";
import { createTableViews } from "./reading/table-views.ts";
import { createTurnSnapshot, endedByCommits } from "./reading/turn-snapshot.ts";
import type { TableOperations } from "./records/commands.ts";
import { createTables } from "./records/create-tables.ts";
import { sizePageCaches } from "./records/page-caches.ts";
import { createStreamWatch } from "./stream-watch.ts";
import { type DiskRoom, openDiskGuard, roomAt } from "./writing/disk-guard.ts";
import { createTableWriter } from "./writing/table-writer.ts";
import { createWriteQueue } from "./writing/write-queue.ts";

export interface TableEngineOptions {
  /** Made when missing. One process at a time. */
  readonly directory: string;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger?: Logger;
  /** `worker`: SQL that writes, and fsyncs, in a thread of their own. `inline`: everything in this thread, for tests. */
  readonly hosting: "worker" | "inline";
  /** A stand-in for the look at the disk's free space, for tests. */
  readonly room?: () => Promise<DiskRoom>;
}

/**
 * Opens (or makes) the engine's directory and starts. Work that a crash interrupted goes on in the background.
 *
 * @throws SqlError Locked when another engine uses the directory; the database's error when it cannot be used
 * @example
 * const engine = await openTableEngine({
 *   directory: join(data, "tables"), clock: systemClock, timers: systemTimers, hosting: "worker",
 * });
 */
export async function openTableEngine(options: TableEngineOptions): Promise<EmbeddedTableEngine> {
  const { clock, timers, logger } = options;
  const directory = resolve(options.directory);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const path = join(directory, "tables.db");
  const lock = acquireProcessLock(join(directory, "engine.lock"));
  const opened: (() => unknown)[] = [() => lock.release()];
  let closing: Promise<void> | undefined;
  const closeAll = async (): Promise<void> => {
    for (const close of opened.reverse()) await close();
  };
  const shutDown = (): Promise<void> => {
    closing ??= closeAll();
    return closing;
  };
  try {
    const tables = await hostTables(options.hosting, path);
    opened.push(() => tables.close());
    const database = openDatabase({ path, readOnly: true });
    opened.push(() => database.close());
    sizePageCaches(database);
    const snapshot = createTurnSnapshot(database);
    opened.push(() => snapshot.end());
    const host = endedByCommits(tables, snapshot);
    const views = createTableViews(database, snapshot);
    const streams = createStreamReader(database);
    const watch = createStreamWatch(streams.referenceOf);
    const onStreams = watch.notify;
    const disk = await openDiskGuard(options.room ?? (() => roomAt(directory)), timers);
    opened.push(() => disk.close());
    const queue = createWriteQueue({ host, clock, onStreams });
    opened.push(() => queue.close());
    const housekeeper = startHousekeeper({
      host,
      writes: () => queue.submitted,
      views,
      clock,
      timers,
      logger,
      onStreams,
      onStreamGone: streams.forget,
    });
    opened.push(() => housekeeper.close());
    return assembleEngine({
      host,
      database,
      views,
      pages: createPageReader({ views, takeTurns: () => takeTurns(clock) }),
      streams,
      watch,
      writer: createTableWriter({ views, queue, disk, takeTurns: () => takeTurns(clock) }),
      backups: openBackupKeeper({ directory, hosting: options.hosting, host, database, views, clock }),
      housekeeper,
      clock,
      shutDown,
    });
  } catch (error) {
    await shutDown();
    throw error;
  }
}

function hostTables(hosting: TableEngineOptions["hosting"], path: string): Promise<EngineHost<TableOperations>> {
  const database = { path };
  return hosting === "worker"
    ? hostEngine<TableOperations, null>({
        kind: "worker",
        entry: "data-plane/tables/engine/tables.worker.ts",
        database,
        settings: null,
      })
    : hostEngine<TableOperations, null>({ kind: "inline", createEngine: createTables, database, settings: null });
}
