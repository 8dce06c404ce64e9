/** What every command works with. */

import type { Database } from "#foundation/sql";
import { type BodyLedger, openBodyLedger } from "./body-ledger.ts";
import { type BucketBook, openBucketBook } from "./bucket-book.ts";
import { type Outbox, openOutbox } from "./outbox.ts";
import { openSequence, type Sequence } from "./sequences.ts";
import { openVersionTable, type VersionTable } from "./version-table.ts";

/** The tables, each behind its own small interface. */
export interface RecordContext {
  readonly database: Database;
  readonly buckets: BucketBook;
  readonly versions: VersionTable;
  readonly ledger: BodyLedger;
  /** Orders all versions and uploads of the engine. */
  readonly sequence: Sequence;
  readonly bodies: Sequence;
  readonly outbox: Outbox;
}

export function openRecordContext(database: Database): RecordContext {
  const sequence = openSequence(database, "versions");
  return {
    database,
    buckets: openBucketBook(database),
    versions: openVersionTable(database),
    ledger: openBodyLedger(database),
    sequence,
    bodies: openSequence(database, "bodies"),
    outbox: openOutbox(database, sequence),
  };
}
