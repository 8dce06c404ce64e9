/** Where bodies are between their commit and their place on disk, and those that nothing refers to any more. */

import type { Database } from "#foundation/sql";
import type { Bucket } from "./bucket-book.ts";
import type { IncomingBody, SettleCommand } from "./commands.ts";

/**
 * How long a body stays readable after nothing refers to it, in milliseconds: a reader that has looked a version up and not yet opened its body still finds
 * it. Ten seconds are far more than lies between the two, and little enough that a full disk empties soon.
 */
export const READ_GRACE_MS = 10_000;

/** Numbers ≥ 1 for whole objects' parts; a whole object's body is part 0. */
const WHOLE = 0;

export interface BodyLedger {
  /** A body that this command commits. */
  accept(bucket: Bucket, key: Uint8Array, part: number, body: IncomingBody): void;
  /** A body that nothing refers to after this command. */
  discardBody(bucket: Bucket, key: Uint8Array, part: number, body: number, now: number): void;
  /** All parts of an upload that nothing refers to after this command. */
  discardUpload(bucket: Bucket, key: Uint8Array, upload: number, now: number): void;
  /** The body of a version, whichever form it has. */
  discardVersion(
    bucket: Bucket,
    key: Uint8Array,
    row: { readonly body: number | null; readonly upload: number | null },
    now: number,
  ): void;
  settle(command: SettleCommand): void;
}

export function openBodyLedger(database: Database): BodyLedger {
  const addJournal = database.prepare(
    "INSERT INTO journal (body, bucket, key, part, data) VALUES (?1, ?2, ?3, ?4, ?5)",
  );
  const addArrival = database.prepare("INSERT INTO arrivals (body, bucket, key, part) VALUES (?1, ?2, ?3, ?4)");
  const addGarbage = database.prepare(
    "INSERT INTO garbage (due, bucket, key, body, part, upload) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
  );
  const dropJournal = database.prepare("DELETE FROM journal WHERE body = ?1");
  const dropArrival = database.prepare("DELETE FROM arrivals WHERE body = ?1");
  const dropPart = database.prepare("DELETE FROM parts WHERE upload = ?1 AND part = ?2");
  const anyPart = database.prepare<{ part: number }>("SELECT part FROM parts WHERE upload = ?1 LIMIT 1");
  const dropGarbage = database.prepare("DELETE FROM garbage WHERE id = ?1");

  const ledger: BodyLedger = {
    accept(bucket, key, part, { body, data }) {
      if (data === null) addArrival.run(body, bucket.number, key, part);
      else addJournal.run(body, bucket.number, key, part, data);
    },
    discardBody(bucket, key, part, body, now) {
      addGarbage.run(now + READ_GRACE_MS, bucket.number, key, body, part, null);
    },
    discardUpload(bucket, key, upload, now) {
      addGarbage.run(now + READ_GRACE_MS, bucket.number, key, null, WHOLE, upload);
    },
    discardVersion(bucket, key, row, now) {
      if (row.upload !== null) ledger.discardUpload(bucket, key, row.upload, now);
      else if (row.body !== null) ledger.discardBody(bucket, key, WHOLE, row.body, now);
    },
    settle({ arrived, materialised, swept }) {
      for (const body of arrived) dropArrival.run(body);
      for (const body of materialised) dropJournal.run(body);
      for (const { id, bodies, upload, parts } of swept) {
        // A body is in one of the two at most.
        for (const body of bodies) if (dropJournal.run(body).changes === 0) dropArrival.run(body);
        for (const part of parts) dropPart.run(upload, part);
        if (upload === null || anyPart.get(upload) === undefined) dropGarbage.run(id);
      }
    },
  };
  return ledger;
}
