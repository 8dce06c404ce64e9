/**
 * The newest entries, in memory: who keeps up never waits for the disk.
 */
import type { Version } from "#foundation/store-protocol";
import { type LogRecord, recordBytes } from "./disk/format.ts";
import type { ReadLimits } from "./disk/read-entries.ts";

/** Holds the last entries without a hole, as many as fit. Their data shares the memory of what was written to disk. */
export class RecentEntries {
  private entries: LogRecord[] = [];
  /** Where the entries begin: what was before has left. */
  private head = 0;
  private bytes = 0;
  private after: Version;

  /** @param after the version that the next entry follows on */
  constructor(
    private readonly bytesMax: number,
    after: Version,
  ) {
    this.after = after;
  }

  /** Takes the entries that follow. */
  add(records: readonly LogRecord[]): void {
    for (const record of records) {
      this.entries.push(record);
      this.bytes += recordBytes(record.data.length);
    }
    while (this.bytes > this.bytesMax) {
      const { version, data } = this.entries[this.head]!;
      this.bytes -= recordBytes(data.length);
      this.after = version;
      this.head++;
    }
    // Moving what is left costs no more than putting it in did.
    if (this.head > 64 && this.head * 2 > this.entries.length) {
      this.entries = this.entries.slice(this.head);
      this.head = 0;
    }
  }

  /** Forgets everything. */
  restart(after: Version): void {
    this.entries = [];
    this.head = 0;
    this.bytes = 0;
    this.after = after;
  }

  /** The first entries after `after`; undefined when some of them are not here any more. */
  read(after: Version, { upTo, entriesMax, bytesMax }: ReadLimits): readonly LogRecord[] | undefined {
    if (after < this.after) return undefined;
    const first = this.placeAfter(after);
    let end = first;
    let bytesLeft = bytesMax;
    for (; end < this.entries.length && end - first < entriesMax; end++) {
      const { version, data } = this.entries[end]!;
      bytesLeft -= data.length;
      if (version > upTo || (bytesLeft < 0 && end > first)) break;
    }
    return this.entries.slice(first, end);
  }

  private placeAfter(version: Version): number {
    let low = this.head;
    let high = this.entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.entries[middle]!.version <= version) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
