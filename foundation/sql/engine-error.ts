/** The one error that crosses from an engine to its callers. */

import type { FailedOutcome } from "./outcome.ts";
import { isDiskFull } from "./sql-error.ts";

/** Codes that hosts themselves produce. Engines add their own. */
export type HostErrorCode =
  /** The queue is full; nothing was done. Retryable. */
  | "Overloaded"
  /** The host was closed; nothing was done. */
  | "EngineClosed"
  /** The engine's thread or its storage failed; what was in flight may or may not have been kept. The host takes nothing more. */
  | "EngineFailed"
  /** Anything thrown without a code. */
  | "Internal";

/**
 * Throw it inside an engine's operation to refuse one command: its savepoint is rolled back, the caller's promise rejects with an `EngineError` of the same
 * code, message, retryable and details, on whichever thread the engine runs. Any other thrown error with a text `code` crosses likewise.
 */
export class EngineError extends Error {
  override readonly name = "EngineError";
  readonly code: string;
  readonly retryable: boolean;
  /** Must survive structured cloning. */
  readonly details: unknown;

  constructor(
    code: string,
    message: string,
    options: { retryable?: boolean; details?: unknown; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retryable = options.retryable ?? false;
    this.details = options.details;
  }

  /** The error that a failed outcome stands for. */
  static of(outcome: FailedOutcome): EngineError {
    return new EngineError(outcome.code, outcome.message, { retryable: outcome.retryable, details: outcome.details });
  }

  /** Any thrown value as an EngineError; one that is one already stays itself. */
  static from(thrown: unknown): EngineError {
    return thrown instanceof EngineError ? thrown : EngineError.of(failureOf(thrown));
  }
}

/** The crossing form of any thrown value. */
export function failureOf(thrown: unknown): FailedOutcome {
  if (!(thrown instanceof Error)) return { ok: false, code: "Internal", message: String(thrown), retryable: false };
  const code = "code" in thrown && typeof thrown.code === "string" ? thrown.code : "Internal";
  const retryable = ("retryable" in thrown && thrown.retryable === true) || isDiskFull(thrown);
  const details = "details" in thrown ? thrown.details : undefined;
  return { ok: false, code, message: thrown.message, retryable, ...(details === undefined ? {} : { details }) };
}
