/**
 * Walks the entries of one group, in order or against it. It stops where a block is not in memory, so that whoever drives it decides when to wait.
 */
import { compareKeys, type KeyRange } from "../../keys/index.ts";
import type { DataBlock } from "../format/data-block.ts";
import { countBeginning, type Run } from "./run.ts";

export interface CursorOptions {
  readonly bounds: KeyRange;
  readonly reverse: boolean;
  /** Whether blocks that are read go into the cache. */
  readonly keep: boolean;
  /** How many blocks are read at once at most: one at first, then twice as many each time. */
  readonly readAheadMax: number;
}

export class RunsCursor {
  /** Where it stands; undefined: at the end, or, when `needsBlock`, not known yet. */
  key: Uint8Array | undefined;
  /** Call `load`, and wait for it. */
  needsBlock = false;
  private at: number;
  private number = 0;
  private block: DataBlock | undefined;
  private entry = 0;
  /** Entries from here on (in reverse: before here) are out of bounds. */
  private stop = 0;
  /** Where to begin in the block that is entered next. */
  private target: Uint8Array | undefined;
  private readAhead = 1;
  private readonly ahead = new Map<number, DataBlock>();

  /** @param runs of one group: in order, without overlap */
  constructor(
    private readonly runs: readonly Run[],
    private readonly options: CursorOptions,
  ) {
    const { reverse, bounds } = options;
    this.at = reverse ? runs.length - 1 : 0;
    this.find(reverse ? bounds.end : bounds.begin);
  }

  /** A copy of the value; undefined when the key was cleared. */
  value(): Uint8Array | undefined {
    return this.block!.valueOf(this.entry);
  }

  get isCleared(): boolean {
    return this.block!.isCleared(this.entry);
  }

  /** To the next entry. */
  step(): void {
    if (this.options.reverse) {
      this.entry--;
      if (this.entry >= this.stop) this.key = this.block!.keyAt(this.entry);
      else if (this.stop > 0) this.end();
      else this.enter(this.number - 1);
      return;
    }
    this.entry++;
    if (this.entry < this.stop) this.key = this.block!.keyAt(this.entry);
    else if (this.stop < this.block!.count) this.end();
    else this.enter(this.number + 1);
  }

  /** On to the first entry at `to` or after it; in reverse, to the last one before it. Never back. */
  seek(to: Uint8Array): void {
    const { key, block } = this;
    if (key === undefined || block === undefined) return;
    const { reverse } = this.options;
    if (reverse ? compareKeys(key, to) < 0 : compareKeys(key, to) >= 0) return;
    const entry = reverse ? block.lowerBound(to) - 1 : block.lowerBound(to);
    if (reverse ? entry >= this.stop : entry < this.stop) {
      this.entry = entry;
      this.key = block.keyAt(entry);
      return;
    }
    this.find(to);
  }

  /** Reads the block that is needed, and some that follow. */
  async load(): Promise<void> {
    const run = this.runs[this.at]!;
    const { reverse, keep, readAheadMax } = this.options;
    const count = Math.min(this.readAhead, Math.abs(this.lastWanted(run) - this.number) + 1);
    this.readAhead = Math.min(this.readAhead * 2, readAheadMax);
    const first = reverse ? this.number - count + 1 : this.number;
    const blocks = await run.readBlocks(first, count, keep);
    this.ahead.clear();
    for (let i = 0; i < count; i++) this.ahead.set(first + i, blocks[i]!);
    this.needsBlock = false;
    this.enter(this.number);
  }

  private find(to: Uint8Array): void {
    const { runs } = this;
    const { reverse, bounds } = this.options;
    if (reverse ? compareKeys(to, bounds.begin) <= 0 : compareKeys(to, bounds.end) >= 0) {
      this.end();
      return;
    }
    const before = this.at;
    // The last run that begins there or before; on one side of it lies everything else that is wanted.
    this.at = countBeginning(runs, to) - 1;
    if (reverse && this.at >= 0 && compareKeys(runs[this.at]!.entry.begin, to) === 0) this.at--;
    if (!reverse && (this.at < 0 || compareKeys(runs[this.at]!.entry.end, to) <= 0)) this.at++;
    if (this.at !== before) this.ahead.clear();
    const run = runs[this.at];
    if (run === undefined) {
      this.end();
      return;
    }
    this.target = to;
    this.enter(run.index.blockOf(to));
  }

  /** Stands at the first entry of a block, or of those after it, that is wanted. */
  private enter(number: number): void {
    this.number = number;
    for (;;) {
      const run = this.runs[this.at];
      if (run === undefined || this.isBeyond(run)) {
        this.end();
        return;
      }
      if (this.number < 0 || this.number >= run.index.count) {
        this.leaveRun();
        continue;
      }
      const block = this.ahead.get(this.number) ?? run.cachedBlock(this.number);
      if (block === undefined) {
        const last = this.lastWanted(run);
        if (this.options.reverse ? this.number < last : this.number > last) {
          this.end();
          return;
        }
        this.key = undefined;
        this.needsBlock = true;
        return;
      }
      this.block = block;
      const found = this.options.reverse ? this.lastIn(block) : this.firstIn(block);
      if (found) return;
    }
  }

  private firstIn(block: DataBlock): boolean {
    this.entry = this.target === undefined ? 0 : block.lowerBound(this.target);
    this.stop = block.lowerBound(this.options.bounds.end);
    this.target = undefined;
    if (this.entry < this.stop) {
      this.key = block.keyAt(this.entry);
      return true;
    }
    if (this.stop < block.count) {
      this.end();
      return true;
    }
    this.number++;
    return false;
  }

  private lastIn(block: DataBlock): boolean {
    this.entry = (this.target === undefined ? block.count : block.lowerBound(this.target)) - 1;
    this.stop = block.lowerBound(this.options.bounds.begin);
    // The keys before the target may all be in the block before: there it means nothing any more.
    this.target = undefined;
    if (this.entry >= this.stop) {
      this.key = block.keyAt(this.entry);
      return true;
    }
    if (this.stop > 0) {
      this.end();
      return true;
    }
    this.number--;
    return false;
  }

  private leaveRun(): void {
    this.ahead.clear();
    this.at += this.options.reverse ? -1 : 1;
    const run = this.runs[this.at];
    this.number = this.options.reverse ? (run?.index.count ?? 0) - 1 : 0;
    this.target = undefined;
  }

  /** The last block of a run, in the order of the walk, that may hold keys within bounds. */
  private lastWanted({ index }: Run): number {
    const { reverse, bounds } = this.options;
    return index.blockOf(reverse ? bounds.begin : bounds.end);
  }

  private isBeyond({ entry }: Run): boolean {
    const { reverse, bounds } = this.options;
    return reverse ? compareKeys(entry.end, bounds.begin) <= 0 : compareKeys(entry.begin, bounds.end) >= 0;
  }

  private end(): void {
    this.key = undefined;
    this.needsBlock = false;
    this.block = undefined;
    this.ahead.clear();
    this.at = this.options.reverse ? -1 : this.runs.length;
  }
}
