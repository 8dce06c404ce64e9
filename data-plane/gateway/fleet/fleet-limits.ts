/** Limits and periods of the link between a gateway and its fleet's control plane. */

/** Connections and downloads are tried again after this long at least … */
export const BACKOFF_MS_MIN = 1_000;
/** … and at most. */
export const BACKOFF_MS_MAX = 60_000;

/** Opening the connection, and again being registered, may each take this long. */
export const HANDSHAKE_TIMEOUT_MS = 10_000;

/** Heartbeats are sent no more often and no less often than this, whatever the control plane asks for. */
export const HEARTBEAT_MS_MIN = 1_000;
export const HEARTBEAT_MS_MAX = 300_000;

/** After so many heartbeats without any answer the control plane is taken to be stuck, though its socket answers pings. */
export const UNANSWERED_HEARTBEATS_MAX = 3;

/**
 * What was refused is tried again after this long, up to twice as long (so that a fleet does not do so in step): a secret may have come, a file of the
 * store may be whole again.
 */
export const REFUSED_AGAIN_MS = 10 * 60_000;

/** Artifacts are below one megabyte for a thousand operations; sixty-four times that is no artifact. */
export const ARTIFACT_BYTES_MAX = 64 * 1024 * 1024;

/** A whole download may take this long: the largest artifact at 2 Mbit/s, 64 MiB × 8 / 2 Mbit/s ≈ 270 s. */
export const DOWNLOAD_TIMEOUT_MS = 300_000;

/** No answer, or no further byte of it, for this long: the download has failed. */
export const DOWNLOAD_IDLE_MS = 30_000;

/** A reason is cut to this many characters before it is told: messages have a limit. */
export const REASON_CHARACTERS_MAX = 2_000;

/**
 * Exponential backoff with full jitter above a floor: uniform in [1 s, min(60 s, 2 s × 2^failures)]. The jitter keeps a fleet that lost the same control
 * plane from coming back in step.
 *
 * @param failures attempts in a row that came to nothing, 0 for the first retry
 * @param draw uniform in [0, 1)
 * @returns whole milliseconds
 */
export function fleetBackoffMs(failures: number, draw: number): number {
  // 2^5 × 2 s is past the ceiling already; the exponent is bounded so that it cannot overflow.
  const ceiling = Math.min(BACKOFF_MS_MAX, 2 * BACKOFF_MS_MIN * 2 ** Math.min(failures, 10));
  return Math.floor(BACKOFF_MS_MIN + draw * (ceiling - BACKOFF_MS_MIN));
}
