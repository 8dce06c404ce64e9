/**
 * The entries of a log that are on disk, and in memory as far as they are new.
 *
 * Calls of `append` and `restart` must not overlap. When one fails, the state of the disk is unknown: nothing may be written any more.
 */
import { RpcError } from "#foundation/rpc";
import { type Disk, DiskError } from "#foundation/runtime";
import type { Epoch, Version } from "#foundation/store-protocol";
import type { LogRecord } from "./disk/format.ts";
import type { OpenedSegments } from "./disk/open-segments.ts";
import { type ReadLimits, readEntries } from "./disk/read-entries.ts";
import type { Segments } from "./disk/segments.ts";
import { RecentEntries } from "./recent-entries.ts";

/** See the head of this file. */
export class History {
  private readonly segments: Segments;
  private readonly recent: RecentEntries;
  private durable: Version;
  private committed: Version;

  constructor(
    private readonly disk: Disk,
    { segments, knownCommitted }: OpenedSegments,
    cacheBytes: number,
  ) {
    this.segments = segments;
    this.durable = segments.last;
    this.committed = knownCommitted;
    this.recent = new RecentEntries(cacheBytes, this.durable);
  }

  /** The last version on disk. */
  get last(): Version {
    return this.durable;
  }

  /** Entries above it are all there. */
  get oldest(): Version {
    return this.segments.oldest;
  }

  /** What the entries say to be committed. */
  get knownCommitted(): Version {
    return this.committed;
  }

  /** Puts entries that continue it on disk, in one write and one sync. They count once it resolves. */
  async append(records: readonly LogRecord[], epoch: Epoch): Promise<void> {
    const written = await this.segments.append(records, epoch);
    await this.segments.sync();
    this.recent.add(written);
    for (const { version, knownCommitted } of written) {
      this.durable = version;
      if (knownCommitted > this.committed) this.committed = knownCommitted;
    }
  }

  /**
   * The first entries after `after`, at least one when there is one.
   * @throws RpcError version_too_old; LogCorruptionError, DiskError
   */
  async read(after: Version, limits: ReadLimits): Promise<readonly LogRecord[]> {
    this.assertKept(after);
    const upTo = limits.upTo < this.durable ? limits.upTo : this.durable;
    const found = this.recent.read(after, { ...limits, upTo });
    if (found !== undefined) return found;
    try {
      return await readEntries(this.disk, this.segments.after(after), after, { ...limits, upTo });
    } catch (error) {
      // Trimmed while it was read.
      if (error instanceof DiskError && error.code === "ENOENT") this.assertKept(after);
      throw error;
    }
  }

  /** The entry of a version, unless it is trimmed or there is none. */
  async find(version: Version): Promise<LogRecord | undefined> {
    if (version <= this.oldest || version > this.durable) return undefined;
    const [found] = await this.read(version - 1n, { upTo: version, entriesMax: 1, bytesMax: 0 });
    return found;
  }

  /** Drops everything, and begins again after a version. Until it resolves the disk holds neither the old nor the new. */
  async restart(epoch: Epoch, after: Version): Promise<void> {
    await this.segments.restart(epoch, after);
    this.durable = after;
    this.committed = after;
    this.recent.restart(after);
  }

  /** Whether `trim` would remove anything. */
  canTrim(durable: Version): boolean {
    return this.segments.canTrim(durable);
  }

  /** Removes what is not later than `durable`, as far as whole segments go. */
  async trim(durable: Version): Promise<void> {
    await this.segments.trim(durable);
  }

  async close(): Promise<void> {
    await this.segments.close();
  }

  private assertKept(after: Version): void {
    if (after >= this.oldest) return;
    throw new RpcError("version_too_old", `entries up to ${this.oldest} are not kept any more`, this.oldest);
  }
}
