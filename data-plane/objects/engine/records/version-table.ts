/** The two tables of versions, and the movements between them. */

import type { Database } from "#foundation/sql";
import { sequenceOf } from "../model/ordered-id.ts";
import { NULL_VERSION } from "../port.ts";
import type { Bucket } from "./bucket-book.ts";
import { CURRENT_COLUMNS, VERSIONS_COLUMNS, type VersionRow } from "./rows.ts";

/** A row and the table it was found in. */
export interface Located {
  readonly row: VersionRow;
  readonly isCurrent: boolean;
}

export interface VersionTable {
  /** The latest version when it is an object. */
  current(bucket: Bucket, key: Uint8Array): VersionRow | undefined;
  /** The newest row of `versions`: the latest version, a delete marker, when there is no current one. */
  newestPast(bucket: Bucket, key: Uint8Array): VersionRow | undefined;
  /** The version with this id, `null` included. */
  locate(bucket: Bucket, key: Uint8Array, versionId: string): Located | undefined;
  /** The version whose id is `null`; `latest` is what `current` answered. */
  locateNull(bucket: Bucket, key: Uint8Array, latest: VersionRow | undefined): Located | undefined;
  /** Makes this row the current one, in place of whatever was. */
  setCurrent(bucket: Bucket, key: Uint8Array, row: VersionRow): void;
  dropCurrent(bucket: Bucket, key: Uint8Array): void;
  addPast(bucket: Bucket, key: Uint8Array, row: VersionRow): void;
  dropPast(bucket: Bucket, key: Uint8Array, seq: number): void;
  /** Writes back what an update changed: lock and detail. */
  rewrite(bucket: Bucket, key: Uint8Array, located: Located): void;
}

export function openVersionTable(database: Database): VersionTable {
  const current = database.prepare<VersionRow>(`SELECT ${CURRENT_COLUMNS} FROM current WHERE bucket = ?1 AND key = ?2`);
  const newestPast = database.prepare<VersionRow>(
    `SELECT ${VERSIONS_COLUMNS} FROM versions WHERE bucket = ?1 AND key = ?2 ORDER BY seq DESC LIMIT 1`,
  );
  const bySeq = database.prepare<VersionRow>(
    `SELECT ${VERSIONS_COLUMNS} FROM versions WHERE bucket = ?1 AND key = ?2 AND seq = ?3`,
  );
  const nullPast = database.prepare<VersionRow>(
    `SELECT ${VERSIONS_COLUMNS} FROM versions WHERE bucket = ?1 AND key = ?2 AND version IS NULL`,
  );
  const setCurrent = database.prepare(
    `INSERT OR REPLACE INTO current
       (bucket, key, seq, version, modified, owner, size, etag, body, upload, cipher, lock, detail)
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)`,
  );
  const dropCurrent = database.prepare("DELETE FROM current WHERE bucket = ?1 AND key = ?2");
  const addPast = database.prepare(
    `INSERT INTO versions
       (bucket, key, seq, version, modified, owner, size, etag, body, upload, cipher, lock, detail, marker)
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)`,
  );
  const dropPast = database.prepare("DELETE FROM versions WHERE bucket = ?1 AND key = ?2 AND seq = ?3");
  const rewriteCurrent = database.prepare("UPDATE current SET lock = ?3, detail = ?4 WHERE bucket = ?1 AND key = ?2");
  const rewritePast = database.prepare(
    "UPDATE versions SET lock = ?4, detail = ?5 WHERE bucket = ?1 AND key = ?2 AND seq = ?3",
  );

  const past = (row: VersionRow | undefined): Located | undefined => row && { row, isCurrent: false };

  const table: VersionTable = {
    current: (bucket, key) => current.get(bucket.number, key),
    newestPast: (bucket, key) => (bucket.hasHistory ? newestPast.get(bucket.number, key) : undefined),
    locate(bucket, key, versionId) {
      const row = current.get(bucket.number, key);
      if (versionId === NULL_VERSION) return table.locateNull(bucket, key, row);
      const seq = sequenceOf(versionId);
      if (seq === undefined) return undefined;
      if (row?.version === versionId) return { row, isCurrent: true };
      const older = bySeq.get(bucket.number, key, seq);
      return older?.version === versionId ? past(older) : undefined;
    },
    locateNull(bucket, key, latest) {
      if (latest?.version === null) return { row: latest, isCurrent: true };
      return bucket.hasHistory ? past(nullPast.get(bucket.number, key)) : undefined;
    },
    setCurrent(bucket, key, row) {
      setCurrent.run(
        bucket.number,
        key,
        row.seq,
        row.version,
        row.modified,
        row.owner,
        row.size,
        row.etag,
        row.body,
        row.upload,
        row.cipher,
        row.lock,
        row.detail,
      );
    },
    dropCurrent: (bucket, key) => void dropCurrent.run(bucket.number, key),
    addPast(bucket, key, row) {
      bucket.hasHistory = true;
      addPast.run(
        bucket.number,
        key,
        row.seq,
        row.version,
        row.modified,
        row.owner,
        row.size,
        row.etag,
        row.body,
        row.upload,
        row.cipher,
        row.lock,
        row.detail,
        row.marker,
      );
    },
    dropPast: (bucket, key, seq) => void dropPast.run(bucket.number, key, seq),
    rewrite(bucket, key, { row, isCurrent }) {
      if (isCurrent) rewriteCurrent.run(bucket.number, key, row.lock, row.detail);
      else rewritePast.run(bucket.number, key, row.seq, row.lock, row.detail);
    },
  };
  return table;
}
