/** The limits of a log. */

/** The data of one entry: what all transactions of a batch write. Below a message of the transport (16 MiB), with room for what is around it. */
export const PUSH_BYTES_MAX = 15 * 1024 * 1024;
/** What is written and synced at once, but for a single entry that is larger. */
export const BATCH_BYTES_MAX = 4 * 1024 * 1024;
/** The data of one reply to `pull`, but for a single entry that is larger. */
export const PULL_BYTES_MAX = 8 * 1024 * 1024;
export const PULL_ENTRIES_MAX = 10_000;
export const PULL_WAIT_MS_MAX = 30_000;
/** How long a recovery waits for one reply of a source. */
export const SOURCE_TIMEOUT_MS = 5000;

export const DEFAULT_SEGMENT_BYTES = 64 * 1024 * 1024;
/** Offsets in a segment have 32 bits: less than 4 GiB, one write more included. */
export const SEGMENT_BYTES_MAX = 3 * 1024 ** 3;
/** Entries kept in memory: at 20,000 entries of 200 bytes a second, about six seconds. */
export const DEFAULT_CACHE_BYTES = 32 * 1024 * 1024;
/** Pushes that are queued, being written, or waiting for their predecessor. */
export const DEFAULT_WAITING_BYTES_MAX = 256 * 1024 * 1024;
