/**
 * Reads of the records through a connection of their own: each statement sees every write that was acknowledged before it began.
 *
 * Two statements see two states, and between them a version may move from one table to the other: whatever looks into both does so in one {@link RecordReader.snapshot}.
 */

import type { BucketId } from "#contracts";
import type { Database } from "#foundation/sql";
import { compareKeys, decodeKey, encodeKey, pastKey } from "../model/key-order.ts";
import type { RowSource } from "../model/list-walk.ts";
import { sequenceOf } from "../model/ordered-id.ts";
import { NULL_VERSION } from "../port.ts";
import {
  type BucketRow,
  CURRENT_COLUMNS,
  type KeyedVersionRow,
  type NamedVersionRow,
  PART_COLUMNS,
  type PartRow,
  UPLOAD_COLUMNS,
  type UploadRow,
  VERSIONS_COLUMNS,
  type VersionRow,
} from "../records/rows.ts";

/** What never changes about a bucket. */
export interface BucketPlace {
  readonly number: number;
  readonly directory: string;
}

export interface FoundVersion {
  readonly row: VersionRow;
  readonly isLatest: boolean;
}

export interface KeyedUploadRow extends UploadRow {
  readonly key: Uint8Array;
}

/** A bucket that holds versions, and the name of its directory, which is that of the bucket where it was known. */
export interface FilledBucket {
  readonly bucketId: BucketId;
  readonly directory: string;
}

export interface RecordReader {
  /** Runs `body` so that all its reads see one state. */
  snapshot<Result>(body: () => Result): Result;
  place(bucketId: BucketId): BucketPlace | undefined;
  bucket(bucketId: BucketId): BucketRow | undefined;
  latest(bucket: BucketPlace, key: string): FoundVersion | undefined;
  version(bucket: BucketPlace, key: string, versionId: string): FoundVersion | undefined;
  upload(bucket: BucketPlace, key: string, uploadId: string): UploadRow | undefined;
  parts(upload: number): readonly PartRow[];
  partsAfter(upload: number, after: number, limit: number): readonly PartRow[];
  currentRows(bucket: BucketPlace): RowSource<NamedVersionRow>;
  /** All versions and markers. */
  versionRows(bucket: BucketPlace): RowSource<KeyedVersionRow>;
  /** Whether no version of the key is newer than the one with this sequence number. */
  isNewest(bucket: BucketPlace, key: string, seq: number): boolean;
  uploadRows(bucket: BucketPlace): RowSource<KeyedUploadRow>;
  uploadsInitiatedBefore(bucket: BucketPlace, before: number, limit: number): readonly KeyedUploadRow[];
  /** Buckets that were closed and neither reopened nor dropped. */
  closedBuckets(): readonly BucketId[];
  /** Open buckets that hold versions. */
  filledBuckets(): readonly FilledBucket[];
}

export function openRecordReader(database: Database): RecordReader {
  const bucketById = database.prepare<BucketRow>("SELECT * FROM buckets WHERE id = ?1");
  const closed = database.prepare<{ id: BucketId }>("SELECT id FROM buckets WHERE state = 'closed' ORDER BY number");
  const filled = database.prepare<FilledBucket>(
    "SELECT id AS bucketId, directory FROM buckets WHERE state = 'open' AND versions > 0 ORDER BY number",
  );
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
  const upload = database.prepare<UploadRow>(
    `SELECT ${UPLOAD_COLUMNS} FROM uploads WHERE bucket = ?1 AND key = ?2 AND upload = ?3`,
  );
  const partsAfter = database.prepare<PartRow>(
    `SELECT ${PART_COLUMNS} FROM parts WHERE upload = ?1 AND part > ?2 ORDER BY part LIMIT ?3`,
  );
  // The cast takes the bytes as they are: keys are well-formed UTF-8, and neither a NUL nor U+FEFF at the beginning is lost.
  const scanCurrent = database.prepare<NamedVersionRow>(
    `SELECT CAST(key AS TEXT) AS name, ${CURRENT_COLUMNS}
     FROM current WHERE bucket = ?1 AND key >= ?2 AND key < ?3 ORDER BY key LIMIT ?4`,
  );
  const peekCurrent = database.prepare<{ key: Uint8Array }>(
    "SELECT key FROM current WHERE bucket = ?1 AND key >= ?2 AND key < ?3 ORDER BY key LIMIT 1",
  );
  const peekPast = database.prepare<{ key: Uint8Array }>(
    "SELECT key FROM versions WHERE bucket = ?1 AND key >= ?2 AND key < ?3 ORDER BY key LIMIT 1",
  );
  const peekUpload = database.prepare<{ key: Uint8Array }>(
    "SELECT key FROM uploads WHERE bucket = ?1 AND key >= ?2 AND key < ?3 ORDER BY key LIMIT 1",
  );
  const scanAll = database.prepare<KeyedVersionRow>(
    `SELECT key, ${CURRENT_COLUMNS} FROM current WHERE bucket = ?1 AND key >= ?2 AND key < ?3
     UNION ALL
     SELECT key, ${VERSIONS_COLUMNS} FROM versions WHERE bucket = ?1 AND key >= ?2 AND key < ?3
     ORDER BY key, seq DESC LIMIT ?4`,
  );
  const scanKey = database.prepare<KeyedVersionRow>(
    `SELECT key, ${CURRENT_COLUMNS} FROM current WHERE bucket = ?1 AND key = ?2 AND seq < ?3
     UNION ALL
     SELECT key, ${VERSIONS_COLUMNS} FROM versions WHERE bucket = ?1 AND key = ?2 AND seq < ?3
     ORDER BY seq DESC LIMIT ?4`,
  );
  const scanUploads = database.prepare<KeyedUploadRow>(
    `SELECT key, ${UPLOAD_COLUMNS} FROM uploads
     WHERE bucket = ?1 AND (key, upload) > (?2, ?3) AND key < ?4 ORDER BY key, upload LIMIT ?5`,
  );
  const uploadsByAge = database.prepare<KeyedUploadRow>(
    `SELECT key, ${UPLOAD_COLUMNS} FROM uploads WHERE bucket = ?1 AND initiated < ?2 ORDER BY initiated LIMIT ?3`,
  );
  // Number and directory of a bucket never change, and its id is never used again.
  const places = new Map<BucketId, BucketPlace>();

  const fromCurrentTable = (row: VersionRow): FoundVersion => ({ row, isLatest: true });
  const isLatestPast = (bucket: BucketPlace, key: Uint8Array, row: VersionRow): boolean =>
    current.get(bucket.number, key) === undefined && newestPast.get(bucket.number, key)?.seq === row.seq;
  const fromPastTable = (bucket: BucketPlace, key: Uint8Array, row: VersionRow | undefined) =>
    row && { row, isLatest: isLatestPast(bucket, key, row) };

  const snapshot = <Result>(body: () => Result): Result => database.transaction(body);

  return {
    snapshot,
    place(bucketId) {
      const known = places.get(bucketId);
      if (known !== undefined) return known;
      const row = bucketById.get(bucketId);
      if (row === undefined) return undefined;
      const place = { number: row.number, directory: row.directory };
      places.set(bucketId, place);
      return place;
    },
    bucket: (bucketId) => bucketById.get(bucketId),
    latest(bucket, key) {
      const bytes = encodeKey(key);
      const find = () => current.get(bucket.number, bytes);
      // Found in the first table it is the latest by itself; only a look into both needs one state.
      const row = find() ?? snapshot(() => find() ?? newestPast.get(bucket.number, bytes));
      return row && fromCurrentTable(row);
    },
    version: (bucket, key, versionId) =>
      snapshot(() => {
        const bytes = encodeKey(key);
        const row = current.get(bucket.number, bytes);
        if (versionId === NULL_VERSION) {
          if (row?.version === null) return fromCurrentTable(row);
          return fromPastTable(bucket, bytes, nullPast.get(bucket.number, bytes));
        }
        if (row?.version === versionId) return fromCurrentTable(row);
        const seq = sequenceOf(versionId);
        if (seq === undefined) return undefined;
        const older = bySeq.get(bucket.number, bytes, seq);
        return older?.version === versionId ? fromPastTable(bucket, bytes, older) : undefined;
      }),
    upload(bucket, key, uploadId) {
      const seq = sequenceOf(uploadId);
      if (seq === undefined) return undefined;
      const row = upload.get(bucket.number, encodeKey(key), seq);
      return row?.id === uploadId ? row : undefined;
    },
    parts: (number) => partsAfter.all(number, 0, PARTS_MAX),
    partsAfter: (number, after, limit) => partsAfter.all(number, after, limit),
    currentRows: (bucket) => ({
      peek: (from, end) => keyOf(peekCurrent.get(bucket.number, from.key, end)),
      keyOf: (row) => row.name,
      seqOf: (row) => row.seq,
      scan: (from, end, limit) =>
        scanCurrent.all(bucket.number, from.pastSeq === undefined ? from.key : following(from.key), end, limit),
    }),
    versionRows: (bucket) => ({
      peek(from, end) {
        const current = keyOf(peekCurrent.get(bucket.number, from.key, end));
        const past = keyOf(peekPast.get(bucket.number, from.key, end));
        if (current === undefined || past === undefined) return current ?? past;
        return compareKeys(current, past) < 0 ? current : past;
      },
      keyOf: (row) => decodeKey(row.key),
      seqOf: (row) => row.seq,
      scan(from, end, limit) {
        if (from.pastSeq === undefined) return scanAll.all(bucket.number, from.key, end, limit);
        const sameKey = scanKey.all(bucket.number, from.key, from.pastSeq, limit);
        if (sameKey.length === limit) return sameKey;
        return [...sameKey, ...scanAll.all(bucket.number, following(from.key), end, limit - sameKey.length)];
      },
    }),
    isNewest(bucket, key, seq) {
      const bytes = encodeKey(key);
      return (current.get(bucket.number, bytes) ?? newestPast.get(bucket.number, bytes))?.seq === seq;
    },
    uploadRows: (bucket) => ({
      peek: (from, end) => keyOf(peekUpload.get(bucket.number, from.key, end)),
      keyOf: (row) => decodeKey(row.key),
      seqOf: (row) => row.upload,
      scan: (from, end, limit) => scanUploads.all(bucket.number, from.key, from.pastSeq ?? -1, end, limit),
    }),
    uploadsInitiatedBefore: (bucket, before, limit) => uploadsByAge.all(bucket.number, before, limit),
    closedBuckets: () => closed.all().map(({ id }) => id),
    filledBuckets: () => filled.all(),
  };
}

/** Parts of an upload are numbered 1 … 10,000 (Amazon S3 multipart upload limits). */
const PARTS_MAX = 10_000;

function keyOf(row: { readonly key: Uint8Array } | undefined): string | undefined {
  return row && decodeKey(row.key);
}

function following(key: Uint8Array): Uint8Array {
  return pastKey(decodeKey(key));
}
