/**
 * The read-your-writes overlay of a transaction: its writes so far, reads that see them over a base that does not, and the ranges that
 * decide whether it conflicts with others. As FoundationDB has it, a read of what the transaction itself has written depends on nobody
 * else and adds no read conflict; an atomic operation adds a write conflict and no read conflict. What a versionstamp becomes is known only
 * after the commit: whoever reads a key that one may have written is refused.
 */
import { type KeyRange, keyAfter } from "../../keys/index.ts";
import type { Mutation } from "../../transactions/index.ts";
import { PendingWrites } from "./pending-writes.ts";
import { RangeSet } from "./range-set.ts";
import {
  type BaseAnswer,
  type BaseQuestion,
  type Depend,
  type KeySelector,
  type RangeEntries,
  type RangeOptions,
  type Read,
  readKey,
  readRange,
  readSelectedRange,
  readSelector,
} from "./reads.ts";
import { stampedKeyRange } from "./stamped-keys.ts";

export {
  type BaseAnswer,
  type BaseQuestion,
  KEYS_BEGIN,
  KEYS_END,
  type KeySelector,
  type RangeEntries,
  type RangeOptions,
  type Read,
} from "./reads.ts";
export { stampedKeyRange } from "./stamped-keys.ts";

export interface ReadOptions {
  /** A snapshot read sees the same and conflicts with nothing. */
  readonly snapshot?: boolean | undefined;
}

export interface WriteOptions {
  /** Leaves out the write conflict of this one write. */
  readonly withoutConflict?: boolean | undefined;
  /** The read version of the transaction, when it has one: its commit, and each versionstamp of it, comes after. */
  readonly readVersion?: bigint | undefined;
}

/** Reads see the writes made before they were begun, not those made while they wait for the base. */
export class Overlay {
  private readonly pending = PendingWrites.none();
  private readonly written: Mutation[] = [];
  private readonly readConflicts = RangeSet.empty();
  private readonly writeConflicts = RangeSet.empty();

  /** In the order they were made. */
  get mutations(): readonly Mutation[] {
    return this.written;
  }

  /** Whether there is nothing to commit. */
  get isReadOnly(): boolean {
    return this.written.length === 0 && this.writeConflicts.isEmpty;
  }

  /** What must not have changed since the read version: disjoint ranges in order. */
  get reads(): KeyRange[] {
    return this.readConflicts.ranges();
  }

  /** What others must not have read: disjoint ranges in order. */
  get writes(): KeyRange[] {
    return this.writeConflicts.ranges();
  }

  /** The mutation is within the limits, and its versionstamp fits where it is to stand. */
  write(mutation: Mutation, { withoutConflict = false, readVersion }: WriteOptions = {}): void {
    const own = withOwnBytes(mutation);
    this.written.push(own);
    switch (own.type) {
      case "set_versionstamped_key":
        this.pending.writeStampedKey(stampedKeyRange(own.key, readVersion));
        // Whoever commits knows the key, and adds its write conflict.
        return;
      case "set_versionstamped_value":
        this.pending.writeStampedValue(own.key);
        break;
      default:
        this.pending.write(own);
    }
    if (withoutConflict) return;
    this.writeConflicts.add(own.type === "clear_range" ? own : { begin: own.key, end: keyAfter(own.key) });
  }

  get(key: Uint8Array, options: ReadOptions = {}): Read<Uint8Array | undefined> {
    const writes = this.pending.snapshot();
    return readKey(writes, new Uint8Array(key), this.dependOn(writes, options));
  }

  /** @throws RangeError for a limit that is not a whole number above zero */
  getRange(range: KeyRange, options: ReadOptions & RangeOptions = {}): Read<RangeEntries> {
    checkLimit(options);
    const writes = this.pending.snapshot();
    return readRange(writes, ownRange(range), options, this.dependOn(writes, options));
  }

  /**
   * As `getRange`, between the keys that two selectors point to, which are returned as well.
   *
   * @throws RangeError for a limit that is not a whole number above zero, and offsets that are no whole numbers
   */
  getSelectedRange(
    begin: KeySelector,
    end: KeySelector,
    options: ReadOptions & RangeOptions = {},
  ): Read<RangeEntries & KeyRange> {
    checkLimit(options);
    const writes = this.pending.snapshot();
    return readSelectedRange(writes, ownSelector(begin), ownSelector(end), options, this.dependOn(writes, options));
  }

  /**
   * The key a selector points to.
   *
   * @throws RangeError for an offset that is not a whole number
   */
  getKey(selector: KeySelector, options: ReadOptions = {}): Read<Uint8Array> {
    const own = ownSelector(selector);
    const writes = this.pending.snapshot();
    return readSelector(writes, own, this.dependOn(writes, options));
  }

  /** The whole range, own writes or not: who asks for it has his reasons. */
  addReadConflict(range: KeyRange): void {
    this.readConflicts.add(ownRange(range));
  }

  /** As if the range had been written. */
  addWriteConflict(range: KeyRange): void {
    this.writeConflicts.add(ownRange(range));
  }

  private dependOn(writes: PendingWrites, { snapshot = false }: ReadOptions): Depend {
    return (range) => {
      if (snapshot) return;
      for (const part of writes.dependent(range)) this.readConflicts.add(part);
    };
  }
}

/** Runs a read whose base answers at once. */
export function readNow<T>(read: Read<T>, base: (question: BaseQuestion) => BaseAnswer): T {
  let step = read.next();
  while (!step.done) step = read.next(base(step.value));
  return step.value;
}

/** Runs a read whose base takes its time; rejects with what the base rejects with. */
export async function readLater<T>(read: Read<T>, base: (question: BaseQuestion) => Promise<BaseAnswer>): Promise<T> {
  let step = read.next();
  while (!step.done) step = read.next(await base(step.value));
  return step.value;
}

/** The caller may use its arrays again for something else. */
function withOwnBytes(mutation: Mutation): Mutation {
  if (mutation.type === "clear_range") return { type: "clear_range", ...ownRange(mutation) };
  const key = new Uint8Array(mutation.key);
  return mutation.type === "clear"
    ? { type: "clear", key }
    : { ...mutation, key, value: new Uint8Array(mutation.value) };
}

function ownRange({ begin, end }: KeyRange): KeyRange {
  return { begin: new Uint8Array(begin), end: new Uint8Array(end) };
}

function ownSelector(selector: KeySelector): KeySelector {
  if (!Number.isSafeInteger(selector.offset)) throw new RangeError("The offset of a selector is a whole number.");
  return { ...selector, key: new Uint8Array(selector.key) };
}

function checkLimit({ limit }: RangeOptions): void {
  if (limit === undefined || limit === Number.POSITIVE_INFINITY) return;
  if (!(Number.isInteger(limit) && limit > 0)) {
    throw new RangeError(`The limit of a range is a whole number above zero, not ${limit}.`);
  }
}
