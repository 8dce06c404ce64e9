/** Opens the embedded engine on a directory. */

import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import type { BucketId } from "#contracts";
import type { Clock, Random, Timers } from "#foundation/runtime";
import { type Database, type EngineHost, hostEngine, openDatabase } from "#foundation/sql";
import type { Logger } from "#foundation/telemetry";
import type { HousekeepingFiles, StagingFiles } from "./bodies/file-operations.ts";
import { JOURNAL_BYTES_MAX, startHousekeeper } from "./bodies/housekeeper.ts";
import { createHousekeeping, type HousekeepingOperations } from "./bodies/housekeeping.ts";
import { openMasterKey } from "./bodies/master-key.ts";
import { type DiskRoom, openSpaceGuard, roomAt } from "./bodies/space-guard.ts";
import { createStager } from "./bodies/stager.ts";
import { systemHousekeepingFiles, systemStagingFiles } from "./bodies/system-files.ts";
import { openBodyNumbers } from "./body-numbers.ts";
import { lockDirectory } from "./directory-lock.ts";
import { assembleEngine, COMPLETION_REMEMBERED_MS, type EmbeddedEngine } from "./embedded-engine.ts";
import { openEventOutbox } from "./event-outbox.ts";
import { refuseLostParts } from "./lost-parts.ts";
import { openBodyReader } from "./reading/body-reader.ts";
import { createLatestCache } from "./reading/latest-cache.ts";
import { openRecordReader } from "./reading/record-reader.ts";
import type { RecordOperations } from "./records/commands.ts";
import { createRecords } from "./records/create-records.ts";

export interface EmbeddedEngineOptions {
  /** Made when missing. One process at a time. */
  readonly directory: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly timers: Timers;
  readonly logger?: Logger;
  /** `worker`: SQL, fsyncs and housekeeping in threads of their own. `inline`: everything in this thread, for tests. */
  readonly hosting: "worker" | "inline";
  /** The name to show in the file system; asked once, at the first write to a bucket. The id when absent or unknown. */
  readonly bucketNameOf?: (bucketId: BucketId) => string | undefined;
  /** Stand-ins for the file system and the record keeper, for tests that make them fail. Only with `inline`. */
  readonly faults?: EngineFaults;
}

export interface EngineFaults {
  readonly room?: () => Promise<DiskRoom>;
  readonly stagingFiles: (files: StagingFiles) => StagingFiles;
  readonly housekeepingFiles: (files: HousekeepingFiles) => HousekeepingFiles;
  readonly records: (host: EngineHost<RecordOperations>) => EngineHost<RecordOperations>;
}

/** Completions older than a day are forgotten this often. */
const FORGET_COMPLETIONS_EVERY_MS = 10 * 60 * 1000;

/**
 * Opens (or makes) the engine's directory, finishes what a crash interrupted, and starts.
 *
 * @throws Error when another engine uses the directory; the database's or the file system's error when the directory cannot be used
 * @example
 * const engine = await openEmbeddedEngine({
 *   directory: join(data, "objects"), clock: systemClock, random: systemRandom, timers: systemTimers, hosting: "worker",
 * });
 */
export async function openEmbeddedEngine(options: EmbeddedEngineOptions): Promise<EmbeddedEngine> {
  const { clock, random, timers, logger } = options;
  const root = resolve(options.directory);
  for (const name of ["", "staging", "buckets"]) mkdirSync(join(root, name), { recursive: true, mode: 0o700 });
  const path = join(root, "objects.db");
  const lock = lockDirectory(root);
  const opened: (() => unknown)[] = [() => lock.close()];
  let closing: Promise<void> | undefined;
  const closeAll = async (): Promise<void> => {
    for (const close of opened.reverse()) await close();
  };
  const shutDown = (): Promise<void> => {
    closing ??= closeAll();
    return closing;
  };
  try {
    refuseLostParts(root);
    const masterKey = openMasterKey(join(root, "master.key"), random);
    const records = await hostRecords(options, path);
    opened.push(() => records.close());
    const work = await hostHousekeeping(options, path, root);
    opened.push(() => work.close());
    const database = openDatabase({ path, readOnly: true });
    opened.push(() => database.close());

    const reader = openRecordReader(database);
    const bodies = openBodyReader(database, reader, masterKey, root);
    const { pinnedUploads } = bodies;
    const housekeeper = await startHousekeeper({ work, records, clock, timers, pinnedUploads, logger });
    opened.push(() => housekeeper.close());

    const forget = async (): Promise<void> => {
      const before = clock.now() - COMPLETION_REMEMBERED_MS;
      while ((await records.apply("forgetCompletions", { before })).more) {
        // Each command forgets a bounded piece, so that other writes pass between.
      }
    };
    const forgetting = timers.every(FORGET_COMPLETIONS_EVERY_MS, () => {
      forget().catch((error) => {
        logger?.warn("old multipart completions could not be forgotten; they will be later", { error });
      });
    });
    opened.push(() => forgetting.cancel());

    const stagingFiles = systemStagingFiles(root);
    const stager = createStager({
      files: options.faults?.stagingFiles(stagingFiles) ?? stagingFiles,
      random,
      space: await openSpaceGuard(options.faults?.room ?? (() => roomAt(root)), clock),
      nextBody: await openBodyNumbers(records),
      mayInline: () => housekeeper.journalBytes < JOURNAL_BYTES_MAX,
    });
    const cache = createLatestCache();
    const outbox = openEventOutbox(records, database);
    const { bucketNameOf } = options;
    return assembleEngine({
      records,
      reader,
      bodies,
      stager,
      housekeeper,
      masterKey,
      cache,
      outbox,
      clock,
      random,
      bucketNameOf,
      shutDown,
    });
  } catch (error) {
    await shutDown();
    throw error;
  }
}

/**
 * A batch of records wakes a thread twice, writes the pages of its commit to the log and syncs it. With two under way, 64 writers come in more and smaller
 * batches: a put of 4 KiB cost 8 % more CPU of the process.
 */
const RECORD_BATCHES_IN_FLIGHT = 1;

async function hostRecords(options: EmbeddedEngineOptions, path: string): Promise<EngineHost<RecordOperations>> {
  if (options.hosting === "worker") {
    const entry = "data-plane/objects/engine/objects.worker.ts";
    const database = { path };
    return hostEngine<RecordOperations, null>({
      kind: "worker",
      entry,
      database,
      settings: null,
      inFlightMax: RECORD_BATCHES_IN_FLIGHT,
    });
  }
  const host = await hostEngine<RecordOperations, null>({
    kind: "inline",
    createEngine: createRecords,
    database: { path },
    settings: null,
  });
  return options.faults?.records(host) ?? host;
}

async function hostHousekeeping(
  options: EmbeddedEngineOptions,
  path: string,
  directory: string,
): Promise<EngineHost<HousekeepingOperations>> {
  const database = { path, readOnly: true };
  if (options.hosting === "worker") {
    const entry = "data-plane/objects/engine/housekeeping.worker.ts";
    return hostEngine<HousekeepingOperations, { readonly directory: string }>({
      kind: "worker",
      entry,
      database,
      settings: { directory },
    });
  }
  const systemFiles = systemHousekeepingFiles(directory);
  const files = options.faults?.housekeepingFiles(systemFiles) ?? systemFiles;
  return hostEngine<HousekeepingOperations, null>({
    kind: "inline",
    createEngine: (view: Database) => ({ operations: createHousekeeping(view, files) }),
    database,
    settings: null,
  });
}
