/**
 * The segments that are on disk when a log is opened: verified to the last byte, the torn end cut off.
 */
import { MalformedBytesError } from "#foundation/binary";
import type { Disk } from "#foundation/runtime";
import type { Version } from "#foundation/store-protocol";
import { LogCorruptionError } from "./corruption.ts";
import { readWhole } from "./files.ts";
import { type HeaderRead, readHeader, syncedBefore, viewOf } from "./format.ts";
import { scanSegment } from "./scan.ts";
import { Segment, segmentName, segmentNumber } from "./segment.ts";
import { beginSegment, Segments, type SegmentsOptions } from "./segments.ts";

export interface OpenedSegments {
  readonly segments: Segments;
  /** The highest version that the records say to be committed, or that is trimmed and therefore is. */
  readonly knownCommitted: Version;
}

/**
 * @param lastVersion what is known to have been on disk
 * @throws LogCorruptionError when something is missing that was confirmed; DiskError
 */
export async function openSegments(
  disk: Disk,
  options: SegmentsOptions,
  lastVersion: Version,
): Promise<OpenedSegments> {
  const { directory } = options;
  const numbers = await numbersIn(disk, directory);
  const first = numbers[0];
  if (first === undefined) throw new LogCorruptionError(directory, 0, "the segments of the log are missing");
  const found: Segment[] = [];
  let knownCommitted = 0n;
  let good = { goodBytes: 0, tornBytes: 0 };
  let synced = 0;
  let tail: Uint8Array = new Uint8Array();
  for (const [place, number] of numbers.entries()) {
    const path = `${directory}/${segmentName(number)}`;
    const missing = `${directory}/${segmentName(first + place)}`;
    if (number !== first + place) throw new LogCorruptionError(missing, 0, "a segment is missing");
    const bytes = await readWhole(disk, path);
    const header = headerOf(bytes, path);
    const before = found.at(-1);
    if (header.logId !== options.logId || header.segment !== number) {
      throw new LogCorruptionError(path, 0, `this is segment ${header.segment} of the log ${header.logId}`);
    }
    if (before !== undefined && header.after !== before.last) {
      throw new LogCorruptionError(path, 0, `the segment follows on ${header.after}, not on ${before.last}`);
    }
    if (before === undefined) knownCommitted = header.after;
    const segment = new Segment(path, header);
    const view = viewOf(bytes);
    good = scanSegment(bytes, header, path, place === numbers.length - 1, (record, at) => {
      segment.add(record, record.end);
      synced = syncedBefore(view, at);
      if (record.knownCommitted > knownCommitted) knownCommitted = record.knownCommitted;
    });
    found.push(segment);
    tail = bytes.subarray(Math.min(synced, good.goodBytes), good.goodBytes);
  }
  const { path, last } = found.at(-1)!;
  if (last < lastVersion) {
    throw new LogCorruptionError(path, good.goodBytes, `the log ends at ${last}, and had ${lastVersion} on disk`);
  }
  const file = await disk.open(path, "modify");
  // What was torn must not come back behind what is written next.
  if (good.tornBytes > 0) await file.truncate(good.goodBytes);
  // The last write may be in the system's memory alone, when the process was killed before it was synced, or when the sync has failed. What is said
  // to be there from now on must be on disk; and after a sync that failed only what is written anew is made durable by another one.
  if (tail.length > 0) await file.write(good.goodBytes - tail.length, tail);
  await file.sync();
  return { segments: new Segments(disk, options, found, file), knownCommitted };
}

/** Removes whatever segments there are, and begins with an empty one. */
export async function beginSegments(disk: Disk, options: SegmentsOptions): Promise<Segments> {
  const numbers = await numbersIn(disk, options.directory);
  for (const number of numbers) await disk.unlink(`${options.directory}/${segmentName(number)}`);
  const first = { segment: (numbers.at(-1) ?? 0) + 1, generation: 0n, after: 0n };
  const { segment, file } = await beginSegment(disk, options, first);
  return new Segments(disk, options, [segment], file);
}

/** The numbers of the segments in a directory, in order. */
export async function numbersIn(disk: Disk, directory: string): Promise<readonly number[]> {
  const names = await disk.readDirectory(directory);
  return names.map(segmentNumber).filter((number) => number !== undefined);
}

function headerOf(bytes: Uint8Array, path: string): HeaderRead {
  try {
    return readHeader(bytes);
  } catch (error) {
    if (error instanceof MalformedBytesError) throw new LogCorruptionError(path, 0, error.message);
    throw error;
  }
}
