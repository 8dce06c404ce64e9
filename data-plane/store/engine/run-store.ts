/**
 * The runs on the disk and the manifest that names them: one change after another, each wholly durable before anyone sees it.
 */
import { type Disk, DiskError, type Runtime, sleep, type Timers } from "#foundation/runtime";
import { EngineClosedError, EngineCorruptionError, EngineFailedError } from "./errors.ts";
import type { Manifest } from "./format/manifest.ts";
import { type Group, groupOf, Layout } from "./layout.ts";
import { isRefusedForSpace, MANIFEST, readManifest, writeManifest } from "./manifest-file.ts";
import { BlockCache } from "./runs/block-cache.ts";
import { GroupWriter, type RunPlace } from "./runs/group-writer.ts";
import { openRun, type Run, runNumberOf, runPath } from "./runs/run.ts";

export interface RunStoreOptions {
  readonly directory: string;
  readonly cacheBytes: number;
  readonly blockBytes: number;
  readonly runBytes: number;
  readonly onFailure: (error: EngineFailedError) => void;
}

/** What a change makes of the state. */
export interface Change {
  readonly groups?: readonly Group[];
  readonly durableVersion?: bigint;
  readonly meta?: Uint8Array;
}

export class RunStore implements RunPlace {
  readonly directory: string;
  readonly blockBytes: number;
  readonly runBytes: number;
  layout: Layout;
  durableVersion: bigint;
  meta: Uint8Array;
  /** How often contents were replaced by a load: what a compaction has read before is of no use then. */
  loads = 0;
  private failure: EngineFailedError | undefined;
  private closed = false;
  /** Changes come one after another: each begins when the one before has ended, well or not. */
  private changing: Promise<unknown> = Promise.resolve();
  private readonly tidying = new Set<Promise<void>>();
  private readonly open = new Set<Run>();

  constructor(
    readonly disk: Disk,
    private readonly timers: Timers,
    readonly cache: BlockCache,
    private readonly options: RunStoreOptions,
    manifest: Manifest,
    private nextRun: number,
    groups: readonly Group[],
  ) {
    this.directory = options.directory;
    this.blockBytes = options.blockBytes;
    this.runBytes = options.runBytes;
    this.durableVersion = manifest.durableVersion;
    this.meta = manifest.meta;
    this.layout = this.layoutOf(groups).acquire();
    for (const run of this.layout.runs()) this.open.add(run);
  }

  get failed(): EngineFailedError | undefined {
    return this.failure;
  }

  /** @throws EngineClosedError, EngineFailedError */
  check(): void {
    if (this.closed) throw new EngineClosedError();
    if (this.failure !== undefined) throw this.failure;
  }

  takeNumber(): number {
    return this.nextRun++;
  }

  pause(): Promise<void> {
    return sleep(this.timers, 0);
  }

  /** From here on nothing is known of the disk, and nothing more is done. */
  fail(cause: unknown): EngineFailedError {
    if (this.failure === undefined) {
      this.failure = new EngineFailedError(cause);
      this.options.onFailure(this.failure);
    }
    return this.failure;
  }

  /**
   * Writes the runs of one group. They are not part of the engine before a change says so; when anything fails, nothing of them is left.
   * @param feed adds what they hold, and drains the writer now and then
   */
  async write(feed: (writer: GroupWriter) => Promise<void>): Promise<readonly Run[]> {
    const writer = new GroupWriter(this);
    try {
      await feed(writer);
      const runs = await writer.finish();
      this.check();
      for (const run of runs) this.open.add(run);
      return runs;
    } catch (error) {
      await writer.abandon();
      throw this.judge(error);
    }
  }

  /**
   * Makes a change durable, then visible.
   * @param written runs that the change brings in; they are removed again when it does not come about
   * @param make from the state as it is when the change's turn comes; undefined: there is nothing to change any more
   */
  async change(written: readonly Run[], make: () => Change | undefined): Promise<void> {
    const changed = this.changing.then(() => this.changeNow(make));
    this.changing = changed.catch(() => undefined);
    let isMade = false;
    try {
      isMade = await changed;
    } finally {
      if (!isMade) for (const run of written) this.onUnused(run);
    }
  }

  /** Refuses everything from here on. */
  refuse(): void {
    this.closed = true;
  }

  /** Waits for the change that is being made, and closes all files. No run is being written any more. */
  async close(): Promise<void> {
    this.closed = true;
    await this.changing;
    this.layout.release();
    while (this.tidying.size > 0) await Promise.all(this.tidying);
    // What readers still hold on to; their next step is refused.
    await Promise.all([...this.open].map((run) => run.close()));
    this.open.clear();
  }

  private async changeNow(make: () => Change | undefined): Promise<boolean> {
    this.check();
    const change = make();
    if (change === undefined) return false;
    const { groups = this.layout.groups, durableVersion = this.durableVersion } = change;
    const meta = change.meta === undefined ? this.meta : new Uint8Array(change.meta);
    const entries = groups.map(({ level, runs }) => ({ level, runs: runs.map(({ entry }) => entry) }));
    try {
      const manifest = { durableVersion, meta, nextRun: this.nextRun, groups: entries };
      await writeManifest(this.disk, this.directory, manifest);
    } catch (error) {
      throw this.judge(error);
    }
    this.durableVersion = durableVersion;
    this.meta = meta;
    const before = this.layout;
    this.layout = this.layoutOf(groups).acquire();
    before.release();
    return true;
  }

  /**
   * What a failed write means. When the disk has no room it may be tried again; what comes from elsewhere (a stream that is loaded) is no affair of the
   * engine's; after anything else that the disk says nothing is known any more.
   */
  private judge(error: unknown): unknown {
    if (error instanceof EngineCorruptionError) return this.fail(error);
    const ours =
      error instanceof DiskError && (error.path === this.directory || error.path.startsWith(`${this.directory}/`));
    return ours && !isRefusedForSpace(error) ? this.fail(error) : error;
  }

  private layoutOf(groups: readonly Group[]): Layout {
    return new Layout(groups, (run) => this.onUnused(run));
  }

  /** Its file is closed and, unless the engine is being closed, removed: the manifest does not name it any more. */
  private onUnused(run: Run): void {
    const removes = !this.closed && this.failure === undefined;
    const tidy = this.tidy(run, removes).finally(() => this.tidying.delete(tidy));
    this.tidying.add(tidy);
  }

  private async tidy(run: Run, removes: boolean): Promise<void> {
    this.open.delete(run);
    try {
      await run.close();
      if (removes) await this.disk.unlink(run.path);
    } catch {
      // The file is an orphan now; the next opening removes it.
    }
  }
}

/** Opens what is there, or begins anew in an empty directory. @throws EngineCorruptionError, DiskError */
export async function openRunStore(runtime: Runtime, options: RunStoreOptions): Promise<RunStore> {
  const { disk, timers } = runtime;
  const { directory } = options;
  const names = await disk.readDirectory(directory);
  const numbers = names.map(runNumberOf).filter((number) => number !== undefined);
  const found = await readManifest(disk, directory);
  if (found === undefined && numbers.length > 0) {
    throw new EngineCorruptionError(`${directory}/${MANIFEST}`, "runs without a manifest: nothing", 0);
  }
  // It may be in the system's memory alone, when the process was killed that put it there: on disk before anything goes that only its predecessor names.
  await disk.syncDirectory(directory);
  // A manifest that was not put in place is of no account.
  for (const name of names) if (name.endsWith(".tmp")) await disk.unlink(`${directory}/${name}`);
  const manifest = found ?? { durableVersion: 0n, meta: new Uint8Array(0), nextRun: 1, groups: [] };
  if (found === undefined) await writeManifest(disk, directory, manifest);
  const known = new Set(manifest.groups.flatMap(({ runs }) => runs.map(({ number }) => number)));
  const orphans = numbers.filter((number) => !known.has(number));
  for (const number of orphans) await disk.unlink(runPath(directory, number));
  await disk.syncDirectory(directory);
  const nextRun = Math.max(manifest.nextRun, ...numbers.map((number) => number + 1));
  const cache = new BlockCache(options.cacheBytes);
  const groups = await openGroups(disk, directory, manifest, cache);
  return new RunStore(disk, timers, cache, options, manifest, nextRun, groups);
}

async function openGroups(
  disk: Disk,
  directory: string,
  manifest: Manifest,
  cache: BlockCache,
): Promise<readonly Group[]> {
  const opened: Run[] = [];
  try {
    const groups: Group[] = [];
    for (const { level, runs } of manifest.groups) {
      const of: Run[] = [];
      for (const entry of runs) {
        const run = await openRun(disk, directory, entry, cache);
        opened.push(run);
        of.push(run);
      }
      groups.push(groupOf(level, of));
    }
    return groups;
  } catch (error) {
    for (const run of opened) await run.close();
    throw error;
  }
}
