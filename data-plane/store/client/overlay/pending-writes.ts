/**
 * What a transaction has written, by key: the value that its reads see there, as far as that is known without the base.
 */
import { type AtomicOperation, applyAtomic } from "../../atomic-operations/index.ts";
import { compareKeys, type KeyRange, keyAfter } from "../../keys/index.ts";
import type { PlainMutation } from "../../mutations/index.ts";
import { type Entry, OrderedMap } from "../../ordered-map/index.ts";
import { earlierKey, laterKey, RangeSet } from "./range-set.ts";

/** Atomic operations over a value of the base, the newest first. */
interface Stacked {
  readonly operation: AtomicOperation;
  readonly operand: Uint8Array;
  readonly older: Stacked | undefined;
}

export type Pending =
  /** An undefined value: the key is cleared. */
  { readonly known: true; readonly value: Uint8Array | undefined } | { readonly known: false; readonly over: Stacked };

/** A part of a range in which all keys are alike. */
export interface Piece extends KeyRange {
  /** Nothing of the base shows here. */
  readonly cleared: boolean;
  /** Nobody knows what is here before the commit. */
  readonly unreadable: boolean;
}

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
    private readonly unreadable: RangeSet,
  ) {}

  static none(): PendingWrites {
    return new PendingWrites(new OrderedMap(), RangeSet.empty(), RangeSet.empty());
  }

  /** What is known now; unmoved by later writes. */
  snapshot(): PendingWrites {
    // Most transactions read before they write, or only read.
    if (this.keys.isEmpty && this.cleared.isEmpty && this.unreadable.isEmpty) return NOTHING;
    return new PendingWrites(this.keys.snapshot(), this.cleared.snapshot(), this.unreadable.snapshot());
  }

  write(mutation: PlainMutation): void {
    switch (mutation.type) {
      case "set":
        this.keys.set(mutation.key, { known: true, value: mutation.value });
        return;
      case "clear":
        this.keys.set(mutation.key, CLEARED);
        this.unreadable.remove({ begin: mutation.key, end: keyAfter(mutation.key) });
        return;
      case "clear_range":
        this.keys.clearRange(mutation.begin, mutation.end);
        this.cleared.add(mutation);
        this.unreadable.remove(mutation);
        return;
      default:
        this.keys.set(mutation.key, this.stack(mutation.key, mutation.type, mutation.value));
    }
  }

  /** The value of this key is known after the commit only; until then whoever reads it is refused, unless it is cleared. */
  writeStampedValue(key: Uint8Array): void {
    this.keys.set(key, CLEARED);
    this.unreadable.add({ begin: key, end: keyAfter(key) });
  }

  /** Some key of the range is written, and which one is known after the commit only. */
  writeStampedKey(range: KeyRange): void {
    this.keys.clearRange(range.begin, range.end);
    this.cleared.remove(range);
    this.unreadable.add(range);
  }

  isUnreadable(key: Uint8Array): boolean {
    return this.unreadable.around(key) !== undefined;
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

  /** The part of a range that comes first in the order of reading. The range holds at least one key. */
  firstPiece(range: KeyRange, reverse: boolean): Piece {
    const cleared = this.cleared.firstSegment(range, reverse);
    const unreadable = this.unreadable.firstSegment(range, reverse);
    return {
      begin: laterKey(cleared.begin, unreadable.begin),
      end: earlierKey(cleared.end, unreadable.end),
      cleared: cleared.inside,
      unreadable: unreadable.inside,
    };
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

/** Never written to: it is given out as a snapshot only. */
const NOTHING = PendingWrites.none();
