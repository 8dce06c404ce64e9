/**
 * Mutations applied to a plain map, and reads checked against it.
 */
import { type AtomicOperation, applyAtomic } from "#data-plane/store/atomic-operations";
import type { CommitPlace } from "#data-plane/store/backend";
import type { Mutation } from "#data-plane/store/transactions";
import { type Pair, type PlainMap, textOf } from "./plain-map.ts";
import type { RangeRead, RecordedRead } from "./recorded.ts";

/** Called before a key changes, with what it held. */
type OnChange = (key: string, before: Uint8Array | undefined) => void;

const NOTHING: OnChange = () => undefined;

/**
 * Applies a mutation as the store does at the commit.
 *
 * @param place fills in versionstamps; undefined before the commit, when they cannot be seen and are left out
 */
export function apply(map: PlainMap, mutation: Mutation, place: CommitPlace | undefined, onChange = NOTHING): void {
  const put = (key: string, value: Uint8Array | undefined): void => {
    onChange(key, map.get(key));
    map.put(key, value);
  };
  switch (mutation.type) {
    case "set":
      put(textOf(mutation.key), mutation.value);
      return;
    case "clear":
      put(textOf(mutation.key), undefined);
      return;
    case "clear_range": {
      const pairs = map.range(textOf(mutation.begin), textOf(mutation.end), Number.POSITIVE_INFINITY, false);
      for (const { key } of pairs) put(key, undefined);
      return;
    }
    case "set_versionstamped_key":
      if (place !== undefined) put(textOf(stamped(mutation.key, place)), mutation.value);
      return;
    case "set_versionstamped_value":
      if (place !== undefined) put(textOf(mutation.key), stamped(mutation.value, place));
      return;
    default: {
      const key = textOf(mutation.key);
      put(key, applyAtomic(mutation.type satisfies AtomicOperation, map.get(key), mutation.value));
    }
  }
}

/** What the place of a commit makes of a key or value that ends with the offset of its stamp, in four bytes. */
function stamped(bytes: Uint8Array, { version, index }: CommitPlace): Uint8Array {
  const filled = Buffer.from(bytes.subarray(0, bytes.length - 4));
  const offset = Buffer.from(bytes).readUInt32LE(bytes.length - 4);
  filled.writeBigUInt64BE(version, offset);
  filled.writeUInt16BE(index, offset + 8);
  return filled;
}

/**
 * Checks the reads of a transaction against the map, each with what its own mutations before it have done. The map is afterwards as before.
 *
 * @returns what is wrong, for a person; nothing when all is well
 */
export function checkReads(
  map: PlainMap,
  reads: readonly RecordedRead[],
  mutations: readonly Mutation[],
): readonly string[] {
  const problems: string[] = [];
  const undo: (readonly [string, Uint8Array | undefined])[] = [];
  let applied = 0;
  for (const read of [...reads].sort((left, right) => (left.ownMutations ?? 0) - (right.ownMutations ?? 0))) {
    for (; applied < (read.ownMutations ?? 0); applied++) {
      apply(map, mutations[applied]!, undefined, (key, before) => void undo.push([key, before]));
    }
    const problem = read.type === "point" ? checkPoint(map, textOf(read.key), read.value) : checkRange(map, read);
    if (problem !== undefined) problems.push(problem);
  }
  for (const [key, before] of undo.reverse()) map.put(key, before);
  return problems;
}

function checkPoint(map: PlainMap, key: string, seen: Uint8Array | undefined): string | undefined {
  const there = map.get(key);
  return isSame(there, seen) ? undefined : `${say(key)} was read as ${sayValue(seen)}, and is ${sayValue(there)}`;
}

function checkRange(map: PlainMap, { begin, end, limit, reverse, pairs, isCut }: RangeRead): string | undefined {
  const most = isCut === true ? pairs.length : (limit ?? Number.POSITIVE_INFINITY);
  const there = map.range(textOf(begin), textOf(end), most, reverse);
  const seen: readonly Pair[] = pairs.map(({ key, value }) => ({ key: textOf(key), value }));
  const length = Math.max(there.length, seen.length);
  for (let i = 0; i < length; i++) {
    if (there[i]?.key === seen[i]?.key && isSame(there[i]?.value, seen[i]?.value)) continue;
    const range = `[${say(textOf(begin))}, ${say(textOf(end))})${reverse ? " backwards" : ""}`;
    return `${range}: pair ${i} was read as ${sayPair(seen[i])}, and is ${sayPair(there[i])}`;
  }
  return undefined;
}

function isSame(left: Uint8Array | undefined, right: Uint8Array | undefined): boolean {
  if (left === undefined || right === undefined) return left === right;
  return Buffer.compare(left, right) === 0;
}

function sayPair(pair: Pair | undefined): string {
  return pair === undefined ? "none" : `${say(pair.key)} with ${sayValue(pair.value)}`;
}

/** Bytes shown of a value. */
const SHOWN_MAX = 60;

function sayValue(value: Uint8Array | undefined): string {
  if (value === undefined) return "missing";
  return value.length <= SHOWN_MAX ? say(textOf(value)) : `${say(textOf(value.subarray(0, SHOWN_MAX)))} and more`;
}

/** Bytes that are no printable ASCII as `\xNN`. */
function say(text: string): string {
  return `"${text.replace(/[^ -~]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16).padStart(2, "0")}`)}"`;
}
