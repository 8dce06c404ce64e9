/**
 * Writes a group: entries and cleared ranges in order become run files that do not overlap, each of about the size that is wanted.
 */
import type { Disk } from "#foundation/runtime";
import { compareKeys, type KeyRange, keyAfter } from "../../keys/index.ts";
import { KEY_BYTES_MAX, VALUE_BYTES_MAX } from "../format/data-block.ts";
import type { BlockCache } from "./block-cache.ts";
import { type Run, readRun, runPath } from "./run.ts";
import { RunWriter } from "./run-writer.ts";

/** Where runs are written, and how large. */
export interface RunPlace {
  readonly disk: Disk;
  readonly directory: string;
  readonly cache: BlockCache;
  readonly blockBytes: number;
  readonly runBytes: number;
  /** A number that no run ever had. */
  takeNumber(): number;
  /** Lets others have their turn. */
  pause(): Promise<void>;
}

interface RunInMaking {
  readonly number: number;
  readonly writer: RunWriter;
  readonly begin: Uint8Array;
  end: Uint8Array;
}

export class GroupWriter {
  private current: RunInMaking | undefined;
  /** Full, and not finished yet. */
  private readonly ended: RunInMaking[] = [];
  private readonly finished: Run[] = [];
  /** The last cleared range: held back, because it may be cut in two where the file ends. */
  private held: KeyRange | undefined;
  private lastKey: Uint8Array | undefined;
  private lastRangeEnd: Uint8Array | undefined;
  private lastPosition: Uint8Array | undefined;

  constructor(private readonly place: RunPlace) {}

  /** Whether it is time to `drain`. */
  get isFull(): boolean {
    return this.ended.length > 0 || this.current?.writer.isFull === true;
  }

  /**
   * Adds a key and its value; undefined: the key was cleared. Both are kept until `finish`.
   * @throws RangeError when the key is not after all before it, or something is too large
   */
  add(key: Uint8Array, value: Uint8Array | undefined): void {
    if (key.length > KEY_BYTES_MAX) throw new RangeError(`a key has at most ${KEY_BYTES_MAX} bytes`);
    if (value !== undefined && value.length > VALUE_BYTES_MAX) {
      throw new RangeError(`a value has at most ${VALUE_BYTES_MAX} bytes`);
    }
    if (this.lastKey !== undefined && compareKeys(this.lastKey, key) >= 0) {
      throw new RangeError("keys must ascend, each one once");
    }
    const run = this.runFor(key);
    run.writer.add(key, value);
    run.end = keyAfter(key);
    this.lastKey = key;
  }

  /**
   * Adds a cleared range. Entries of the same group within it stay: they are newer.
   * @throws RangeError when it is empty, overlaps one before, or begins before what was added already
   */
  addRange(range: KeyRange): void {
    const { begin, end } = range;
    if (compareKeys(begin, end) >= 0) throw new RangeError("a cleared range must hold a key");
    if (this.lastRangeEnd !== undefined && compareKeys(this.lastRangeEnd, begin) > 0) {
      throw new RangeError("cleared ranges must ascend and not overlap");
    }
    const run = this.runFor(begin);
    if (this.held !== undefined) this.putRange(run, this.held);
    this.held = range;
    this.lastRangeEnd = end;
  }

  /** Hands to the disk what was made; runs that are whole become durable. */
  async drain(): Promise<void> {
    for (let run = this.ended[0]; run !== undefined; run = this.ended[0]) {
      await this.finishRun(run);
      this.ended.shift();
    }
    await this.current?.writer.drain();
  }

  /** The runs in order; none when nothing was added. Their contents are durable, their names are not yet. */
  async finish(): Promise<readonly Run[]> {
    const run = this.current;
    if (run !== undefined) {
      if (this.held !== undefined) this.putRange(run, this.held);
      this.ended.push(run);
      this.current = undefined;
      this.held = undefined;
    }
    await this.drain();
    return this.finished;
  }

  /** Removes everything that was written. What cannot be removed is an orphan, which the next opening removes. */
  async abandon(): Promise<void> {
    const making = this.current === undefined ? this.ended : [...this.ended, this.current];
    for (const { writer } of making) await writer.abandon().catch(ignore);
    for (const run of this.finished) await run.close().catch(ignore);
    const numbers = [...making.map(({ number }) => number), ...this.finished.map(({ entry }) => entry.number)];
    const { disk, directory } = this.place;
    for (const number of numbers) await disk.unlink(runPath(directory, number)).catch(ignore);
  }

  /** The run that takes what begins at `position`: a new one where the last has become large enough. */
  private runFor(position: Uint8Array): RunInMaking {
    if (this.lastPosition !== undefined && compareKeys(this.lastPosition, position) > 0) {
      throw new RangeError("what is written must come in the order of the keys");
    }
    this.lastPosition = position;
    const { current } = this;
    // A run may not end between a cleared range and an entry at the very key where it begins: there would be nothing in it.
    const splits = current !== undefined && current.writer.sizeBytes >= this.place.runBytes;
    if (current !== undefined && !(splits && compareKeys(current.begin, position) < 0)) return current;
    if (current !== undefined) this.endRun(current, position);
    const number = this.place.takeNumber();
    const { disk, directory, blockBytes } = this.place;
    const open = () => disk.open(runPath(directory, number), "replace");
    const writer = new RunWriter(open, number, blockBytes, () => this.place.pause());
    this.current = { number, writer, begin: position, end: position };
    return this.current;
  }

  private endRun(run: RunInMaking, at: Uint8Array): void {
    if (this.held !== undefined && compareKeys(this.held.begin, at) < 0) {
      const { begin, end } = this.held;
      const reaches = compareKeys(end, at) > 0;
      this.putRange(run, { begin, end: reaches ? at : end });
      this.held = reaches ? { begin: at, end } : undefined;
    }
    this.ended.push(run);
  }

  private putRange(run: RunInMaking, range: KeyRange): void {
    run.writer.addTombstone(range);
    if (compareKeys(run.end, range.end) < 0) run.end = range.end;
  }

  private async finishRun({ number, writer, begin, end }: RunInMaking): Promise<void> {
    const { file, ...written } = await writer.finish();
    // The entry stays; what was added belongs to the caller.
    const bounds = { begin: new Uint8Array(begin), end: new Uint8Array(end) };
    this.finished.push(await readRun(file, { number, ...written, ...bounds }, this.place.cache));
  }
}

/** What is given up may be broken in any way. */
function ignore(): void {}
