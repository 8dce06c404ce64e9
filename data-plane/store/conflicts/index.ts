/**
 * Which transactions may commit: one that has read what another wrote after its read version may not. Writes alone never conflict.
 */
import { compareKeys, type KeyRange } from "../keys/index.ts";
import { Boundaries } from "./boundaries.ts";

/** `too_old`: the transaction reads at a version whose later writes may be forgotten already. */
export type Verdict = "free" | "conflict" | "too_old";

/** What the check needs of a transaction. Ranges whose end is not after their begin hold no key and count for nothing. */
export interface ConflictRanges {
  readonly readVersion: bigint;
  readonly reads: readonly KeyRange[];
  readonly writes: readonly KeyRange[];
}

/** The write ranges that were committed within the window, and the version of each. */
export class ConflictHistory {
  private readonly boundaries = new Boundaries();
  private newest = 0n;
  private oldest = 0n;

  /** How many steps are kept: a measure of memory. */
  get size(): number {
    return this.boundaries.size;
  }

  /** Whether what was read at `readVersion` still holds. A transaction that reads nothing always may commit. */
  check(reads: readonly KeyRange[], readVersion: bigint): Verdict {
    if (reads.length === 0) return "free";
    if (readVersion < this.oldest) return "too_old";
    for (const { begin, end } of reads) {
      if (holdsKeys(begin, end) && this.boundaries.anyAbove(begin, end, readVersion)) return "conflict";
    }
    return "free";
  }

  /**
   * Remembers that these ranges were written at `version`.
   *
   * @throws RangeError when versions go backwards: later writes would be hidden
   */
  add(writes: readonly KeyRange[], version: bigint): void {
    if (version < this.newest) throw new RangeError(`Version ${version} comes after ${this.newest}.`);
    this.newest = version;
    for (const { begin, end } of writes) {
      if (holdsKeys(begin, end)) this.boundaries.assign(begin, end, version);
    }
  }

  /**
   * The verdicts of a batch that commits at `version`, in its order; the free ones are added, so that later ones of the batch meet them.
   *
   * @throws RangeError unless `version` is above every version so far and every read version
   */
  resolve(batch: readonly ConflictRanges[], version: bigint): Verdict[] {
    if (version <= this.newest) throw new RangeError(`Version ${version} comes after ${this.newest}.`);
    for (const { readVersion } of batch) {
      if (readVersion >= version)
        throw new RangeError(`Nothing can be read at ${readVersion} before ${version} commits.`);
    }
    this.newest = version;
    return batch.map(({ reads, writes, readVersion }) => {
      const verdict = this.check(reads, readVersion);
      if (verdict === "free") this.add(writes, version);
      return verdict;
    });
  }

  /** Forgets writes before `olderThan`; whoever reads at a version before it is too old from now on. Never goes back. */
  forget(olderThan: bigint): void {
    if (olderThan <= this.oldest) return;
    this.oldest = olderThan;
    this.boundaries.mergeBelow(olderThan);
  }
}

function holdsKeys(begin: Uint8Array, end: Uint8Array): boolean {
  return compareKeys(begin, end) < 0;
}
