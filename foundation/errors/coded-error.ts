/** The one error type that crosses rooms: a permanent code, a status, whether trying again can help, and a sentence for the user. */

import type { ExitCode } from "./exit-codes.ts";

/** What a registry says about one code. */
export interface ErrorSpec {
  /** HTTP status. */
  readonly status: number;
  /** Whether the same request may succeed later without being changed. */
  readonly retryable: boolean;
  /** A sentence that tells the user what to do. */
  readonly message: string;
  /** Exit code of the command line; derived from `status` and `retryable` when left out. */
  readonly exit?: ExitCode;
}

/** Particulars of one occurrence. */
export interface ErrorOccurrence {
  /** Replaces the registered sentence. */
  readonly message?: string;
  /** Facts for programs, shown to the caller: never a secret. */
  readonly details?: Readonly<Record<string, unknown>>;
  /** What led to it; logged, never shown. */
  readonly cause?: unknown;
}

/** An error with a permanent code. Create it through a registry (`defineErrors`). */
export class CodedError<Code extends string = string> extends Error {
  override readonly name = "CodedError";
  readonly code: Code;
  readonly status: number;
  readonly retryable: boolean;
  readonly exit: ExitCode | undefined;
  readonly details: Readonly<Record<string, unknown>> | undefined;

  constructor(code: Code, spec: ErrorSpec, occurrence: ErrorOccurrence = {}) {
    super(occurrence.message ?? spec.message, occurrence.cause === undefined ? undefined : { cause: occurrence.cause });
    this.code = code;
    this.status = spec.status;
    this.retryable = spec.retryable;
    this.exit = spec.exit;
    this.details = occurrence.details;
  }
}
