/**
 * A priority queue of callbacks by due time. Pure: it neither knows nor moves a clock.
 */

/** One entry of the queue. `due` is in whatever unit the owner counts time; `sequence` breaks ties in order of insertion. */
export interface HeapEntry {
  readonly due: number;
  readonly sequence: number;
  /** Undefined once cancelled: the entry stays in the heap and is dropped when it surfaces. */
  run: (() => void) | undefined;
}

/**
 * A binary min-heap ordered by (due, sequence).
 *
 * Cancelling is O(1): the entry is emptied and dropped later; when more than half of the entries are empty the heap is rebuilt, so that a
 * program that sets and cancels timeouts forever does not grow it.
 */
export class TimerHeap {
  private entries: HeapEntry[] = [];
  private sequence = 0;
  private cancelled = 0;

  /** How many callbacks are waiting. */
  get size(): number {
    return this.entries.length - this.cancelled;
  }

  /** Adds a callback; the returned entry is what `cancel` takes. */
  push(due: number, run: () => void): HeapEntry {
    const entry: HeapEntry = { due, sequence: this.sequence++, run };
    this.entries.push(entry);
    this.siftUp(this.entries.length - 1);
    return entry;
  }

  /** Takes the callback away. Returns false when it had already run or been cancelled. */
  cancel(entry: HeapEntry): boolean {
    if (entry.run === undefined) return false;
    entry.run = undefined;
    this.cancelled++;
    if (this.cancelled > 64 && this.cancelled * 2 > this.entries.length) this.rebuild();
    return true;
  }

  /** The due time of the earliest callback, or undefined when none waits. */
  nextDue(): number | undefined {
    this.dropCancelled();
    return this.entries[0]?.due;
  }

  /** Removes the earliest callback and returns it, or undefined when none waits. The entry counts as no longer pending. */
  pop(): (() => void) | undefined {
    this.dropCancelled();
    const first = this.entries[0];
    if (first === undefined) return undefined;
    this.removeFirst();
    const run = first.run;
    first.run = undefined;
    return run;
  }

  private dropCancelled(): void {
    while (this.entries.length > 0 && this.entries[0]!.run === undefined) {
      this.removeFirst();
      this.cancelled--;
    }
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

  private siftUp(start: number): void {
    const entries = this.entries;
    const moving = entries[start]!;
    let index = start;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!before(moving, entries[parent]!)) break;
      entries[index] = entries[parent]!;
      index = parent;
    }
    entries[index] = moving;
  }

  private siftDown(start: number): void {
    const entries = this.entries;
    const moving = entries[start]!;
    const length = entries.length;
    let index = start;
    for (;;) {
      let child = index * 2 + 1;
      if (child >= length) break;
      if (child + 1 < length && before(entries[child + 1]!, entries[child]!)) child++;
      if (!before(entries[child]!, moving)) break;
      entries[index] = entries[child]!;
      index = child;
    }
    entries[index] = moving;
  }
}

function before(left: HeapEntry, right: HeapEntry): boolean {
  return left.due < right.due || (left.due === right.due && left.sequence < right.sequence);
}
