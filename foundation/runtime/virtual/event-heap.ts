/**
 * A priority queue of callbacks by due time. Pure: it neither knows nor moves a clock.
 */

/** What the queue needs to know of an entry. Owners add fields of their own. */
export interface HeapEntry {
  /** In whatever unit the owner counts time. */
  readonly due: number;
  /** Orders entries due together; equal ties run in order of `sequence`. */
  readonly tie: number;
  /** Rises with every entry the owner creates. */
  readonly sequence: number;
  /** Undefined once cancelled or run: the entry may stay in the heap and is dropped when it surfaces. */
  run: (() => void) | undefined;
}

/**
 * A binary min-heap ordered by (due, tie, sequence).
 *
 * Cancelling is O(1): the entry is emptied and dropped later; when more than half of the entries are empty the heap is rebuilt, so that a
 * program that sets and cancels timeouts forever does not grow it.
 */
export class EventHeap<Entry extends HeapEntry> {
  private entries: Entry[] = [];
  private cancelled = 0;

  /** How many callbacks are waiting. */
  get size(): number {
    return this.entries.length - this.cancelled;
  }

  push(entry: Entry): void {
    const entries = this.entries;
    let index = entries.length;
    entries.push(entry);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = entries[parent]!;
      if (!before(entry, above)) break;
      entries[index] = above;
      index = parent;
    }
    entries[index] = entry;
  }

  /** Takes the callback away. Returns false when it had already run or been cancelled. The entry must be in this heap. */
  cancel(entry: Entry): boolean {
    if (entry.run === undefined) return false;
    entry.run = undefined;
    this.cancelled++;
    if (this.cancelled > 64 && this.cancelled * 2 > this.entries.length) this.rebuild();
    return true;
  }

  /** The earliest entry, left in place; undefined when none waits. */
  peek(): Entry | undefined {
    for (;;) {
      const first = this.entries[0];
      if (first === undefined || first.run !== undefined) return first;
      this.removeFirst();
      this.cancelled--;
    }
  }

  /** Removes and returns the earliest entry, or undefined when none waits. */
  pop(): Entry | undefined {
    const first = this.peek();
    if (first !== undefined) this.removeFirst();
    return first;
  }

  /** The waiting entries in no particular order; for reports. */
  *waiting(): Iterable<Entry> {
    for (const entry of this.entries) if (entry.run !== undefined) yield entry;
  }

  private removeFirst(): void {
    const last = this.entries.pop()!;
    if (this.entries.length === 0) return;
    this.entries[0] = last;
    this.siftDown(0);
  }

  private rebuild(): void {
    this.entries = this.entries.filter((entry) => entry.run !== undefined);
    this.cancelled = 0;
    for (let index = (this.entries.length >> 1) - 1; index >= 0; index--) this.siftDown(index);
  }

  private siftDown(start: number): void {
    const entries = this.entries;
    const moving = entries[start]!;
    const length = entries.length;
    let index = start;
    for (;;) {
      let child = index * 2 + 1;
      if (child >= length) break;
      let below = entries[child]!;
      if (child + 1 < length && before(entries[child + 1]!, below)) below = entries[++child]!;
      if (!before(below, moving)) break;
      entries[index] = below;
      index = child;
    }
    entries[index] = moving;
  }
}

function before(left: HeapEntry, right: HeapEntry): boolean {
  if (left.due !== right.due) return left.due < right.due;
  if (left.tie !== right.tie) return left.tie < right.tie;
  return left.sequence < right.sequence;
}
