/**
 * Reads of a transaction: what it has written itself, merged with what the base holds. A read is a step function: it yields the questions
 * it has for the base and is sent the answers, so that neither promises nor the network are in here.
 */

import { StoreError } from "../../errors/index.ts";
import { compareKeys, type KeyRange, keyAfter } from "../../keys/index.ts";
import type { Entry } from "../../ordered-map/index.ts";
import { type Pending, type PendingWrites, valueOver } from "./pending-writes.ts";

/** What the base holds in a range: the first `limit` entries in the order of reading. */
export interface BaseQuestion extends KeyRange {
  readonly limit: number;
  /** The answer may end after the entry that reaches this many bytes. */
  readonly bytesMax: number;
  readonly reverse: boolean;
  /** The range is one key. */
  readonly single: boolean;
}

export interface BaseAnswer {
  /** In the order of reading, within the range. May be fewer than `limit` even when there are more, but not none. */
  readonly entries: readonly Entry<Uint8Array>[];
  /** Whether the range may hold entries beyond these. */
  readonly more: boolean;
}

/** A read under way: yields questions, is sent their answers, and returns what was read. */
export type Read<T> = Generator<BaseQuestion, T, BaseAnswer>;

/** What a read depended on. */
export type Depend = (range: KeyRange) => void;

/** `first key >= key` is `{ orEqual: false, offset: 1 }`: from the last key before `key` (at `key`, with `orEqual`), `offset` keys on. */
export interface KeySelector {
  readonly key: Uint8Array;
  readonly orEqual: boolean;
  readonly offset: number;
}

export interface RangeOptions {
  /** Most entries returned, at least 1; all when left out. */
  readonly limit?: number | undefined;
  /** Ends after the entry that reaches this many bytes of keys and values; none when left out. */
  readonly bytesMax?: number | undefined;
  /** From the last key to the first. */
  readonly reverse?: boolean | undefined;
}

export interface RangeEntries {
  /** In the order of reading. */
  readonly entries: Entry<Uint8Array>[];
  /** A limit ended the read: there may be more beyond the last entry. Never true without an entry. */
  readonly more: boolean;
}

/** Where the keys of users end, those of the system begin. A selector that points beyond either end of them yields that end. */
export const KEYS_BEGIN: Uint8Array = new Uint8Array(0);
export const KEYS_END: Uint8Array = Uint8Array.of(0xff);

/** Most entries asked for at once: what a transaction holds in memory of a range without a limit before it can stop. */
const ENTRIES_PER_QUESTION_MAX = 1_000;

/** @throws StoreError accessed_unreadable */
export function* readKey(writes: PendingWrites, key: Uint8Array, depend: Depend): Read<Uint8Array | undefined> {
  if (writes.isUnreadable(key)) throw unreadable();
  const pending = writes.at(key);
  if (pending?.known) return ownValue(pending.value);
  const range = { begin: key, end: keyAfter(key) };
  const { entries } = yield { ...range, limit: 1, bytesMax: Number.POSITIVE_INFINITY, reverse: false, single: true };
  depend(range);
  const base = entries[0]?.[1];
  return pending === undefined ? base : valueOver(pending, base);
}

/** @throws StoreError accessed_unreadable, once the read comes to what is unreadable: not when a limit ends it before */
export function* readRange(
  writes: PendingWrites,
  { begin, end }: KeyRange,
  { limit = Number.POSITIVE_INFINITY, bytesMax = Number.POSITIVE_INFINITY, reverse = false }: RangeOptions,
  depend: Depend,
): Read<RangeEntries> {
  const entries: Entry<Uint8Array>[] = [];
  let bytes = 0;
  let more = false;
  let rest: KeyRange = { begin, end };
  while (!more && compareKeys(rest.begin, rest.end) < 0) {
    const piece = writes.firstPiece(rest, reverse);
    if (piece.unreadable) throw unreadable();
    const wanted = Math.min(limit - entries.length, ENTRIES_PER_QUESTION_MAX);
    const answer = piece.cleared
      ? { entries: [], more: false }
      : yield {
          begin: piece.begin,
          end: piece.end,
          limit: wanted,
          bytesMax: bytesMax - bytes,
          reverse,
          single: false,
        };
    const covered = coveredBy(answer, piece, reverse);
    for (const entry of merge(answer.entries, writes.entries(covered, reverse), reverse)) {
      entries.push(entry);
      bytes += entry[0].length + entry[1].length;
      if (entries.length < limit && bytes < bytesMax) continue;
      more = true;
      break;
    }
    rest = reverse ? { begin, end: covered.begin } : { begin: covered.end, end };
  }
  const last = more ? entries[entries.length - 1]![0] : undefined;
  // What lies beyond the last entry that a limit let through was not seen by the reader, and may change.
  depend({ begin: (reverse ? last : undefined) ?? begin, end: reverse || last === undefined ? end : keyAfter(last) });
  return { entries, more };
}

/** The part of the piece about which the answer says everything. */
function coveredBy({ entries, more }: BaseAnswer, { begin, end }: KeyRange, reverse: boolean): KeyRange {
  if (!more) return { begin, end };
  const last = entries[entries.length - 1];
  if (last === undefined) throw new Error("The base says that there is more, but gives nothing.");
  return reverse ? { begin: last[0], end } : { begin, end: keyAfter(last[0]) };
}

function* merge(
  base: readonly Entry<Uint8Array>[],
  pending: Iterable<Entry<Pending>>,
  reverse: boolean,
): Generator<Entry<Uint8Array>, void> {
  let at = 0;
  for (const [key, written] of pending) {
    let order = -1;
    while (at < base.length) {
      order = reverse ? compareKeys(key, base[at]![0]) : compareKeys(base[at]![0], key);
      if (order >= 0) break;
      yield base[at++]!;
    }
    const value = valueOver(written, order === 0 ? base[at++]![1] : undefined);
    if (value !== undefined) yield [new Uint8Array(key), new Uint8Array(value)];
  }
  yield* base.slice(at);
}

function unreadable(): StoreError {
  return new StoreError(
    "accessed_unreadable",
    "What was read is given by a versionstamp of the same transaction, and is known after its commit only.",
  );
}

/** A copy: the reader may change it, and what will be committed must not change with it. */
function ownValue(value: Uint8Array | undefined): Uint8Array | undefined {
  return value === undefined ? undefined : new Uint8Array(value);
}

/** The key that the selector points to, or the end of the keys beyond which it points. */
export function* readSelector(writes: PendingWrites, selector: KeySelector, depend: Depend): Read<Uint8Array> {
  const { key, orEqual, offset } = selector;
  const from = orEqual ? keyAfter(key) : key;
  if (offset > 0) {
    const after = yield* readRange(writes, { begin: from, end: KEYS_END }, { limit: offset }, depend);
    return after.entries[offset - 1]?.[0] ?? KEYS_END;
  }
  const end = compareKeys(from, KEYS_END) < 0 ? from : KEYS_END;
  const limit = 1 - offset;
  const before = yield* readRange(writes, { begin: KEYS_BEGIN, end }, { limit, reverse: true }, depend);
  return before.entries[limit - 1]?.[0] ?? KEYS_BEGIN;
}

/** As `readRange`, between the keys that two selectors point to; these are resolved first. */
export function* readSelectedRange(
  writes: PendingWrites,
  begin: KeySelector,
  end: KeySelector,
  options: RangeOptions,
  depend: Depend,
): Read<RangeEntries & KeyRange> {
  const range = {
    begin: plainBound(begin) ?? (yield* readSelector(writes, begin, depend)),
    end: plainBound(end) ?? (yield* readSelector(writes, end, depend)),
  };
  return { ...range, ...(yield* readRange(writes, range, options, depend)) };
}

/** For a range, the first key from `key` on, or after it, is as good as `key`, or what comes after it: no key has to be looked up. */
function plainBound({ key, orEqual, offset }: KeySelector): Uint8Array | undefined {
  if (offset !== 1) return undefined;
  return orEqual ? keyAfter(key) : key;
}
