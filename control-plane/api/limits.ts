/** Limits and periods of the API room. */

/** Asked of every data plane in its welcome: often enough to show a dead one within three of them. */
export const HEARTBEAT_MS = 5_000;

/** A connection that has not registered after this long is closed. */
export const REGISTER_TIMEOUT_MS = 10_000;

/** Data planes connected at once; each costs a socket and, while it falls behind, up to 2 MB of pending names: 1,000 × 2 MB = 2 GB at the very worst. */
export const DATA_PLANES_MAX = 1_000;

/** Commands of one data plane that may be under way at once, the same as what its link allows itself. More is a broken data plane. */
export const COMMANDS_IN_FLIGHT_MAX = 1_024;

/** While more than this is queued on a socket, the feed holds back: two parts of a snapshot (512 KiB each). */
export const SOCKET_BACKLOG_BYTES = 1024 * 1024;

/** A command is at most a bucket with all sections full (19 × 128 KiB = 2.4 MiB). */
export const COMMAND_BYTES_MAX = 3 * 1024 * 1024;

/** Events of one page, and the default. */
export const EVENTS_PAGE_MAX = 1_000;
export const EVENTS_PAGE_DEFAULT = 100;

/** Events that one request looks through for those of an org: ten reads of a page. */
export const EVENTS_SCANNED_MAX = 10 * EVENTS_PAGE_MAX;

/** Records of one page, and the default. */
export const RECORDS_PAGE_MAX = 10_000;
export const RECORDS_PAGE_DEFAULT = 1_000;

/** A follower hears something at least this often, so that either side notices a dead connection. Below the 60 s of common proxies. */
export const FOLLOW_SILENCE_MS = 15_000;

/** Followers of the event log at once; each reads the log at its own pace and keeps nothing in memory. */
export const FOLLOWERS_MAX = 100;

/** Of one person or program: so that one of them does not take all places. */
export const FOLLOWERS_OF_CALLER_MAX = 10;
