/** What can go wrong with the audit log. */

export type AuditErrorCode =
  /** The record is not on disk, and may never be. Whoever must not act without a record refuses now. */
  | "AuditUnavailable"
  /** A query's parameter is not known or has not its form; the message names it. */
  | "AuditQueryInvalid"
  /** The file is no audit log, or was opened by another process. */
  | "AuditNotUsable";

/** A failure of this room, with a permanent code. */
export class AuditError extends Error {
  override readonly name = "AuditError";
  readonly code: AuditErrorCode;
  /** Whether the same call may succeed later. */
  readonly retryable: boolean;

  constructor(code: AuditErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.retryable = code === "AuditUnavailable";
  }
}
