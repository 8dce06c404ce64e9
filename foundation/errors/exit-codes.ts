/** Exit codes of the command line. */

/** 0 ok, 1 failure, 2 usage, 3 auth, 4 not found, 5 conflict, 6 transient, 7 internal. */
export const EXIT = {
  ok: 0,
  failure: 1,
  usage: 2,
  auth: 3,
  notFound: 4,
  conflict: 5,
  transient: 6,
  internal: 7,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/**
 * The exit code that an HTTP status stands for.
 *
 * Retryable errors and 408, 425, 429, 502, 503, 504 are transient; 400 is a failure rather than usage, because usage (2) is kept for arguments that
 * the command line itself refuses.
 */
export function exitCodeOfStatus(status: number, retryable = false): ExitCode {
  if (status < 400) return EXIT.ok;
  if (status === 401 || status === 403) return EXIT.auth;
  if (status === 404 || status === 410) return EXIT.notFound;
  if (status === 409 || status === 412) return EXIT.conflict;
  if (retryable || TRANSIENT.has(status)) return EXIT.transient;
  if (status >= 500) return EXIT.internal;
  return EXIT.failure;
}

const TRANSIENT: ReadonlySet<number> = new Set([408, 425, 429, 502, 503, 504]);
