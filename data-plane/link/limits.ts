/** Limits and periods of the link. */

/** First retry after this long … */
export const BACKOFF_MS_MIN = 200;
/** … and never less often than this, so that a data plane is back within ten seconds of its control plane. */
export const BACKOFF_MS_MAX = 10_000;

/** Opening the connection, and again receiving the welcome, may each take this long. */
export const HANDSHAKE_TIMEOUT_MS = 10_000;

/**
 * How long `execute` waits for outcome and catalog together. A decision takes milliseconds; AWS SDKs give up on a silent socket after
 * 60 s at the earliest, so that the caller still hears our 503 and retries.
 */
export const COMMAND_TIMEOUT_MS = 10_000;

/** Commands that may wait at once; further ones are refused as unavailable. 1,024 × about 10 KiB (a bucket policy is at most 20 KiB) ≈ 10 MiB. */
export const COMMANDS_PENDING_MAX = 1024;

/** Records of one snapshot; beyond it the control plane is taken to be broken. 4 Mi × about 250 bytes ≈ 1 GiB. */
export const SNAPSHOT_RECORDS_MAX = 4 * 1024 * 1024;

/** Heartbeats are sent no more often and no less often than this, whatever the control plane asks for. */
export const HEARTBEAT_MS_MIN = 100;
export const HEARTBEAT_MS_MAX = 60_000;

/** Heartbeat period until the first welcome says otherwise. */
export const HEARTBEAT_MS_DEFAULT = 5_000;

/** After a change the position on disk is reported this soon, so that `status` shows it; many changes share one report. */
export const HEARTBEAT_AFTER_CHANGE_MS = 250;
