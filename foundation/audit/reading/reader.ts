/** A read-only connection to a log, opened when it is needed and again after it has failed. */
import { type Database, isStorageFailure, openDatabase } from "#foundation/sql";
import { AuditError } from "../audit-error.ts";
import { hex } from "../chain.ts";
import type { AuditEntry, AuditRecord } from "../record.ts";

/** Runs reads. It never waits for the writer, and sees everything whose append has resolved. */
export interface Reader {
  /** @throws AuditError AuditUnavailable when the file cannot be read */
  read<Result>(body: (database: Database) => Result): Result;
  close(): void;
}

/** A row as every reader selects it: {@link ENTRY_COLUMNS}. */
export interface EntryRow {
  readonly sequence: number;
  readonly hash: Uint8Array;
  readonly record: string;
}

export const ENTRY_COLUMNS = "sequence, hash, record";

export function entryOfRow({ hash, record }: EntryRow): AuditEntry {
  // The sequence is in the record's text.
  return { ...(JSON.parse(record) as AuditRecord & { readonly sequence: number }), hash: hex(hash) };
}

export function createReader(path: string): Reader {
  let database: Database | undefined;
  let closed = false;
  const forget = (): void => {
    database?.close();
    database = undefined;
  };
  return {
    read(body) {
      if (closed) throw new AuditError("AuditUnavailable", "the audit log was closed");
      try {
        database ??= openDatabase({ path, readOnly: true });
        return body(database);
      } catch (error) {
        if (error instanceof AuditError) throw error;
        if (isStorageFailure(error)) forget();
        const why = error instanceof Error ? error.message : String(error);
        throw new AuditError("AuditUnavailable", `the audit log cannot be read: ${why}`, { cause: error });
      }
    },
    close() {
      closed = true;
      forget();
    },
  };
}
