/**
 * Data blocks kept in memory, up to a number of bytes. What was not asked for since the hand came by last goes first (the clock algorithm).
 */
import type { DataBlock } from "../format/data-block.ts";

/** A block in the cache, and its place in its run. */
export interface CachedBlock {
  readonly block: DataBlock;
  /** The run's blocks by number; the cache takes itself out of it. */
  readonly home: (CachedBlock | undefined)[];
  readonly number: number;
  /** Set whenever the block is used. */
  used: boolean;
}

export class BlockCache {
  hits = 0;
  misses = 0;
  private bytes = 0;
  private hand = 0;
  private readonly ring: CachedBlock[] = [];

  /** @param bytesMax how much memory blocks may take; one block may go beyond it alone */
  constructor(readonly bytesMax: number) {}

  get residentBytes(): number {
    return this.bytes;
  }

  /** Keeps a block; nothing happens when it is there. */
  add(block: DataBlock, home: (CachedBlock | undefined)[], number: number): void {
    if (home[number] !== undefined || this.bytesMax === 0) return;
    const cached: CachedBlock = { block, home, number, used: false };
    home[number] = cached;
    this.ring.push(cached);
    this.bytes += block.residentBytes;
    while (this.bytes > this.bytesMax && this.ring.length > 1) this.evictOne();
  }

  /** Forgets all blocks of one run. */
  forget(home: (CachedBlock | undefined)[]): void {
    if (!home.some((cached) => cached !== undefined)) return;
    let kept = 0;
    for (const cached of this.ring) {
      if (cached.home === home) this.bytes -= cached.block.residentBytes;
      else this.ring[kept++] = cached;
    }
    this.ring.length = kept;
    home.length = 0;
  }

  /** Goes round at most once: the first round takes away every mark. */
  private evictOne(): void {
    for (;;) {
      if (this.hand >= this.ring.length) this.hand = 0;
      const cached = this.ring[this.hand]!;
      if (cached.used) {
        cached.used = false;
        this.hand++;
        continue;
      }
      this.bytes -= cached.block.residentBytes;
      cached.home[cached.number] = undefined;
      // The last takes its place: the order of a ring is of no account.
      const last = this.ring.pop()!;
      if (last !== cached) this.ring[this.hand] = last;
      return;
    }
  }
}
