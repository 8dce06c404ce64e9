/** The one who writes: gives each record its number and its hash. Runs in a host of `#foundation/sql`, in a thread of its own. */

import { canonicalJson } from "#foundation/canonical-json";
import { assert } from "#foundation/errors";
import { type CreateEngine, type Database, EngineError, migrate } from "#foundation/sql";
import { chainHash, hex } from "../chain.ts";
import type { AuditRecord } from "../record.ts";
import { AUDIT_MIGRATIONS } from "../schema.ts";

/** What the engine does. */
export type AuditOperations = {
  /** Appends a record, given as JSON; the answer is its sequence. */
  readonly append: (record: string) => number;
  /** Removes at most `rowsMax` of the oldest records up to `through`, and moves the start of the chain behind them. The answer is how many were removed. */
  readonly remove: (range: { readonly through: number; readonly rowsMax: number }) => number;
};

export interface AuditEngineSettings {
  /** Random: hash(0) of a log that has yet to be made. */
  readonly newName: Uint8Array;
  /** First record of a log that has yet to be made, without details: they will name the log. */
  readonly firstRecord: AuditRecord;
  /** The storage has failed in this process before. */
  readonly afterFailure: boolean;
}

interface Head {
  readonly sequence: number;
  readonly hash: Uint8Array;
}

export const createAuditEngine: CreateEngine<AuditOperations, AuditEngineSettings> = (database, settings) => {
  if (settings.afterFailure) rewriteLog(database);
  migrate(database, AUDIT_MIGRATIONS);
  const insert = database.prepare("INSERT INTO records (sequence, hash, record) VALUES (?1, ?2, ?3)");
  const last = database.prepare<Head>("SELECT sequence, hash FROM records ORDER BY sequence DESC LIMIT 1");
  const start = database.prepare<Head>("SELECT start_sequence AS sequence, start_hash AS hash FROM chain");
  const place = database.prepare<Head>("SELECT sequence, hash FROM records WHERE sequence = ?1");
  const moveStart = database.prepare("UPDATE chain SET start_sequence = ?1, start_hash = ?2");
  const removeRows = database.prepare("DELETE FROM records WHERE sequence <= ?1");
  /** Undefined when it has to be read again. */
  let head: Head | undefined;

  const append = (record: AuditRecord): number => {
    head ??= last.get() ?? start.get()!;
    const sequence = head.sequence + 1;
    const text = canonicalJson({ ...record, sequence });
    const hash = chainHash(head.hash, text);
    insert.run(sequence, hash, text);
    head = { sequence, hash };
    return sequence;
  };

  database.transaction(() => {
    // Records without a name are a log that was tampered with: it goes on, and verification says so.
    if (start.get() !== undefined || last.get() !== undefined) return;
    database
      .prepare("INSERT INTO chain (single, name, start_sequence, start_hash) VALUES (1, ?1, 0, ?2)")
      .run(hex(settings.newName), settings.newName);
    append({ ...settings.firstRecord, details: { log: hex(settings.newName) } });
  });

  return {
    operations: {
      append: (record) => append(JSON.parse(record) as AuditRecord),
      remove({ through, rowsMax }) {
        const from = start.get()!.sequence;
        const until = place.get(Math.min(through, from + rowsMax));
        if (until === undefined) return 0;
        // The last record stays for good, so that the chain always ends in a hash that something stands behind.
        assert(until.sequence < (last.get()?.sequence ?? 0), "the last record of an audit log is never removed");
        moveStart.run(until.sequence, until.hash);
        removeRows.run(until.sequence);
        return until.sequence - from;
      },
    },
    refusesByResult: true,
    onRollback() {
      head = undefined;
    },
  };
};

/**
 * After a failed fsync the kernel may believe that pages are on disk which are not, and a later fsync of the same file does not write them again. The write-ahead log is
 * therefore copied into the main file, which dirties those pages anew, and begun afresh, before anything more is acknowledged on top of it.
 */
function rewriteLog(database: Database): void {
  const answer = database.prepare<{ busy: number }>("PRAGMA wal_checkpoint(TRUNCATE)").get();
  if (answer?.busy === 0) return;
  throw new EngineError("StillFailing", "the log could not be written anew after a failure", { retryable: true });
}
