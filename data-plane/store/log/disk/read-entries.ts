/**
 * Entries read back from segments: for who is too far behind for the entries that are kept in memory.
 */
import type { Disk, DiskFile } from "#foundation/runtime";
import type { Version } from "#foundation/store-protocol";
import { LogCorruptionError } from "./corruption.ts";
import { claimedEnd, type LogRecord, readRecord, viewOf } from "./format.ts";
import { INDEX_STEP_BYTES, type Segment } from "./segment.ts";

export interface ReadLimits {
  /** Nothing later than this version. */
  readonly upTo: Version;
  readonly entriesMax: number;
  /** Of data. The first entry is given even when it is larger. */
  readonly bytesMax: number;
}

/**
 * The first entries after `after` in the segments given, which must hold everything up to `upTo`, synced.
 * @throws LogCorruptionError when what was confirmed is not there; DiskError, ENOENT when a segment has been trimmed
 */
export async function readEntries(
  disk: Disk,
  segments: readonly Segment[],
  after: Version,
  limits: ReadLimits,
): Promise<readonly LogRecord[]> {
  const found: LogRecord[] = [];
  let bytesLeft = limits.bytesMax;
  for (const segment of segments) {
    if (segment.after >= limits.upTo) break;
    // What is written meanwhile is not what was asked for, and may be in pieces.
    const { bytes: end } = segment;
    const file = await disk.open(segment.path, "read");
    try {
      let at = segment.offsetBefore(after);
      while (at < end) {
        const piece = await readPiece(file, segment, at, end, bytesLeft + INDEX_STEP_BYTES);
        for (const record of piece.records) {
          if (record.version <= after) continue;
          bytesLeft -= record.data.length;
          const full = found.length >= limits.entriesMax || (bytesLeft < 0 && found.length > 0);
          if (full || record.version > limits.upTo) return found;
          found.push(record);
        }
        if (found.length > 0 && bytesLeft <= 0) return found;
        at = piece.end;
      }
    } finally {
      await file.close();
    }
  }
  return found;
}

/** The whole records in about `length` bytes from `at`, at least one. */
async function readPiece(
  file: DiskFile,
  segment: Segment,
  at: number,
  end: number,
  length: number,
): Promise<{ readonly records: readonly LogRecord[]; readonly end: number }> {
  let bytes = await file.read(at, Math.min(length, end - at));
  const firstEnd = claimedEnd(bytes, viewOf(bytes), 0);
  if (firstEnd !== undefined && firstEnd > bytes.length && at + firstEnd <= end) bytes = await file.read(at, firstEnd);
  const view = viewOf(bytes);
  const records: LogRecord[] = [];
  let from = 0;
  for (;;) {
    const record = readRecord(bytes, view, from, segment.salt);
    if (record === undefined) break;
    records.push(record);
    from = record.end;
  }
  const cut = claimedEnd(bytes, view, from);
  const isCut = at + bytes.length < end && (cut === undefined || (cut > bytes.length && at + cut <= end));
  if (from === 0 || (from < bytes.length && !isCut)) {
    throw new LogCorruptionError(segment.path, at + from, "a record is damaged that had been synced");
  }
  return { records, end: at + from };
}
