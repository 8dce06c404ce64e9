/** The settings every connection runs with, and their arithmetic. */

/** SQLite's default; equals the page of the kernel and of every disk in use, so a page is never written in halves that straddle blocks. */
export const PAGE_BYTES = 4096;

/** How long a statement waits for another connection's write lock before it fails with SQLITE_BUSY. Our longest transaction takes well below 1 s. */
export const BUSY_TIMEOUT_MS = 5_000;

/** Pages kept in memory per connection: 2,000 × 4 KiB = 8 MiB; the rest is the kernel's page cache, reached by mmap. */
export const CACHE_PAGES = 2_000;

/** Address space, not memory: reads below this offset are served from the kernel's page cache without a copy. */
export const MMAP_BYTES = 256 * 1024 * 1024;

/**
 * Pages in the write-ahead log at which the committing connection moves them into the main file: 4,000 × 4 KiB = 16 MiB. The checkpoint costs two
 * fsyncs and its random writes once per 16 MiB instead of once per 4 MiB (SQLite's default of 1,000), while a reader's look-ups in the log stay cheap.
 */
export const CHECKPOINT_PAGES = 4_000;

/** After a checkpoint the log file is cut down to this size, so that one long reader does not leave a huge file behind: 4 × the checkpoint threshold. */
export const LOG_BYTES_KEPT = 4 * CHECKPOINT_PAGES * PAGE_BYTES;

/** The PRAGMA statements of a connection, in the order in which they must run. */
export function connectionPragmas(mode: "readWrite" | "readOnly"): readonly string[] {
  const shared = [
    `PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`,
    `PRAGMA cache_size = ${CACHE_PAGES}`,
    `PRAGMA mmap_size = ${MMAP_BYTES}`,
    "PRAGMA temp_store = MEMORY",
    "PRAGMA trusted_schema = OFF",
  ];
  if (mode === "readOnly") return [...shared, "PRAGMA query_only = ON"];
  return [
    `PRAGMA page_size = ${PAGE_BYTES}`,
    ...shared,
    "PRAGMA journal_mode = WAL",
    // FULL: the log is fsynced at every commit (https://sqlite.org/pragma.html#pragma_synchronous). NORMAL would lose commits on power failure.
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    `PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`,
    `PRAGMA journal_size_limit = ${LOG_BYTES_KEPT}`,
  ];
}
