/**
 * An entry of the log applied to the latest state: what it writes within the ranges of this server.
 */
import { applyAtomic } from "../atomic-operations/index.ts";
import { compareKeys, type KeyRange, keyAfter } from "../keys/index.ts";
import type { PlainMutation } from "../mutations/index.ts";
import { type Changes, changeOf, clearRange, setKey } from "./changes.ts";

/** What is on the disk: the value of a key that no change speaks of. */
export type ReadBelow = (key: Uint8Array) => Uint8Array | undefined | Promise<Uint8Array | undefined>;

/** Told of each write, for those who watch keys: the value that a key has now, undefined for a range that has none. */
export type OnWrite = (begin: Uint8Array, end: Uint8Array, value: Uint8Array | undefined) => void;

/**
 * Applies mutations in order, each seeing those before. Keys and values are kept as they are: they may be views of a message.
 *
 * @returns about how many bytes were added
 */
export async function applyEntry(
  changes: Changes,
  mutations: readonly PlainMutation[],
  version: bigint,
  ranges: readonly KeyRange[],
  below: ReadBelow,
  onWrite: OnWrite,
): Promise<number> {
  let bytes = 0;
  for (const mutation of mutations) {
    if (mutation.type === "clear_range") {
      for (const range of ranges) {
        const begin = compareKeys(mutation.begin, range.begin) > 0 ? mutation.begin : range.begin;
        const end = compareKeys(mutation.end, range.end) < 0 ? mutation.end : range.end;
        if (compareKeys(begin, end) >= 0) continue;
        clearRange(changes, begin, end, version);
        onWrite(begin, end, undefined);
        bytes += begin.length + end.length + ENTRY_BYTES;
      }
      continue;
    }
    const { key } = mutation;
    if (!isWithin(key, ranges)) continue;
    let value: Uint8Array | undefined;
    if (mutation.type === "set") {
      value = mutation.value;
    } else if (mutation.type !== "clear") {
      const change = changeOf(changes, key);
      const found = change === undefined ? below(key) : change.value;
      const existing = found instanceof Promise ? await found : found;
      value = applyAtomic(mutation.type, existing, mutation.value);
    }
    const after = keyAfter(key);
    if (value === undefined) clearRange(changes, key, after, version);
    else setKey(changes, key, value, version);
    onWrite(key, after, value);
    bytes += key.length + (value?.length ?? 0) + ENTRY_BYTES;
  }
  return bytes;
}

/** What an entry takes beside its bytes, about. */
const ENTRY_BYTES = 100;

export function isWithin(key: Uint8Array, ranges: readonly KeyRange[]): boolean {
  return ranges.some(({ begin, end }) => compareKeys(begin, key) <= 0 && compareKeys(key, end) < 0);
}

/** Whether one of the ranges holds all of `[begin, end)`. */
export function holdsAll(begin: Uint8Array, end: Uint8Array, ranges: readonly KeyRange[]): boolean {
  return ranges.some((range) => compareKeys(range.begin, begin) <= 0 && compareKeys(end, range.end) <= 0);
}
