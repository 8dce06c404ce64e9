/**
 * The high-contention allocator: short byte strings, each given out once, to many transactions at a time without them waiting for one another
 * (FoundationDB's, key for key, so that its directories and ours allocate from the same windows).
 *
 * ```
 * counters / start → how many were given out of the window that begins there (8 bytes, little-endian)
 * recent / number  → given out
 * ```
 *
 * A transaction picks a number of the newest window at random. Two that pick the same conflict: each has read that it was free, and each writes it. All
 * else is read as of the snapshot, and conflicts with nobody.
 */
import { type Random, randomBelow } from "#foundation/runtime";
import type { StoreTransaction } from "../../client/index.ts";
import { pack } from "../../tuple/index.ts";
import type { Subspace } from "../subspace/index.ts";

const EMPTY = new Uint8Array(0);
const ONE = Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0);

export class HighContentionAllocator {
  private readonly counters: Subspace;
  private readonly recent: Subspace;

  /** @param subspace the allocator's own; nothing else may be in there */
  constructor(
    subspace: Subspace,
    private readonly random: Random,
  ) {
    this.counters = subspace.subspace([0]);
    this.recent = subspace.subspace([1]);
  }

  /** A byte string that no other call gives, in this transaction or another one that is committed. None is a prefix of another. */
  async allocate(tx: StoreTransaction): Promise<Uint8Array> {
    for (;;) {
      const start = await this.windowWithRoom(tx);
      const number = await this.pick(tx, start);
      if (number !== undefined) return pack([number]);
    }
  }

  /** Counts one more in the newest window; opens the next one when that is half full: picking would take too many tries. */
  private async windowWithRoom(tx: StoreTransaction): Promise<number> {
    let start = await this.newestStart(tx);
    for (;;) {
      const counter = this.counters.pack([start]);
      // Several allocations of one transaction take turns at each `await`: between counting and reading the count there must be none.
      tx.add(counter, ONE);
      const count = toNumber(await tx.snapshot.get(counter));
      if (2 * count < windowSize(start)) return start;
      start += windowSize(start);
      tx.clearRange(this.counters.prefix, this.counters.pack([start]));
      // Whoever still picks in an old window sees the newer counter.
      tx.clearRange(this.recent.prefix, this.recent.pack([start]), { withoutConflict: true });
    }
  }

  /** Nothing, when a newer window was opened meanwhile: this one is not looked after any more. */
  private async pick(tx: StoreTransaction, start: number): Promise<number | undefined> {
    for (;;) {
      const candidate = start + randomBelow(this.random, windowSize(start));
      const key = this.recent.pack([candidate]);
      // As above: the key is read and taken in one turn. The read conflicts, unlike the others; a candidate that was taken is left marked, without harm.
      const reads = Promise.all([this.newestStart(tx), tx.get(key)]);
      tx.set(key, EMPTY, { withoutConflict: true });
      const [newest, taken] = await reads;
      if (newest > start) return undefined;
      if (taken !== undefined) continue;
      tx.addWriteConflictKey(key);
      return candidate;
    }
  }

  private async newestStart(tx: StoreTransaction): Promise<number> {
    const { begin, end } = this.counters.range();
    const [last] = await tx.snapshot.getRangeAll(begin, end, { limit: 1, reverse: true });
    return last === undefined ? 0 : Number(this.counters.unpack(last.key)[0]);
  }
}

/** Small at first, so that keys stay short; larger as there are more, for fewer conflicts. About half a window of recent numbers is kept. */
function windowSize(start: number): number {
  if (start < 255) return 64;
  if (start < 65_535) return 1_024;
  return 8_192;
}

function toNumber(count: Uint8Array | undefined): number {
  if (count === undefined) return 0;
  return Number(new DataView(count.buffer, count.byteOffset, count.length).getBigUint64(0, true));
}
