/**
 * What a stretch of history changes of the keys below it: values set, and ranges cleared, which never overlap.
 *
 * A map of entries by their first key. An entry that clears holds for all keys from its own up to `clearedTo`; one that sets holds for its own.
 */
import { compareKeys, type KeyRange, keyAfter } from "../keys/index.ts";
import type { Entry, OrderedMap } from "../ordered-map/index.ts";

/** An entry, and the version that made it. */
export type Change =
  | { readonly version: bigint; readonly value: Uint8Array; readonly clearedTo?: undefined }
  | { readonly version: bigint; readonly value?: undefined; readonly clearedTo: Uint8Array };

export type Changes = OrderedMap<Change>;

/** What changes say of a key; undefined when they say nothing. */
export function changeOf(changes: Changes, key: Uint8Array): Change | undefined {
  const found = changes.floor(key);
  if (found === undefined) return undefined;
  const [at, change] = found;
  if (change.clearedTo !== undefined) return compareKeys(key, change.clearedTo) < 0 ? change : undefined;
  return compareKeys(at, key) === 0 ? change : undefined;
}

export function setKey(changes: Changes, key: Uint8Array, value: Uint8Array, version: bigint): void {
  const before = changes.replace(key, { version, value });
  if (before === undefined || before[1].clearedTo === undefined) return;
  const covering = clearOver(before, key);
  if (covering !== undefined) split(changes, covering, key, keyAfter(key));
}

export function clearRange(changes: Changes, begin: Uint8Array, end: Uint8Array, version: bigint): void {
  if (compareKeys(begin, end) >= 0) return;
  // What reaches over either edge is cut there: the rest keeps its own version.
  const first = coveringClear(changes, begin);
  if (first !== undefined) split(changes, first, begin, begin);
  const last = coveringClear(changes, end);
  if (last !== undefined) split(changes, last, end, end);
  changes.clearRange(begin, end);
  changes.set(begin, { version, clearedTo: end });
}

/** The clears of `range` with what they clear of it, and the values set in it, in order. */
export function* changesWithin(
  changes: Changes,
  range: KeyRange,
): Generator<readonly [begin: Uint8Array, change: Change]> {
  const { begin, end } = range;
  const covering = coveringClear(changes, begin);
  if (covering !== undefined) {
    const { clearedTo, version } = covering.change;
    yield [begin, { version, clearedTo: compareKeys(clearedTo, end) < 0 ? clearedTo : end }];
  }
  const from = covering === undefined ? begin : covering.change.clearedTo;
  for (const [key, change] of changes.entries({ begin: from, end })) {
    const { clearedTo, version } = change;
    yield clearedTo !== undefined && compareKeys(clearedTo, end) > 0
      ? [key, { version, clearedTo: end }]
      : [key, change];
  }
}

interface Clear {
  readonly begin: Uint8Array;
  readonly change: Change & { readonly clearedTo: Uint8Array };
}

/** The clear that holds for `key`. */
function coveringClear(changes: Changes, key: Uint8Array): Clear | undefined {
  const found = changes.floor(key);
  return found && clearOver(found, key);
}

/** The entry, which is at `key` or before it, where it is a clear that holds for it. */
function clearOver([begin, change]: Entry<Change>, key: Uint8Array): Clear | undefined {
  return change.clearedTo === undefined || compareKeys(key, change.clearedTo) >= 0 ? undefined : { begin, change };
}

/** Leaves of a clear what is before `to` and what is from `from` on. */
function split(changes: Changes, { begin, change }: Clear, to: Uint8Array, from: Uint8Array): void {
  const { version, clearedTo } = change;
  if (compareKeys(begin, to) < 0) changes.set(begin, { version, clearedTo: to });
  if (compareKeys(from, clearedTo) < 0) changes.set(from, { version, clearedTo });
}
