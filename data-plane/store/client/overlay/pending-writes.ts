/**
 * What a transaction has written, by key: the value that its reads see there, as far as that is known without the base.
 */
import { type AtomicOperation, applyAtomic } from "../../atomic-operations/index.ts";
import { compareKeys, type KeyRange, keyAfter } from "../../keys/index.ts";
import { type Entry, OrderedMap } from "../../ordered-map/index.ts";
import type { Mutation } from "../../transactions/index.ts";
import { RangeSet } from "./range-set.ts";

/** Writes whose keys and values are known before the commit: those without a versionstamp. */
export type PlainMutation = Exclude<Mutation, { type: `set_versionstamped_${string}` }>;

/** Atomic operations over a value of the base, the newest first. */
interface Stacked {
  readonly operation: AtomicOperation;
  readonly operand: Uint8Array;
  readonly older: Stacked | undefined;
}

export type Pending =
  /** An undefined value: the key is cleared. */
  { readonly known: true; readonly value: Uint8Array | undefined } | { readonly known: false; readonly over: Stacked };

const CLEARED: Pending = { known: true, value: undefined };

/** What the key holds, when the base holds `base`. */
export function valueOver(pending: Pending, base: Uint8Array | undefined): Uint8Array | undefined {
  if (pending.known) return pending.value;
  const newestFirst: Stacked[] = [];
  for (let at: Stacked | undefined = pending.over; at !== undefined; at = at.older) newestFirst.push(at);
  return newestFirst.reduceRight<Uint8Array | undefined>(
    (value, { operation, operand }) => applyAtomic(operation, value, operand),
    base,
  );
}

export class PendingWrites {
  private constructor(
    private readonly keys: OrderedMap<Pending>,
    private readonly cleared: RangeSet,
  ) {}

  static none(): PendingWrites {
    return new PendingWrites(new OrderedMap(), RangeSet.empty());
  }

  /** What is known now; unmoved by later writes. */
  snapshot(): PendingWrites {
    return new PendingWrites(this.keys.snapshot(), this.cleared.snapshot());
  }

  write(mutation: PlainMutation): void {
    switch (mutation.type) {
      case "set":
        this.keys.set(mutation.key, { known: true, value: mutation.value });
        return;
      case "clear":
        this.keys.set(mutation.key, CLEARED);
        return;
      case "clear_range":
        this.keys.clearRange(mutation.begin, mutation.end);
        this.cleared.add(mutation);
        return;
      default:
        this.keys.set(mutation.key, this.stack(mutation.key, mutation.type, mutation.value));
    }
  }

  private stack(key: Uint8Array, operation: AtomicOperation, operand: Uint8Array): Pending {
    const before = this.at(key);
    if (before?.known) return { known: true, value: applyAtomic(operation, before.value, operand) };
    return { known: false, over: { operation, operand, older: before?.over } };
  }

  /** Undefined when the key holds what the base does. */
  at(key: Uint8Array): Pending | undefined {
    return this.keys.get(key) ?? (this.cleared.around(key) === undefined ? undefined : CLEARED);
  }

  /** The keys written singly within the range, in the order of reading. */
  entries(range: KeyRange, reverse: boolean): IterableIterator<Entry<Pending>> {
    return reverse ? this.keys.reversed(range) : this.keys.entries(range);
  }

  /** The part of a range that comes first in the order of reading and is either cleared as a whole or not at all. */
  firstPiece({ begin, end }: KeyRange, reverse: boolean): KeyRange & { readonly cleared: boolean } {
    if (reverse) {
      const last = this.cleared.lastFrom(end);
      if (last === undefined || compareKeys(last.end, begin) <= 0) return { begin, end, cleared: false };
      if (compareKeys(last.end, end) < 0) return { begin: last.end, end, cleared: false };
      return { begin: later(last.begin, begin), end, cleared: true };
    }
    const around = this.cleared.around(begin);
    if (around !== undefined) return { begin, end: earlier(around.end, end), cleared: true };
    const next = this.cleared.firstFrom(begin);
    return { begin, end: next === undefined ? end : earlier(next.begin, end), cleared: false };
  }

  /** The parts of a range where what is read depends on the base, in order. */
  *dependent({ begin, end }: KeyRange): Generator<KeyRange, void> {
    let from = begin;
    while (compareKeys(from, end) < 0) {
      const piece = this.firstPiece({ begin: from, end }, false);
      from = piece.end;
      // An atomic operation within a cleared range has a known value too: nothing there comes from the base.
      if (piece.cleared) continue;
      let open = piece.begin;
      for (const [key, pending] of this.entries(piece, false)) {
        if (!pending.known) continue;
        if (compareKeys(open, key) < 0) yield { begin: open, end: key };
        open = keyAfter(key);
      }
      if (compareKeys(open, piece.end) < 0) yield { begin: open, end: piece.end };
    }
  }
}

function earlier(a: Uint8Array, b: Uint8Array): Uint8Array {
  return compareKeys(a, b) <= 0 ? a : b;
}

function later(a: Uint8Array, b: Uint8Array): Uint8Array {
  return compareKeys(a, b) >= 0 ? a : b;
}
