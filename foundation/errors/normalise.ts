/** The one place where anything that was thrown becomes a coded error. */

import { CodedError } from "./coded-error.ts";
import { EXIT, type ExitCode, exitCodeOfStatus } from "./exit-codes.ts";
import { defineErrors } from "./registry.ts";

/** Errors that any plane may meet. */
export const commonErrors = defineErrors({
  INTERNAL: {
    status: 500,
    retryable: false,
    message: "Something went wrong inside. The log has the details under the request id.",
  },
  CANCELLED: { status: 499, retryable: true, message: "The operation was cancelled before it was complete." },
  TIMED_OUT: { status: 504, retryable: true, message: "The operation took longer than allowed. Try again." },
  UNREACHABLE: {
    status: 503,
    retryable: true,
    message: "The other side cannot be reached. Check that it runs and that the address is right.",
    exit: EXIT.transient,
  },
  DISK_FULL: { status: 507, retryable: true, message: "The disk is full. Free space and try again." },
  TOO_MANY_OPEN_FILES: {
    status: 503,
    retryable: true,
    message: "The process has no file descriptor left. Raise its limit (ulimit -n).",
  },
});

type CommonCode = (typeof commonErrors.codes)[number];

/** Error codes of the operating system that have a meaning for the user. */
const SYSTEM_CODES: ReadonlyMap<string, CommonCode> = new Map<string, CommonCode>([
  ["ECONNREFUSED", "UNREACHABLE"],
  ["ECONNRESET", "UNREACHABLE"],
  ["EHOSTUNREACH", "UNREACHABLE"],
  ["ENETUNREACH", "UNREACHABLE"],
  ["ENOTFOUND", "UNREACHABLE"],
  ["EAI_AGAIN", "UNREACHABLE"],
  ["ConnectionRefused", "UNREACHABLE"],
  ["ETIMEDOUT", "TIMED_OUT"],
  ["ENOSPC", "DISK_FULL"],
  ["EDQUOT", "DISK_FULL"],
  ["EMFILE", "TOO_MANY_OPEN_FILES"],
  ["ENFILE", "TOO_MANY_OPEN_FILES"],
]);

/** Whether `error` is a cancellation: it must be passed on, never swallowed or turned into a failure. */
export function isCancellation(error: unknown): boolean {
  return (
    (error instanceof Error && error.name === "AbortError") ||
    (error instanceof CodedError && error.code === "CANCELLED")
  );
}

/**
 * Whatever was thrown, as a coded error. Coded errors pass unchanged; the rest becomes one of `commonErrors` with the original as `cause` and
 * without its message, which may hold what the caller must not see.
 */
export function normaliseError(error: unknown): CodedError {
  if (error instanceof CodedError) return error;
  if (isCancellation(error)) return commonErrors.error("CANCELLED", { cause: error });
  if (error instanceof Error && error.name === "TimeoutError") return commonErrors.error("TIMED_OUT", { cause: error });
  const code = systemCodeOf(error);
  return commonErrors.error((code !== undefined && SYSTEM_CODES.get(code)) || "INTERNAL", { cause: error });
}

/** The exit code with which a command ends that failed with `error`. */
export function exitCodeOf(error: unknown): ExitCode {
  const coded = normaliseError(error);
  return coded.exit ?? exitCodeOfStatus(coded.status, coded.retryable);
}

/** The stable object that `--json` prints for an error. */
export function errorObject(error: unknown): {
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly retryable: boolean;
    readonly details?: Readonly<Record<string, unknown>>;
  };
} {
  const { code, message, retryable, details } = normaliseError(error);
  return { error: details === undefined ? { code, message, retryable } : { code, message, retryable, details } };
}

function systemCodeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}
