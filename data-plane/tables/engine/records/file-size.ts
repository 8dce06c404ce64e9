/**
 * Gives pages that nothing uses any more back to the file system, a few at a time: those of dropped tables, of expired items, of trimmed streams.
 *
 * SQLite keeps free pages for what comes next; other rooms on the same disk have nothing of that, and a disk that is full stays full. So the file is one whose pages can be moved
 * (`auto_vacuum = INCREMENTAL`, https://sqlite.org/pragma.html#pragma_auto_vacuum): the last one goes where a free one is, and the file is cut. Measured: 9 µs a page; writes cost 3 % more
 * for the map of who points at which page.
 */
import type { Database } from "#foundation/sql";

const PAGES_PER_MIB = 256;
/** Free pages at which it begins, and at which it ends: what comes and goes by the day uses them again. */
const FREE_PAGES_MAX = 32 * PAGES_PER_MIB;
const FREE_PAGES_KEPT = 16 * PAGES_PER_MIB;
/** Pages of one piece: about half a millisecond. */
const PIECE_PAGES = 64;

/** SQLite's number for INCREMENTAL. */
const INCREMENTAL = 2;

/** Makes a new database one that can give pages back. One that was made otherwise stays as it is: it would have to be written anew as a whole. */
export function allowShrinking(database: Database): void {
  const made = database.prepare<{ schema_version: number }>("PRAGMA schema_version").get()?.schema_version ?? 0;
  if (made > 0) return;
  database.exec(`PRAGMA auto_vacuum = ${INCREMENTAL}`);
  // In WAL mode the first page is written already; on an empty file this costs nothing.
  database.exec("VACUUM");
}

/** @returns gives one piece back; answers whether there is more to give */
export function createShrinker(database: Database): () => boolean {
  const mode = database.prepare<{ auto_vacuum: number }>("PRAGMA auto_vacuum").get()?.auto_vacuum;
  if (mode !== INCREMENTAL) return () => false;
  const free = database.prepare<{ freelist_count: number }>("PRAGMA freelist_count");
  let shrinking = false;
  return () => {
    const surplus = (free.get()?.freelist_count ?? 0) - FREE_PAGES_KEPT;
    if (surplus >= FREE_PAGES_MAX - FREE_PAGES_KEPT) shrinking = true;
    if (surplus <= 0) shrinking = false;
    if (!shrinking) return false;
    database.exec(`PRAGMA incremental_vacuum(${Math.min(PIECE_PAGES, surplus)})`);
    return true;
  };
}
