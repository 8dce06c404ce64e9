/**
 * What code may know about time.
 */

/**
 * Two readings of time that answer different questions.
 *
 * Use `now` for what is written down or shown (timestamps, expiry dates, signatures): it may jump when an operator or NTP sets the clock.
 * Use `monotonicMs` for measuring and for deadlines inside one process: it never runs backwards, and means nothing in another process.
 */
export interface Clock {
  /** Wall clock, whole milliseconds since 1970-01-01T00:00:00Z. */
  now(): number;
  /** Milliseconds (with a fraction) since an arbitrary moment fixed for the life of the process; never decreases. */
  monotonicMs(): number;
}
