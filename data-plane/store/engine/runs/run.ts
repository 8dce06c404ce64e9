/**
 * A finished run file, open for reading: index, filter and cleared ranges in memory, data blocks from the cache or the disk.
 */
import type { Disk, DiskFile } from "#foundation/runtime";
import { compareKeys, type KeyRange } from "../../keys/index.ts";
import { EngineCorruptionError } from "../errors.ts";
import { BLOCK_KIND, type BlockKind, openBlock } from "../format/block-frame.ts";
import { BlockIndex } from "../format/block-index.ts";
import { BloomFilter } from "../format/bloom-filter.ts";
import { DataBlock } from "../format/data-block.ts";
import type { RunEntry } from "../format/manifest.ts";
import { type BlockSize, checkRunHead, decodeRunFoot, RUN_FOOT_BYTES, RUN_HEAD_BYTES } from "../format/run-frame.ts";
import { decodeTombstones, type Tombstones } from "../format/tombstones.ts";
import type { BlockCache, CachedBlock } from "./block-cache.ts";

export function runPath(directory: string, number: number): string {
  return `${directory}/run-${String(number).padStart(16, "0")}`;
}

/** The number of a run by the name of its file; undefined for other names. */
export function runNumberOf(name: string): number | undefined {
  const match = /^run-(\d{16})$/.exec(name);
  return match === null ? undefined : Number(match[1]);
}

/** How many runs of a group begin at `key` or before it: all but the last of them end there, too. */
export function countBeginning(runs: readonly Run[], key: Uint8Array): number {
  let low = 0;
  let high = runs.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareKeys(runs[middle]!.entry.begin, key) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

interface RunParts {
  readonly index: BlockIndex;
  readonly filter: BloomFilter;
  readonly tombstones: Tombstones;
}

export class Run {
  readonly index: BlockIndex;
  readonly filter: BloomFilter;
  readonly tombstones: Tombstones;
  /** How many layouts hold it: see `Layout`. */
  references = 0;
  private readonly cached: (CachedBlock | undefined)[] = [];
  private readonly loading = new Map<number, Promise<DataBlock>>();

  constructor(
    readonly entry: RunEntry,
    private readonly file: DiskFile,
    private readonly cache: BlockCache,
    parts: RunParts,
  ) {
    this.index = parts.index;
    this.filter = parts.filter;
    this.tombstones = parts.tombstones;
  }

  get path(): string {
    return this.file.path;
  }

  /** Without its data blocks. */
  get residentBytes(): number {
    return this.index.residentBytes + this.filter.residentBytes + this.tombstones.residentBytes;
  }

  overlaps({ begin, end }: KeyRange): boolean {
    return compareKeys(this.entry.begin, end) < 0 && compareKeys(begin, this.entry.end) < 0;
  }

  /** A block that is in memory. */
  cachedBlock(number: number): DataBlock | undefined {
    const cached = this.cached[number];
    if (cached === undefined) {
      this.cache.misses++;
      return undefined;
    }
    this.cache.hits++;
    cached.used = true;
    return cached.block;
  }

  /** Reads one block into the cache. Callers at the same time share one read. @throws EngineCorruptionError, DiskError */
  loadBlock(number: number): Promise<DataBlock> {
    const running = this.loading.get(number);
    if (running !== undefined) return running;
    const load = this.readBlocks(number, 1, true)
      .then((blocks) => blocks[0]!)
      .finally(() => this.loading.delete(number));
    this.loading.set(number, load);
    return load;
  }

  /** Reads neighbouring blocks at once. @param keep whether they go into the cache */
  async readBlocks(first: number, count: number, keep: boolean): Promise<readonly DataBlock[]> {
    const { index, file } = this;
    const from = index.offsetOf(first);
    const length = index.offsetOf(first + count) - from;
    const bytes = await file.read(from, length);
    if (bytes.length !== length) throw new EngineCorruptionError(file.path, "an early end", from + bytes.length);
    const blocks: DataBlock[] = [];
    for (let number = first; number < first + count; number++) {
      const offset = index.offsetOf(number);
      const part = bytes.subarray(offset - from, offset - from + index.bytesOf(number));
      // A block that is kept must not keep its neighbours in memory.
      const own = count > 1 && keep ? new Uint8Array(part) : part;
      const place = { kind: BLOCK_KIND.data, run: this.entry.number, offset };
      const payload = openBlock(own, place, index.checksumOf(number), file.path);
      const block = new DataBlock(payload, file.path, offset);
      if (keep) this.cache.add(block, this.cached, number);
      blocks.push(block);
    }
    return blocks;
  }

  /** Closes the file; reads in flight end first. */
  async close(): Promise<void> {
    this.cache.forget(this.cached);
    await this.file.close();
  }
}

/** Opens a run that the manifest names. @throws EngineCorruptionError when it is not the file that was written; DiskError */
export async function openRun(disk: Disk, directory: string, entry: RunEntry, cache: BlockCache): Promise<Run> {
  const path = runPath(directory, entry.number);
  let file: DiskFile;
  try {
    file = await disk.open(path, "read");
  } catch (error) {
    if (await disk.exists(path)) throw error;
    throw new EngineCorruptionError(path, "a run that the manifest names is missing: nothing", 0);
  }
  try {
    return await readRun(file, entry, cache);
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** Reads what a run keeps in memory. Takes the file over when it succeeds. */
export async function readRun(file: DiskFile, entry: RunEntry, cache: BlockCache): Promise<Run> {
  const { path } = file;
  const size = await file.size();
  if (size !== entry.sizeBytes) {
    throw new EngineCorruptionError(path, `a file of ${size} bytes instead of ${entry.sizeBytes}`, size);
  }
  checkRunHead(await file.read(0, RUN_HEAD_BYTES), entry.number, path);
  const footAt = size - RUN_FOOT_BYTES;
  const footBytes = await file.read(footAt, RUN_FOOT_BYTES);
  const foot = decodeRunFoot(footBytes, entry.number, size, path);
  const sum = new DataView(footBytes.buffer, footBytes.byteOffset).getUint32(RUN_FOOT_BYTES - 4);
  if (sum !== entry.footChecksum) {
    throw new EngineCorruptionError(path, "another file than the one that the manifest names", footAt);
  }
  const read = async (kind: BlockKind, offset: number, { bytes, checksum }: BlockSize): Promise<Uint8Array> =>
    openBlock(await file.read(offset, bytes), { kind, run: entry.number, offset }, checksum, path);
  const indexAt = foot.filterAt + foot.filter.bytes;
  const tombstonesAt = indexAt + foot.index.bytes;
  const filter = await read(BLOCK_KIND.filter, foot.filterAt, foot.filter);
  const indexPayload = await read(BLOCK_KIND.index, indexAt, foot.index);
  const tombstones = await read(BLOCK_KIND.tombstones, tombstonesAt, foot.tombstones);
  const index = new BlockIndex(indexPayload, RUN_HEAD_BYTES, path, indexAt);
  if (index.offsetOf(index.count) !== foot.filterAt) {
    throw new EngineCorruptionError(path, "an index that does not fit the file", indexAt);
  }
  return new Run(entry, file, cache, {
    index,
    filter: new BloomFilter(filter, path, foot.filterAt),
    tombstones: decodeTombstones(tombstones, path, tombstonesAt),
  });
}
