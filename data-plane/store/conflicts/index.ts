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

/** Boundaries that each `forget` looks at, beside four for each write since the last one, so that what is forgotten keeps up with what is added (two each). */
const SWEEP_MIN = 64;
const SWEEP_PER_WRITE = 4;

/** The write ranges that were committed within the window, and the version of each. */
export class ConflictHistory {
  private readonly boundaries: Boundaries;
  private newest: bigint;
  private oldest: bigint;
  private writesSinceForget = 0;

  /** @param since nothing is known of writes up to this version: who reads before it is too old */
  constructor(private readonly since = 0n) {
    this.newest = since;
    this.oldest = since;
    this.boundaries = new Boundaries(0);
  }

  /** How many steps are kept: a measure of memory. */
  get size(): number {
    return this.boundaries.size;
  }

  /** Whether what was read at `readVersion` still holds. A transaction that reads nothing always may commit. */
  check(reads: readonly KeyRange[], readVersion: bigint): Verdict {
    if (reads.length === 0) return "free";
    if (readVersion < this.oldest) return "too_old";
    for (const { begin, end } of reads) {
      if (holdsKeys(begin, end) && this.boundaries.anyAbove(begin, end, this.distance(readVersion))) return "conflict";
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
      if (!holdsKeys(begin, end)) continue;
      this.boundaries.assign(begin, end, this.distance(version));
      this.writesSinceForget++;
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

  /**
   * Whoever reads at a version before `olderThan` is too old from now on; the memory of writes before it is given back in slices, with this and later
   * calls. Never goes back.
   */
  forget(olderThan: bigint): void {
    if (olderThan > this.oldest) this.oldest = olderThan;
    this.boundaries.sweep(this.distance(this.oldest), SWEEP_MIN + SWEEP_PER_WRITE * this.writesSinceForget);
    this.writesSinceForget = 0;
  }

  /** Versions as numbers, for speed: those of one epoch lie within 2^53 microseconds, which are 285 years. */
  private distance(version: bigint): number {
    return Number(version - this.since);
  }
}

function holdsKeys(begin: Uint8Array, end: Uint8Array): boolean {
  return compareKeys(begin, end) < 0;
}
