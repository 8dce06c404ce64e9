/** How much of the database each of the engine's two connections keeps at hand. */
import type { Database } from "#foundation/sql";

/**
 * Pages in memory, per connection, once they have been used: what leads to ten million items of 1 KB, so that a look-up reads one page of the index and one of the
 * table. 10,000,000 items in pages of 3 are 3.3 million pages, led to by 1 in 400 of them: 8,300 pages; their keys, 100 to a page, by 250 more. 8,550 × 4 KiB = 34 MiB.
 */
const CACHE_KIB = 48 * 1024;

/** Address space, not memory: the kernel's pages are read without a copy. As much as SQLite allows. */
const MAPPED_BYTES = 0x7fff0000;

export function sizePageCaches(database: Database): void {
  database.exec(`PRAGMA cache_size = -${CACHE_KIB}`);
  database.exec(`PRAGMA mmap_size = ${MAPPED_BYTES}`);
}
