/** Records of one owner in the order in which they are listed. */

/**
 * Records sorted by name. The list that {@link NameIndex.list} hands out never changes afterwards: the next change copies it first. Names of buckets, queues, tables and IAM
 * entities are ASCII (their naming rules), so comparing code units is comparing bytes.
 */
export class NameIndex<Named extends { readonly name: string }> {
  #sorted: Named[] = [];
  #handedOut = false;

  /** O(log n) to find, and a move of n pointers; copies when the list was handed out since the last change. */
  put(record: Named): void {
    const at = this.#position(record.name);
    const sorted = this.#writable();
    if (sorted[at]?.name === record.name) sorted[at] = record;
    else sorted.splice(at, 0, record);
  }

  delete(name: string): void {
    const at = this.#position(name);
    if (this.#sorted[at]?.name === name) this.#writable().splice(at, 1);
  }

  get(name: string): Named | undefined {
    const record = this.#sorted[this.#position(name)];
    return record?.name === name ? record : undefined;
  }

  list(): readonly Named[] {
    this.#handedOut = true;
    return this.#sorted;
  }

  get size(): number {
    return this.#sorted.length;
  }

  #writable(): Named[] {
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
