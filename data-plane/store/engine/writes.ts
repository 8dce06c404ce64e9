/**
 * What may be written to an engine, and how it gets to the disk.
 */
import type { KeyRange } from "../keys/index.ts";
import type { EngineFailedError } from "./errors.ts";
import type { Pair } from "./range-cursor.ts";
import type { GroupWriter } from "./runs/group-writer.ts";

export interface EngineOptions {
  /** Absolute; exists, and belongs to this engine alone. */
  readonly directory: string;
  /** What data blocks may take of the memory; 64 MiB. See `EngineStats` for what comes on top. */
  readonly cacheBytes?: number;
  /** About how large a data block is; 16 KiB. */
  readonly blockBytes?: number;
  /** About how large a run file is; 16 MiB. Each one is kept open. */
  readonly runBytes?: number;
  /** How large level 1 becomes; 64 MiB. Each level below is ten times as large as the one above. */
  readonly levelBytes?: number;
  /** Told once when the engine fails, wherever it does: the storage server stops then. */
  readonly onFailure?: (error: EngineFailedError) => void;
}

/** One change of a flush. */
export type EngineChange =
  | { readonly type: "set"; readonly key: Uint8Array; readonly value: Uint8Array }
  | { readonly type: "clear"; readonly key: Uint8Array }
  | { readonly type: "clear_range"; readonly begin: Uint8Array; readonly end: Uint8Array };

export interface Flush {
  /** What the engine holds afterwards: above `durableVersion`. */
  readonly version: bigint;
  /**
   * In the order of `key` and `begin`; a key at most once, ranges that do not overlap. A key that is set within a range of the same flush stays.
   * Nothing of it may be changed before the flush has ended.
   */
  readonly changes: Iterable<EngineChange>;
  /** Stored with it; without it the meta stays. */
  readonly meta?: Uint8Array;
}

export interface Load {
  /** In ascending order; nothing of it may be changed before the load has ended. */
  readonly pairs: Iterable<Pair> | AsyncIterable<Pair>;
  /** What is replaced; without it, everything. All pairs lie within. */
  readonly range?: KeyRange;
  /** What the engine holds afterwards. Only a load of everything may set it back. */
  readonly version: bigint;
  readonly meta?: Uint8Array;
}

/** The manifest holds it, and is written whole. */
const META_BYTES_MAX = 64 * 1024;
/** How much is taken from a source that has all of it at hand before the event loop has its turn. */
const SLICE_ENTRIES = 1024;

/** Gives all items to a writer, in slices. @param check throws when there is no sense in going on */
export async function feed<T>(
  writer: GroupWriter,
  items: Iterable<T> | AsyncIterable<T>,
  add: (writer: GroupWriter, item: T) => void,
  check: () => void,
): Promise<void> {
  let entries = 0;
  const rest = async (): Promise<void> => {
    check();
    entries = 0;
    if (writer.isFull) await writer.drain();
  };
  if (Symbol.iterator in items) {
    for (const item of items) {
      add(writer, item);
      if (writer.isFull || ++entries >= SLICE_ENTRIES) await rest();
    }
    return;
  }
  for await (const item of items) {
    add(writer, item);
    if (writer.isFull || ++entries >= SLICE_ENTRIES) await rest();
  }
}

export function checkVersion(version: bigint): void {
  if (version < 0n || version >= 1n << 64n) throw new RangeError(`a version has 64 bits: not ${version}`);
}

export function checkMeta(meta: Uint8Array | undefined): void {
  if (meta !== undefined && meta.length > META_BYTES_MAX) {
    throw new RangeError(`the meta has at most ${META_BYTES_MAX} bytes: it is written anew with every change`);
  }
}

export function addChange(writer: GroupWriter, change: EngineChange): void {
  if (change.type === "set") writer.add(change.key, change.value);
  else if (change.type === "clear") writer.add(change.key, undefined);
  else writer.addRange(change);
}
