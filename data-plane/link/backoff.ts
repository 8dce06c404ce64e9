/** How long to wait before the next connection. */
import { BACKOFF_MS_MAX, BACKOFF_MS_MIN } from "./limits.ts";

/**
 * Exponential backoff with full jitter above a floor: uniform in [0.2 s, min(10 s, 0.4 s × 2^failures)]. The jitter keeps a fleet of data
 * planes that lost the same control plane from coming back in step.
 *
 * @param failures connections in a row that came to nothing, 0 for the first retry
 * @param draw uniform in [0, 1)
 * @returns whole milliseconds
 */
export function backoffMs(failures: number, draw: number): number {
  // 2^5 × 400 ms is past the ceiling already; the exponent is bounded so that it cannot overflow.
  const ceiling = Math.min(BACKOFF_MS_MAX, 2 * BACKOFF_MS_MIN * 2 ** Math.min(failures, 10));
  return Math.floor(BACKOFF_MS_MIN + draw * (ceiling - BACKOFF_MS_MIN));
}
