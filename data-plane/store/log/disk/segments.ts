/**
 * The segments of a log: written at the end of the last, removed from the first on.
 *
 * A segment is begun only when the one before it is synced: all but the last are whole. Calls that write must not overlap; after a failed one the state
 * of the disk is unknown, and nothing more may be written.
 */
import type { Disk, DiskFile } from "#foundation/runtime";
import type { Epoch, Version } from "#foundation/store-protocol";
import { placeFile } from "./files.ts";
import { encodeHeader, encodeRecords, type LogRecord, readHeader, recordBytes } from "./format.ts";
import { Segment, segmentName } from "./segment.ts";

export interface SegmentsOptions {
  readonly directory: string;
  readonly logId: string;
  /** A segment that has reached so many bytes is not written to any more. It may be longer by one write. */
  readonly segmentBytes: number;
}

/** See the head of this file. */
export class Segments {
  private readonly list: Segment[];
  private file: DiskFile;
  /** How much of the last segment is synced. */
  private synced: number;

  /** @param list all that there are, in order, at least one; `file` is the last of them, open for writing, and synced. */
  constructor(
    private readonly disk: Disk,
    private readonly options: SegmentsOptions,
    list: readonly Segment[],
    file: DiskFile,
  ) {
    this.list = [...list];
    this.file = file;
    this.synced = this.active.bytes;
  }

  /** Entries above it are all there. */
  get oldest(): Version {
    return this.list[0]!.after;
  }

  /** The last version that was written, synced or not. */
  get last(): Version {
    return this.active.last;
  }

  /** The segments that hold something after `version`, in order. */
  after(version: Version): readonly Segment[] {
    return this.list.filter((segment) => segment.last > version);
  }

  /**
   * Writes records in one piece, without syncing. What is returned are the records, with data that lies in the memory that was written.
   * @param epoch the epoch of the log, for a segment that is begun
   */
  async append(records: readonly LogRecord[], epoch: Epoch): Promise<readonly LogRecord[]> {
    if (this.active.bytes >= this.options.segmentBytes && !this.active.isEmpty) await this.roll(epoch);
    const segment = this.active;
    const written = encodeRecords(segment.salt, this.synced, records);
    await this.file.write(segment.bytes, written.bytes);
    let end = segment.bytes;
    for (const record of written.records) {
      end += recordBytes(record.data.length);
      segment.add(record, end);
    }
    return written.records;
  }

  /** Resolves when everything that was written is on disk. */
  async sync(): Promise<void> {
    const { bytes } = this.active;
    await this.file.sync();
    this.synced = bytes;
  }

  /** Whether `trim` would remove anything. */
  canTrim(durable: Version): boolean {
    return this.list.length > 1 && this.list[0]!.last <= durable;
  }

  /** Removes the segments, but never the last, of which nothing is later than `durable`. They count as gone at once. */
  async trim(durable: Version): Promise<void> {
    while (this.canTrim(durable)) {
      const { path } = this.list.shift()!;
      await this.disk.unlink(path);
      // One after the other: were only a later one gone after a loss of power, there would be a hole.
      await this.disk.syncDirectory(this.options.directory);
    }
  }

  /** Removes everything, and begins again after a version. What a loss of power leaves of it in between is for the caller to tell. */
  async restart(epoch: Epoch, after: Version): Promise<void> {
    const { number } = this.active;
    await this.file.close();
    for (const { path } of this.list) await this.disk.unlink(path);
    this.list.length = 0;
    await this.begin({ segment: number + 1, generation: epoch, after });
  }

  async close(): Promise<void> {
    await this.file.close();
  }

  private get active(): Segment {
    return this.list.at(-1)!;
  }

  private async roll(epoch: Epoch): Promise<void> {
    const { number, last } = this.active;
    await this.sync();
    await this.file.close();
    await this.begin({ segment: number + 1, generation: epoch, after: last });
  }

  private async begin(first: FirstSegment): Promise<void> {
    const { segment, file } = await beginSegment(this.disk, this.options, first);
    this.list.push(segment);
    this.file = file;
    this.synced = segment.bytes;
  }
}

export interface FirstSegment {
  readonly segment: number;
  readonly generation: Epoch;
  readonly after: Version;
}

/** Puts a segment without records in place. */
export async function beginSegment(
  disk: Disk,
  { directory, logId }: SegmentsOptions,
  first: FirstSegment,
): Promise<{ readonly segment: Segment; readonly file: DiskFile }> {
  const header = encodeHeader({ ...first, logId });
  const name = segmentName(first.segment);
  await placeFile(disk, directory, name, header);
  const path = `${directory}/${name}`;
  return { segment: new Segment(path, readHeader(header)), file: await disk.open(path, "modify") };
}
