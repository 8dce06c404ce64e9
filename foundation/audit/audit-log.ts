/** What an open log offers. */
import type { CheckResult } from "#foundation/telemetry";
import type { AuditCheckpoint } from "./chain.ts";
import type { AuditPage, AuditQuery } from "./reading/query.ts";
import type { AuditVerdict, VerifyOptions } from "./reading/verify.ts";
import type { AuditEntry, AuditEvent } from "./record.ts";

export interface AuditLog {
  /**
   * Writes an event down. For whatever must not happen without a record: wait, and refuse when this rejects.
   * @returns resolves when the record is on disk
   * @throws AuditError AuditUnavailable
   */
  append(event: AuditEvent): Promise<void>;
  /**
   * Writes an event down without anybody waiting, for refusals and failures, which come in floods. The first of a kind (same actor and source, action, decision and reason)
   * is written at once; those that follow within a minute become one record with a `count`. When the log cannot be written, a thousand records wait and the rest is counted.
   * A process that is killed loses the counts of its last minute.
   */
  note(event: AuditEvent): void;
  /** One page, in the order of time. @throws AuditError AuditUnavailable; AuditQueryInvalid for a cursor that is none */
  query(query: AuditQuery): Promise<AuditPage>;
  /** Every record after the sequence (default: after the last one now), and then new ones, in the order of the log; see `tailRecords`. */
  tail(after: number | undefined, signal: AbortSignal): AsyncGenerator<readonly AuditEntry[], void, void>;
  /** The tail as it is sent over HTTP: lines of JSON, and an empty one after each 15 s of silence. Ends with any of the signals, the log, or the reader's leaving. */
  lines(after: number | undefined, ...signals: readonly AbortSignal[]): AsyncGenerator<Uint8Array, void, void>;
  /** The last record's place, to be published: what is put away elsewhere can be held against the log later. */
  head(): Promise<AuditCheckpoint>;
  /** Walks the whole chain, some milliseconds at a time. @throws AuditError AuditUnavailable; the signal's reason */
  verify(options?: VerifyOptions): Promise<AuditVerdict>;
  /**
   * Removes the oldest records, so many as are all older than `olderThan` (epoch milliseconds; default: by the retention), after having put that on record. Runs by itself each hour.
   * @returns how many were removed
   * @throws AuditError AuditUnavailable
   */
  retain(options?: { readonly olderThan?: number }): Promise<number>;
  /** Whether the last attempt to write succeeded: for a readiness check. */
  health(): CheckResult;
  /** Ends all tails, those that run and those to come, so that a server which answers with them can close; everything else goes on. */
  drain(): void;
  /** Writes what is left, then closes. Closing twice is harmless. */
  close(): Promise<void>;
}
