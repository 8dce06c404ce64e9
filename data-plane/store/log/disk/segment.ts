/**
 * What is known in memory of one segment file: its place in the history, and a sparse index.
 */
import type { Version } from "#foundation/store-protocol";
import type { HeaderRead, LogRecord } from "./format.ts";

/** A place in the index for each so many bytes: a search reads no more than that in vain. 64 MiB have 1,024 of them. */
export const INDEX_STEP_BYTES = 64 * 1024;

const PREFIX = "segment-";

/** See the head of this file. */
export class Segment {
  readonly path: string;
  readonly number: number;
  readonly salt: number;
  /** The first record is the first one after this version. */
  readonly after: Version;
  private readonly headerBytes: number;
  /** The version of its last record, or `after`. */
  last: Version;
  /** Where the next record goes. */
  bytes: number;
  private readonly versions: Version[] = [];
  private readonly offsets: number[] = [];

  constructor(path: string, header: HeaderRead) {
    this.path = path;
    this.number = header.segment;
    this.salt = header.salt;
    this.after = header.after;
    this.headerBytes = header.headerBytes;
    this.last = header.after;
    this.bytes = header.headerBytes;
  }

  get isEmpty(): boolean {
    return this.bytes === this.headerBytes;
  }

  /** Notes the next record, which lies where the last one ended. */
  add(record: LogRecord, end: number): void {
    const indexed = this.offsets.at(-1);
    if (this.bytes - (indexed ?? this.headerBytes) >= INDEX_STEP_BYTES) {
      this.versions.push(record.version);
      this.offsets.push(this.bytes);
    }
    this.last = record.version;
    this.bytes = end;
  }

  /** Where a record begins behind which everything lies that is later than `version`, and not much else. */
  offsetBefore(version: Version): number {
    let low = 0;
    let high = this.versions.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.versions[middle]! <= version) low = middle + 1;
      else high = middle;
    }
    return low === 0 ? this.headerBytes : this.offsets[low - 1]!;
  }
}

/** So that names sort as their numbers do: 2^53 has 16 digits. */
export function segmentName(number: number): string {
  return PREFIX + String(number).padStart(16, "0");
}

/** The number of a segment by its name; undefined when it is not the name of one. */
export function segmentNumber(name: string): number | undefined {
  const number = Number(name.slice(PREFIX.length));
  return Number.isSafeInteger(number) && number > 0 && segmentName(number) === name ? number : undefined;
}
