/** The buckets of one account in the order in which they are listed. */
import type { BucketRecord } from "#contracts";

/**
 * Buckets sorted by name. The list that {@link BucketIndex.list} hands out never changes afterwards: the next change copies it first. Names are
 * ASCII (S3 naming rules), so comparing code units is comparing bytes.
 */
export class BucketIndex {
  #sorted: BucketRecord[] = [];
  #handedOut = false;

  /** O(log n) to find, and a move of n pointers; copies when the list was handed out since the last change. */
  put(bucket: BucketRecord): void {
    const at = this.#position(bucket.name);
    const sorted = this.#writable();
    if (sorted[at]?.name === bucket.name) sorted[at] = bucket;
    else sorted.splice(at, 0, bucket);
  }

  delete(name: string): void {
    const at = this.#position(name);
    if (this.#sorted[at]?.name === name) this.#writable().splice(at, 1);
  }

  list(): readonly BucketRecord[] {
    this.#handedOut = true;
    return this.#sorted;
  }

  get size(): number {
    return this.#sorted.length;
  }

  #writable(): BucketRecord[] {
    if (this.#handedOut) {
      this.#sorted = this.#sorted.slice();
      this.#handedOut = false;
    }
    return this.#sorted;
  }

  #position(name: string): number {
    let low = 0;
    let high = this.#sorted.length;
    // A snapshot arrives mostly in order: look at the end first.
    if (high > 0 && this.#sorted[high - 1]!.name < name) return high;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#sorted[middle]!.name < name) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
