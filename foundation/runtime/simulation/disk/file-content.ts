/**
 * The contents of one simulated file: what programs see, what the platter holds, and what a crash makes of the difference. Pure.
 *
 * Programs see the cache. Writes and truncations since the last sync are kept as a list; a sync applies them to the durable image. When power
 * fails, the cache is gone and the durable image is what was synced plus whatever the device happened to write back on its own.
 */

import type { Random } from "../../ports/random.ts";
import { chance } from "../seeded-random.ts";

/** Devices write whole sectors: within one, a write is all or nothing. */
export const SECTOR_BYTES = 512;

/**
 * What the device wrote back on its own before the power failed:
 * - `none`: nothing of what was not synced;
 * - `all`: everything (the bug hides);
 * - `prefix`: the first so many writes, the next one torn at sector boundaries;
 * - `sectors`: each dirty sector on its own, in any state it has had since the sync.
 */
export type WriteBack = "none" | "all" | "prefix" | "sectors";

interface UnsyncedWrite {
  readonly kind: "write";
  readonly sequence: number;
  readonly offset: number;
  readonly bytes: Uint8Array;
}

interface UnsyncedTruncate {
  readonly kind: "truncate";
  readonly sequence: number;
  readonly sizeBytes: number;
}

type UnsyncedChange = UnsyncedWrite | UnsyncedTruncate;

/** A byte array that grows, with zeros beyond what was written. */
class Image {
  bytes = new Uint8Array(0);
  size = 0;

  apply(change: UnsyncedChange): void {
    if (change.kind === "truncate") this.resize(change.sizeBytes);
    else this.write(change.offset, change.bytes);
  }

  write(offset: number, bytes: Uint8Array): void {
    const end = offset + bytes.length;
    if (end > this.size) this.resize(end);
    this.bytes.set(bytes, offset);
  }

  resize(size: number): void {
    if (size > this.bytes.length) {
      const larger = new Uint8Array(Math.max(size, this.bytes.length * 2, SECTOR_BYTES));
      larger.set(this.bytes.subarray(0, this.size));
      this.bytes = larger;
    } else if (size < this.size) {
      // Bytes beyond the end must read as zeros if the file grows again.
      this.bytes.fill(0, size, this.size);
    }
    this.size = size;
  }

  copyFrom(other: Image): void {
    this.bytes = other.bytes.slice(0, other.size);
    this.size = other.size;
  }
}

/** The contents of a file. */
export class FileContent {
  private readonly cache = new Image();
  private readonly durable = new Image();
  private unsynced: UnsyncedChange[] = [];
  private sequence = 0;

  get sizeBytes(): number {
    return this.cache.size;
  }

  /** A copy of the bytes in [offset, offset + length), short where the file ends. */
  read(offset: number, length: number): Uint8Array {
    if (offset >= this.cache.size) return new Uint8Array(0);
    return this.cache.bytes.slice(offset, Math.min(this.cache.size, offset + length));
  }

  /** Keeps `bytes`: the caller gives up ownership. */
  write(offset: number, bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.cache.write(offset, bytes);
    this.unsynced.push({ kind: "write", sequence: this.sequence++, offset, bytes });
  }

  truncate(sizeBytes: number): void {
    this.cache.resize(sizeBytes);
    this.unsynced.push({ kind: "truncate", sequence: this.sequence++, sizeBytes });
  }

  /** A position in the history of changes, to be given to `sync`. */
  mark(): number {
    return this.sequence;
  }

  /** Makes every change before `mark` durable. */
  sync(mark: number): void {
    let count = 0;
    for (; count < this.unsynced.length; count++) {
      const change = this.unsynced[count]!;
      if (change.sequence >= mark) break;
      this.durable.apply(change);
    }
    if (count > 0) this.unsynced.splice(0, count);
  }

  /**
   * A sync that failed: each change before `mark` was written or not, and none of them will be tried again, since the system now believes
   * its pages clean. The cache goes on showing all of them.
   */
  failSync(mark: number, random: Random): void {
    const later: UnsyncedChange[] = [];
    for (const change of this.unsynced) {
      if (change.sequence >= mark) later.push(change);
      else if (chance(random, 0.5)) this.durable.apply(change);
    }
    this.unsynced = later;
  }

  /** Whether a power failure could lose anything. */
  get dirty(): boolean {
    return this.unsynced.length > 0;
  }

  /** The power failed: decides what the device had written back, and forgets the rest. */
  losePower(writeBack: WriteBack, random: Random): void {
    const changes = this.unsynced;
    this.unsynced = [];
    // The states a sector went through are not defined across a truncation; fall back to the order of the changes.
    const cut = changes.some((change) => change.kind === "truncate");
    if (writeBack === "all") for (const change of changes) this.durable.apply(change);
    else if (writeBack === "prefix" || (writeBack === "sectors" && cut)) this.keepPrefix(changes, random);
    else if (writeBack === "sectors") this.keepSectors(changes, random);
    this.cache.copyFrom(this.durable);
  }

  /** Flips one bit, in the cache and on the platter; the position is taken modulo the size. Nothing happens to an empty file. */
  flipBit(position: number): void {
    for (const image of [this.cache, this.durable]) {
      if (image.size === 0) continue;
      const index = Math.floor(position / 8) % image.size;
      image.bytes[index] = image.bytes[index]! ^ (1 << (position & 7));
    }
  }

  private keepPrefix(changes: readonly UnsyncedChange[], random: Random): void {
    const kept = random.uint32() % (changes.length + 1);
    for (let index = 0; index < kept; index++) this.durable.apply(changes[index]!);
    const torn = changes[kept];
    if (torn === undefined || torn.kind === "truncate") return;
    for (const piece of sectorsOf(torn)) if (chance(random, 0.5)) this.durable.write(piece.offset, piece.bytes);
  }

  private keepSectors(changes: readonly UnsyncedChange[], random: Random): void {
    const states = new Map<number, UnsyncedWrite[]>();
    for (const change of changes) {
      if (change.kind === "truncate") continue;
      for (const piece of sectorsOf(change)) {
        const sector = Math.floor(piece.offset / SECTOR_BYTES);
        const history = states.get(sector);
        if (history === undefined) states.set(sector, [piece]);
        else history.push(piece);
      }
    }
    for (const history of states.values()) {
      const kept = random.uint32() % (history.length + 1);
      for (let index = 0; index < kept; index++) this.durable.apply(history[index]!);
    }
    // The new size may have reached the platter without the data: the hole reads as zeros.
    if (this.durable.size < this.cache.size && chance(random, 0.5)) this.durable.resize(this.cache.size);
  }
}

/** Cuts a write at sector boundaries. */
function* sectorsOf(write: UnsyncedWrite): Iterable<UnsyncedWrite> {
  const { kind, sequence } = write;
  for (let start = 0; start < write.bytes.length; ) {
    const offset = write.offset + start;
    const end = Math.min(write.bytes.length, start + SECTOR_BYTES - (offset % SECTOR_BYTES));
    yield { kind, sequence, offset, bytes: write.bytes.subarray(start, end) };
    start = end;
  }
}
