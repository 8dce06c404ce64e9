/**
 * A segment read from beginning to end: where its records are, and whether the end is torn or the middle damaged.
 */
import { LogCorruptionError } from "./corruption.ts";
import { type HeaderRead, RECORD_HEAD_BYTES, type RecordRead, readRecord, syncedBefore, viewOf } from "./format.ts";

/** What is left of a segment. */
export interface Scanned {
  /** Where the next record goes. */
  readonly goodBytes: number;
  /** Bytes of a torn write behind it. */
  readonly tornBytes: number;
}

/**
 * Passes every record of a segment to `each`, in order.
 *
 * The first invalid record of the last segment is the torn end of a write that nobody was told of, unless what follows proves that it had been synced.
 * (The records of the last write of all, rotted later, cannot be told from torn ones.)
 * @throws LogCorruptionError where what had been confirmed is not there
 */
export function scanSegment(
  bytes: Uint8Array,
  header: HeaderRead,
  path: string,
  isLast: boolean,
  each: (record: RecordRead, at: number) => void,
): Scanned {
  const view = viewOf(bytes);
  let at = header.headerBytes;
  let last = header.after;
  while (at < bytes.length) {
    const record = readRecord(bytes, view, at, header.salt);
    if (record === undefined) {
      if (!isLast) throw new LogCorruptionError(path, at, "a record is damaged, and this is not the last segment");
      const proof = findProof(bytes, view, at, header.salt);
      if (proof !== undefined) {
        throw new LogCorruptionError(path, at, `a record is damaged that had been synced before the one at ${proof}`);
      }
      break;
    }
    // The first record of a copy may follow on a version that was not copied.
    const isFirst = at === header.headerBytes;
    if (isFirst ? record.previous > last : record.previous !== last) {
      throw new LogCorruptionError(path, at, `version ${record.version} follows ${record.previous}, not ${last}`);
    }
    each(record, at);
    last = record.version;
    at = record.end;
  }
  return { goodBytes: at, tornBytes: bytes.length - at };
}

/** The place of a whole record that was written after what is at `bad` had been synced. */
function findProof(bytes: Uint8Array, view: DataView, bad: number, salt: number): number | undefined {
  for (let at = bad + 1; at + RECORD_HEAD_BYTES <= bytes.length; at++) {
    // Before the checksum, which takes time at every place that looks like a record.
    const synced = syncedBefore(view, at);
    if (synced <= bad || synced > at) continue;
    if (readRecord(bytes, view, at, salt) !== undefined) return at;
  }
  return undefined;
}
