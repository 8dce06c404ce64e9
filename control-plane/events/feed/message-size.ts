/** How messages of the change stream are cut. */
import { type CatalogChange, type CatalogRecord, CHANGE_STREAM_MESSAGE_BYTES_MAX } from "#contracts";

/**
 * Where a part of a snapshot or of changes is cut: an eighth of the largest message (512 KiB). The largest single record, a bucket whose 19 sections are all
 * full (19 × 128 KiB = 2.4 MiB), still fits a message of its own.
 */
export const PART_BYTES = CHANGE_STREAM_MESSAGE_BYTES_MAX / 8;

/** Bytes of a record in a message. */
export function recordBytes(record: CatalogRecord): number {
  return Buffer.byteLength(JSON.stringify(record), "utf8");
}

/** Bytes of a change in a message, without the few of its own members. */
export function changeBytes(change: CatalogChange): number {
  return change.change === "upsert" ? recordBytes(change.record) : change.key.length;
}

/** Cuts records into parts of about `PART_BYTES`, at least one part. */
export function* snapshotParts(records: readonly CatalogRecord[]): Generator<readonly CatalogRecord[], void, void> {
  let part: CatalogRecord[] = [];
  let bytes = 0;
  for (const record of records) {
    const next = recordBytes(record);
    if (part.length > 0 && bytes + next > PART_BYTES) {
      yield part;
      part = [];
      bytes = 0;
    }
    part.push(record);
    bytes += next;
  }
  yield part;
}
