/**
 * The work on files that follows commits: bring large bodies from `staging/` to their place, make files of small bodies, remove what is garbage.
 *
 * It runs over a read-only view of the records and reports what it did; the records are changed afterwards, by a command. A crash between the two repeats the
 * work, and every step may be repeated. It is the only place that creates, renames or removes files under `buckets/`, one pass after the other, so that a file
 * is never made for a body that was just removed.
 */

import type { Database } from "#foundation/sql";
import { bodyDirectory, bodyOfStagingName, bodyPath, stagingPath } from "../model/body-path.ts";
import { READ_GRACE_MS } from "../records/body-ledger.ts";
import type { SettleCommand, SweptGarbage } from "../records/commands.ts";
import { errnoOf, type HousekeepingFiles, isNoSpace } from "./file-operations.ts";

/** Rows of each kind in one pass: about 10 ms of work, so that stopping never waits long. */
const PASS_ROWS = 256;

/** Journal bytes held in memory by one pass. */
const PASS_BYTES = 4 * 1024 * 1024;

/** Journal rows read at once: at most 32 × 128 KiB = 4 MiB. */
const JOURNAL_ROWS = 32;

/** Materialising that was put off. */
const LATER = { materialised: [], bytes: 0, exhausted: false } as const;

/** What one pass shall do. */
export interface PassRequest {
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Uploads whose parts are being read: not to be removed now. */
  readonly pinnedUploads: readonly number[];
  /** At start nobody reads yet: garbage goes at once. */
  readonly ignoreGrace: boolean;
  /** The journal is large: make files even while there is more garbage to sweep, some of which would never have had to become one. */
  readonly journalFirst: boolean;
  /** Bodies in the journal up to this number become files; younger ones may well be replaced before. */
  readonly matureUpTo: number;
}

/** What one pass did. */
export interface PassReport {
  readonly settle: SettleCommand;
  /** More of the same can be done at once. */
  readonly more: boolean;
  /** When the next garbage is due, in milliseconds since 1970. */
  readonly nextDue: number | null;
  /** Bytes that left the journal, once `settle` is applied. */
  readonly journalBytes: number;
}

interface BodyRow {
  readonly body: number;
  readonly directory: string;
  readonly key: Uint8Array;
  readonly part: number;
}

interface JournalRow extends BodyRow {
  readonly data: Uint8Array;
}

interface GarbageRow extends Omit<BodyRow, "body"> {
  readonly id: number;
  readonly due: number;
  readonly body: number | null;
  readonly upload: number | null;
  readonly state: string;
}

/** The operations, as a host runs them. */
export interface HousekeepingOperations {
  /** Before anything else: removes files in `staging/` that no commit refers to. Returns their number. */
  recover(): number;
  pass(request: PassRequest): PassReport;
  /** Rows and bytes that wait in the journal. */
  backlog(): { readonly rows: number; readonly bytes: number };
}

export function createHousekeeping(database: Database, files: HousekeepingFiles): HousekeepingOperations {
  const arrivals = database.prepare<BodyRow>(
    `SELECT a.body, b.directory, a.key, a.part FROM arrivals a JOIN buckets b ON b.number = a.bucket
     ORDER BY a.body LIMIT ${PASS_ROWS}`,
  );
  const isArrival = database.prepare<{ body: number }>("SELECT body FROM arrivals WHERE body = ?1");
  const journal = database.prepare<JournalRow>(
    `SELECT j.body, b.directory, j.key, j.part, j.data FROM journal j JOIN buckets b ON b.number = j.bucket
     WHERE j.body > ?1 AND j.body <= ?2 AND NOT EXISTS (SELECT 1 FROM garbage g WHERE g.body = j.body)
     ORDER BY j.body LIMIT ${JOURNAL_ROWS}`,
  );
  const garbage = database.prepare<GarbageRow>(
    `SELECT g.id, g.due, b.directory, b.state, g.key, g.body, g.part, g.upload
     FROM garbage g JOIN buckets b ON b.number = g.bucket
     WHERE g.id > ?1 ORDER BY g.id LIMIT ${PASS_ROWS}`,
  );
  const uploadParts = database.prepare<{ part: number; body: number }>(
    `SELECT part, body FROM parts WHERE upload = ?1 ORDER BY part LIMIT ${PASS_ROWS}`,
  );
  const journalBytes = database.prepare<{ bytes: number }>("SELECT length(data) AS bytes FROM journal WHERE body = ?1");
  const backlog = database.prepare<{ rows: number; bytes: number }>(
    "SELECT count(*) AS rows, coalesce(sum(length(data)), 0) AS bytes FROM journal",
  );
  const newestJournaled = database.prepare<{ body: number }>("SELECT coalesce(max(body), 0) AS body FROM journal");
  /** Everything in the journal up to here is a file or garbage. */
  let materialisedUpTo = 0;
  /** Bodies in the journal up to here may have a file already, made before a crash that came before the record of it. */
  const doubtfulUpTo = newestJournaled.get()!.body;
  /** Bodies that were made files of since, whose journal rows may still be there. */
  const made = new Set<number>();

  /** Runs `make`, which creates a name in `directory`, making the directory when it is not there yet. */
  const inDirectory = (directory: string, make: () => void): void => {
    try {
      make();
    } catch (error) {
      if (errnoOf(error) !== "ENOENT") throw error;
      files.makeDirectory(directory);
      make();
    }
  };

  const bringHome = (directories: Set<string>): number[] => {
    const arrived: number[] = [];
    for (const { body, directory, key, part } of arrivals.all()) {
      const home = bodyDirectory(directory, body);
      try {
        inDirectory(home, () => files.rename(stagingPath(body), bodyPath(directory, key, body, part)));
      } catch (error) {
        // A full disk, where a directory is missing, is no reason to stop sweeping, which makes room. The body stays where it is.
        if (isNoSpace(error)) break;
        // Renamed before a crash that came before the record of it.
        if (errnoOf(error) !== "ENOENT") throw error;
      }
      directories.add(home);
      arrived.push(body);
    }
    if (arrived.length > 0) directories.add("staging");
    return arrived;
  };

  const materialise = (
    swept: readonly SweptGarbage[],
    matureUpTo: number,
    written: string[],
    directories: Set<string>,
  ) => {
    // The view of this pass still has their journal rows: a file made now would never be removed.
    const gone = new Set(swept.flatMap(({ bodies }) => bodies));
    const materialised: number[] = [];
    let bytes = 0;
    let exhausted = false;
    while (!exhausted && materialised.length < PASS_ROWS && bytes < PASS_BYTES) {
      const rows = journal.all(materialisedUpTo, matureUpTo);
      exhausted = rows.length < JOURNAL_ROWS;
      for (const { body, directory, key, part, data } of rows) {
        materialisedUpTo = body;
        if (gone.has(body)) continue;
        const home = bodyDirectory(directory, body);
        const path = bodyPath(directory, key, body, part);
        made.add(body);
        try {
          inDirectory(home, () => files.writeWhole(path, data));
        } catch (error) {
          if (!isNoSpace(error)) throw error;
          // A full disk is no reason to stop sweeping, which makes room. The body stays in the journal.
          files.remove(path);
          materialisedUpTo = 0;
          return { materialised, bytes, exhausted: true };
        }
        written.push(path);
        directories.add(home);
        materialised.push(body);
        bytes += data.length;
      }
    }
    // A body may be committed long after its number was given: begin again from the start.
    if (exhausted) materialisedUpTo = 0;
    return { materialised, bytes, exhausted };
  };

  const removeBody = (row: Omit<BodyRow, "body">, body: number, part: number, directories: Set<string>): number => {
    const journaled = journalBytes.get(body)?.bytes;
    // Most of what is replaced soon has never been a file: no need to ask the file system.
    if (journaled !== undefined && body > doubtfulUpTo && !made.has(body)) return journaled;
    const home = bodyDirectory(row.directory, body);
    if (files.remove(bodyPath(row.directory, row.key, body, part))) directories.add(home);
    if (files.remove(stagingPath(body))) directories.add("staging");
    return journaled ?? 0;
  };
  /** Forgets what has left the journal since: its row tells no longer where it is. */
  const forgetMade = (): void => {
    for (const body of made) if (journalBytes.get(body) === undefined) made.delete(body);
  };

  const removeEmptyDirectories = (bucketDirectory: string, touched: ReadonlySet<string>): void => {
    const bucketPath = `buckets/${bucketDirectory}`;
    for (const path of touched) if (path.startsWith(`${bucketPath}/`)) files.removeEmptyDirectory(path);
    files.removeEmptyDirectory(bucketPath);
  };

  const sweep = ({ now, ignoreGrace, pinnedUploads }: PassRequest, directories: Set<string>, dropped: Set<string>) => {
    const swept: SweptGarbage[] = [];
    let bytes = 0;
    let more = false;
    let nextDue: number | null = null;
    const pinned = new Set(pinnedUploads);
    const rows = garbage.all(0);
    for (const row of rows) {
      // A due time beyond the grace period comes from a clock that was set back since.
      if (!ignoreGrace && row.due > now && row.due <= now + READ_GRACE_MS) {
        nextDue = row.due;
        break;
      }
      if (row.upload !== null && pinned.has(row.upload)) {
        nextDue = now + READ_GRACE_MS;
        continue;
      }
      if (row.state === "dropped") dropped.add(row.directory);
      const parts = row.upload === null ? [] : uploadParts.all(row.upload);
      const bodies = row.body === null ? parts.map(({ body }) => body) : [row.body];
      if (row.body !== null) bytes += removeBody(row, row.body, row.part, directories);
      for (const { part, body } of parts) bytes += removeBody(row, body, part, directories);
      swept.push({ id: row.id, bodies, upload: row.upload, parts: parts.map(({ part }) => part) });
      if (parts.length === PASS_ROWS) {
        more = true;
        break;
      }
    }
    return { swept, bytes, nextDue, more: more || (rows.length === PASS_ROWS && nextDue === null) };
  };

  return {
    recover() {
      let removed = 0;
      for (const name of files.list("staging")) {
        const body = bodyOfStagingName(name);
        if (body !== undefined && isArrival.get(body) !== undefined) continue;
        files.remove(`staging/${name}`);
        removed++;
      }
      return removed;
    },
    pass(request) {
      forgetMade();
      const directories = new Set<string>();
      const written: string[] = [];
      const arrived = bringHome(directories);
      const dropped = new Set<string>();
      const { swept, bytes: sweptBytes, nextDue, more: moreGarbage } = sweep(request, directories, dropped);
      const { materialised, bytes, exhausted } =
        moreGarbage && !request.journalFirst ? LATER : materialise(swept, request.matureUpTo, written, directories);
      if (directories.size > 0) files.makeDurable(written, [...directories]);
      for (const directory of dropped) removeEmptyDirectories(directory, directories);
      return {
        settle: { arrived, materialised, swept },
        more: arrived.length === PASS_ROWS || moreGarbage || !exhausted,
        nextDue,
        journalBytes: sweptBytes + bytes,
      };
    },
    backlog: () => backlog.get()!,
  };
}
