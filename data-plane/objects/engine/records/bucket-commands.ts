/** Closing, reopening and dropping buckets. */

import { type BucketCommand, DONE, type Done, type Progress, type Refusal, refuse } from "./commands.ts";
import type { RecordContext } from "./record-context.ts";

/** Rows of each table that one command forgets: about 10 ms of work. */
const DROP_BATCH = 500;

export interface BucketCommands {
  close(command: BucketCommand): Done | Refusal;
  reopen(command: BucketCommand): Done | Refusal;
  drop(command: BucketCommand): Progress;
}

interface DroppedVersion {
  readonly key: Uint8Array;
  readonly seq: number;
  readonly size: number;
  readonly body: number | null;
  readonly upload: number | null;
}

export function openBucketCommands(context: RecordContext): BucketCommands {
  const { database, buckets, versions, ledger } = context;
  const columns = "key, seq, size, body, upload";
  const someCurrent = database.prepare<DroppedVersion>(
    `SELECT ${columns} FROM current WHERE bucket = ?1 LIMIT ${DROP_BATCH}`,
  );
  const somePast = database.prepare<DroppedVersion>(
    `SELECT ${columns} FROM versions WHERE bucket = ?1 LIMIT ${DROP_BATCH}`,
  );
  const someUploads = database.prepare<{ key: Uint8Array; upload: number }>(
    `SELECT key, upload FROM uploads WHERE bucket = ?1 LIMIT ${DROP_BATCH}`,
  );
  const dropUpload = database.prepare("DELETE FROM uploads WHERE bucket = ?1 AND key = ?2 AND upload = ?3");

  return {
    close({ bucket: reference }) {
      const bucket = buckets.obtain(reference);
      if (bucket.state === "dropped") return refuse("BucketClosed");
      if (buckets.find(reference.id)!.versions > 0) return refuse("BucketNotEmpty");
      buckets.setState(reference.id, "closed");
      return DONE;
    },
    reopen({ bucket: reference }) {
      const bucket = buckets.obtain(reference);
      if (bucket.state === "dropped") return refuse("BucketClosed");
      buckets.setState(reference.id, "open");
      return DONE;
    },
    drop({ bucket: reference, now }) {
      buckets.obtain(reference);
      // The row stays as a tombstone: a write that comes late must not make the bucket again.
      buckets.setState(reference.id, "dropped");
      const bucket = buckets.obtain(reference);
      const current = someCurrent.all(bucket.number);
      for (const row of current) {
        versions.dropCurrent(bucket, row.key);
        ledger.discardVersion(bucket, row.key, row, now);
        buckets.count(bucket, { objects: -1, versions: -1, bytes: -row.size });
      }
      const past = somePast.all(bucket.number);
      for (const row of past) {
        versions.dropPast(bucket, row.key, row.seq);
        ledger.discardVersion(bucket, row.key, row, now);
        buckets.count(bucket, { versions: -1, bytes: -row.size });
      }
      const uploads = someUploads.all(bucket.number);
      for (const { key, upload } of uploads) {
        dropUpload.run(bucket.number, key, upload);
        ledger.discardUpload(bucket, key, upload, now);
        buckets.count(bucket, { uploads: -1 });
      }
      return { more: Math.max(current.length, past.length, uploads.length) === DROP_BATCH };
    },
  };
}
