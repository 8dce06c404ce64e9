/**
 * The engine: an ordered map on the disk, at one version.
 */
import type { Runtime } from "#foundation/runtime";
import { compareKeys, type KeyRange } from "../keys/index.ts";
import { Compactor } from "./compaction/compactor.ts";
import type { EngineFailedError } from "./errors.ts";
import { LEVELS } from "./format/manifest.ts";
import { union } from "./format/tombstones.ts";
import { isWithin, type Layout, MissingBlock, withoutRuns, withRuns } from "./layout.ts";
import { type Pair, RangeCursor } from "./range-cursor.ts";
import { openRunStore, type RunStore } from "./run-store.ts";
import type { GroupWriter } from "./runs/group-writer.ts";
import { MergeCursor } from "./runs/merge-cursor.ts";
import { RunsCursor } from "./runs/runs-cursor.ts";
import { approximateSize, splitPoints } from "./sizes.ts";
import { type EngineStats, statsOf } from "./stats.ts";
import { verifyRuns } from "./verify.ts";
import type { EngineOptions, Flush, Load } from "./writes.ts";
import { addChange, checkMeta, checkVersion, feed } from "./writes.ts";

/** How many neighbouring blocks a range read asks for at once at most. */
const READ_AHEAD = 8;
/** See `openEngine`. */
export class Engine {
  private readonly compactor: Compactor;
  /** A flush or a load, of which there is one at a time. */
  private writing: Promise<unknown> | undefined;
  private closing: Promise<void> | undefined;

  constructor(
    private readonly runtime: Runtime,
    private readonly store: RunStore,
    levelBytes: number,
  ) {
    this.compactor = new Compactor(runtime, store, levelBytes);
    this.compactor.wake();
  }

  /** The version of what is on the disk; 0 at first. */
  get durableVersion(): bigint {
    return this.store.durableVersion;
  }

  /** The bytes last stored by `flush`, `load` or `setMeta`; empty at first. Not to be changed. */
  get meta(): Uint8Array {
    return this.store.meta;
  }

  /** Why nothing works any more. */
  get failure(): EngineFailedError | undefined {
    return this.store.failed;
  }

  /**
   * The value of a key, a copy; undefined when there is none. A promise only where a block has to be read from the disk.
   * @throws EngineCorruptionError, EngineClosedError, EngineFailedError, DiskError (also as rejections)
   */
  get(key: Uint8Array): Uint8Array | undefined | Promise<Uint8Array | undefined> {
    this.store.check();
    const { layout } = this.store;
    const found = layout.get(key);
    return found instanceof MissingBlock ? this.getFromDisk(layout, found, key) : found;
  }

  /** The pairs of `[begin, end)`, in order or against it, as they are now. Read it to its end, or close it. */
  range(begin: Uint8Array, end: Uint8Array, options: { readonly reverse?: boolean } = {}): RangeCursor {
    this.store.check();
    const { layout } = this.store;
    const { reverse = false } = options;
    const bounds = { begin, end };
    const isEmpty = compareKeys(begin, end) >= 0;
    const sources = (isEmpty ? [] : layout.groups).map(({ runs, tombstones }) => ({
      cursor: new RunsCursor(runs, { bounds, reverse, keep: true, readAheadMax: READ_AHEAD }),
      tombstones,
    }));
    return new RangeCursor(new MergeCursor(sources, reverse), layout, () => this.store.check());
  }

  /**
   * Applies changes, and makes them durable. Resolves when they are; whatever happens before, all of them are there after a crash, or none.
   *
   * When the disk is full it rejects, nothing is changed, and the same flush may be tried again. It waits where compaction cannot follow.
   * @throws RangeError (as a rejection) for a version that is not above the last one and for changes out of order
   * @throws DiskError ENOSPC, EMFILE; EngineFailedError, EngineClosedError
   */
  flush({ version, changes, meta }: Flush): Promise<void> {
    const check = () => this.store.check();
    return this.write(async () => {
      checkVersion(version);
      checkMeta(meta);
      if (version <= this.durableVersion) {
        throw new RangeError(`version ${version} is durable already: the engine is at ${this.durableVersion}`);
      }
      const runs = await this.store.write((writer) => feed(writer, changes, addChange, check));
      await this.store.change(runs, () => {
        const cleared = union(runs.map((run) => run.tombstones));
        // What is cleared as a whole need not be merged to be gone.
        const hidden = cleared.count === 0 ? () => false : (run: { entry: KeyRange }) => cleared.covers(run.entry);
        const rest = withoutRuns(this.store.layout.groups, hidden);
        return { groups: withRuns(rest, 0, runs), durableVersion: version, meta };
      });
      this.compactor.wake();
      await this.compactor.relieve();
    });
  }

  /** Stores new meta, durably, the data as it is. */
  async setMeta(meta: Uint8Array): Promise<void> {
    this.store.check();
    checkMeta(meta);
    const kept = new Uint8Array(meta);
    await this.store.change([], () => ({ meta: kept }));
  }

  /**
   * Replaces everything, or a range, by the pairs of a sorted stream: a backup, or what another storage server has. The old contents are served until
   * the last pair is durable, and then replaced at once; when the stream fails, they stay.
   * @throws what the stream throws; otherwise as `flush`
   */
  load({ pairs, range, version, meta }: Load): Promise<void> {
    const check = () => this.store.check();
    return this.write(async () => {
      checkVersion(version);
      checkMeta(meta);
      if (range !== undefined && version < this.durableVersion) {
        throw new RangeError(`a range cannot be set back to ${version}: the engine is at ${this.durableVersion}`);
      }
      const add = (writer: GroupWriter, { key, value }: Pair) => {
        const outside = range !== undefined && (compareKeys(key, range.begin) < 0 || compareKeys(key, range.end) >= 0);
        if (outside) throw new RangeError("a pair that is loaded lies outside of the range that it replaces");
        writer.add(key, value);
      };
      const runs = await this.store.write((writer) => {
        if (range !== undefined) writer.addRange(range);
        return feed(writer, pairs, add, check);
      });
      await this.store.change(runs, () => {
        const { groups } = this.store.layout;
        this.store.loads++;
        const rest = range === undefined ? [] : withoutRuns(groups, (run) => isWithin(run, range));
        // With nothing older below them, there is no need to merge them down later.
        const free = range === undefined || !rest.some((group) => group.runs.some((run) => run.overlaps(range)));
        return { groups: withRuns(rest, free ? LEVELS - 1 : 0, runs), durableVersion: version, meta };
      });
      this.compactor.wake();
    });
  }

  /** Merges everything, and gives back what is cleared or replaced. Compaction does what is needed by itself; this is for tests and operators. */
  compact(): Promise<void> {
    return this.compactor.compactAll();
  }

  /** Reads every byte of every run, and checks it. @throws EngineCorruptionError (as a rejection) where something is not as it was written */
  async verify(): Promise<void> {
    this.store.check();
    const layout = this.store.layout.acquire();
    try {
      await verifyRuns(layout, this.runtime.timers, () => this.store.check());
    } finally {
      layout.release();
    }
  }

  /** About how many bytes the pairs of a range take on the disk, by the indexes: to some blocks. */
  approximateSize(range: KeyRange): number {
    this.store.check();
    return approximateSize(this.store.layout, range);
  }

  /** Keys that split a range into `parts` of about the same size: at most `parts` − 1 of them, in order, fewer where there is little in it. */
  splitEstimate(range: KeyRange, parts: number): readonly Uint8Array[] {
    this.store.check();
    return splitPoints(this.store.layout, range, parts);
  }

  stats(): EngineStats {
    const { layout, cache } = this.store;
    const { debtBytes, isRunning, lastRefusal } = this.compactor;
    return statsOf(layout, cache, { debtBytes, isRunning, lastRefusal });
  }

  /** Ends what is running (a flush or load rejects, readers are refused), and closes all files. */
  close(): Promise<void> {
    this.closing ??= this.closeNow();
    return this.closing;
  }

  private async closeNow(): Promise<void> {
    // Whatever is being written meets the refusal at its next step, and removes what it has made.
    this.store.refuse();
    await this.compactor.stop();
    await this.writing?.catch(() => undefined);
    await this.store.close();
  }

  private async getFromDisk(layout: Layout, missing: MissingBlock, key: Uint8Array): Promise<Uint8Array | undefined> {
    layout.acquire();
    try {
      for (let found: MissingBlock = missing; ; ) {
        const block = await found.run.loadBlock(found.number);
        this.store.check();
        const next = layout.getWith(found, block, key);
        if (!(next instanceof MissingBlock)) return next;
        found = next;
      }
    } finally {
      layout.release();
    }
  }

  private async write(run: () => Promise<void>): Promise<void> {
    this.store.check();
    if (this.writing !== undefined) throw new Error("flushes and loads come one after another: await the one before");
    const writing = run();
    this.writing = writing;
    try {
      await writing;
    } finally {
      this.writing = undefined;
    }
  }
}

/**
 * Opens the engine in a directory, or begins one where the directory is empty. Everything that a crash has left unfinished is removed.
 *
 * A log-structured merge tree without a log of its own: what is not flushed yet is the caller's to keep. The directory may be opened once at a time; the
 * caller sees to that.
 * @throws EngineCorruptionError when the manifest or a run is not as it was written; DiskError
 *
 * @example
 * const engine = await openEngine(runtime, { directory: "/data/engine" });
 * await engine.flush({ version: 7n, changes: [{ type: "set", key, value }] });
 * const value = await engine.get(key);
 */
export async function openEngine(runtime: Runtime, options: EngineOptions): Promise<Engine> {
  const store = await openRunStore(runtime, {
    directory: options.directory,
    cacheBytes: options.cacheBytes ?? 64 * 1024 * 1024,
    blockBytes: options.blockBytes ?? 16 * 1024,
    runBytes: options.runBytes ?? 16 * 1024 * 1024,
    onFailure: options.onFailure ?? (() => undefined),
  });
  return new Engine(runtime, store, options.levelBytes ?? 64 * 1024 * 1024);
}
