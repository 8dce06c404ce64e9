/**
 * Writes one run file from entries and cleared ranges in order.
 */
import type { DiskFile } from "#foundation/runtime";
import type { KeyRange } from "../../keys/index.ts";
import { BLOCK_KIND, type BlockKind, sealBlock } from "../format/block-frame.ts";
import { BlockIndexBuilder } from "../format/block-index.ts";
import { addToBloomFilter, emptyBloomFilter, hashKey } from "../format/bloom-filter.ts";
import { DataBlockBuilder } from "../format/data-block.ts";
import { type BlockSize, encodeRunFoot, encodeRunHead, RUN_FOOT_BYTES } from "../format/run-frame.ts";
import { encodeTombstones } from "../format/tombstones.ts";

/** What is handed to the disk at a time: between two writes the event loop is held for about a millisecond. */
const WRITE_BYTES = 256 * 1024;

/** Keys put into the filter at a time: about two milliseconds. */
const FILTER_SLICE_KEYS = 32 * 1024;

/** What the manifest has to know of a finished file. */
export interface WrittenRun {
  /** Open, and good for reading. */
  readonly file: DiskFile;
  readonly sizeBytes: number;
  /** The checksum of the foot, by which the manifest knows this very file. */
  readonly footChecksum: number;
  readonly entries: number;
  readonly clearedKeys: number;
}

export class RunWriter {
  private readonly block = new DataBlockBuilder();
  private readonly index = new BlockIndexBuilder();
  private readonly tombstones: KeyRange[] = [];
  private hashes = new Uint32Array(1024);
  private entries = 0;
  private clearedKeys = 0;
  private firstOfBlock: Uint8Array | undefined;
  private lastOfBlockBefore: Uint8Array | undefined;
  private lastKey: Uint8Array | undefined;
  /** What was made and not handed to the disk yet. */
  private pieces: Uint8Array[] = [];
  private pieceBytes = 0;
  private position = 0;
  private tombstoneBytes = 0;

  private file: DiskFile | undefined;

  /**
   * @param open opens the file, new and empty, when there is something to write. The writer never closes it.
   * @param pause lets others have their turn
   */
  constructor(
    private readonly open: () => Promise<DiskFile>,
    private readonly run: number,
    private readonly blockBytes: number,
    private readonly pause: () => Promise<void>,
  ) {
    this.put(encodeRunHead(run));
  }

  get isEmpty(): boolean {
    return this.entries === 0 && this.tombstones.length === 0;
  }

  /** About how large the file is by now. */
  get sizeBytes(): number {
    return this.position + this.block.sizeBytes + this.tombstoneBytes;
  }

  /** Whether it is time to `drain`. */
  get isFull(): boolean {
    return this.pieceBytes >= WRITE_BYTES;
  }

  add(key: Uint8Array, value: Uint8Array | undefined): void {
    if (this.entries === this.hashes.length) {
      const larger = new Uint32Array(this.entries * 2);
      larger.set(this.hashes);
      this.hashes = larger;
    }
    this.hashes[this.entries++] = hashKey(key);
    if (value === undefined) this.clearedKeys++;
    this.firstOfBlock ??= key;
    this.lastKey = key;
    this.block.add(key, value);
    if (this.block.sizeBytes >= this.blockBytes) this.endBlock();
  }

  addTombstone(range: KeyRange): void {
    this.tombstones.push(range);
    this.tombstoneBytes += range.begin.length + range.end.length + 8;
  }

  /** Hands to the disk what was made. */
  async drain(): Promise<void> {
    if (this.pieceBytes === 0) return;
    const bytes = Buffer.concat(this.pieces, this.pieceBytes);
    this.pieces = [];
    this.pieceBytes = 0;
    this.file ??= await this.open();
    await this.file.append(bytes);
  }

  /** Gives the file up. */
  async abandon(): Promise<void> {
    await this.file?.close();
  }

  /** Writes the rest, and makes the file durable; its name is the caller's to sync. */
  async finish(): Promise<WrittenRun> {
    if (this.block.count > 0) this.endBlock();
    await this.drain();
    const filterAt = this.position;
    const filter = this.putBlock("filter", await this.makeFilter());
    const index = this.putBlock("index", this.index.encode());
    const tombstones = this.putBlock("tombstones", encodeTombstones(this.tombstones));
    const { run, entries, clearedKeys } = this;
    const foot = encodeRunFoot({ run, entries, clearedKeys, filterAt, filter, index, tombstones });
    this.put(foot);
    await this.drain();
    const file = this.file!;
    await file.sync();
    const footChecksum = new DataView(foot.buffer).getUint32(RUN_FOOT_BYTES - 4);
    return { file, sizeBytes: this.position, footChecksum, entries, clearedKeys };
  }

  private async makeFilter(): Promise<Uint8Array> {
    const filter = emptyBloomFilter(this.entries);
    for (let from = 0; from < this.entries; from += FILTER_SLICE_KEYS) {
      if (from > 0) await this.pause();
      addToBloomFilter(filter, this.hashes.subarray(from, Math.min(this.entries, from + FILTER_SLICE_KEYS)));
    }
    return filter;
  }

  private endBlock(): void {
    const { bytes, checksum } = this.putBlock("data", this.block.encode());
    this.index.add(bytes, checksum, this.lastOfBlockBefore, this.firstOfBlock!);
    this.lastOfBlockBefore = this.lastKey;
    this.firstOfBlock = undefined;
  }

  private putBlock(kind: keyof typeof BLOCK_KIND, block: Uint8Array): BlockSize {
    const number: BlockKind = BLOCK_KIND[kind];
    const checksum = sealBlock(block, { kind: number, run: this.run, offset: this.position });
    this.put(block);
    return { bytes: block.length, checksum };
  }

  private put(bytes: Uint8Array): void {
    this.pieces.push(bytes);
    this.pieceBytes += bytes.length;
    this.position += bytes.length;
  }
}
