/**
 * A step function over the keys: which version wrote each key last. Kept as boundaries in sorted chunks; each chunk knows its highest version,
 * so that a wide range looks into two chunks only and skips over those between.
 */
import { compareKeys } from "../keys/index.ts";

/** Boundaries of a chunk before it is cut in two. */
const CHUNK_MAX = 128;

interface Chunk {
  /** Where steps begin, ascending. Never empty. */
  keys: Uint8Array[];
  /** The version from the key of the same place up to the next boundary. */
  versions: bigint[];
  max: bigint;
}

export class Boundaries {
  /** The first boundary is the empty key, so that every key has a step. */
  private chunks: Chunk[] = [{ keys: [new Uint8Array(0)], versions: [0n], max: 0n }];

  get size(): number {
    return this.chunks.reduce((sum, chunk) => sum + chunk.keys.length, 0);
  }

  /** Whether a key of `[begin, end)` has a version above `version`. The range holds at least one key. */
  anyAbove(begin: Uint8Array, end: Uint8Array, version: bigint): boolean {
    let c = this.chunkOf(begin);
    let i = lastAtMost(this.chunks[c]!.keys, begin);
    for (; c < this.chunks.length; c++, i = 0) {
      const { keys, versions, max } = this.chunks[c]!;
      if (compareKeys(keys[0]!, end) >= 0) return false;
      if (max <= version) continue;
      for (; i < keys.length; i++) {
        if (compareKeys(keys[i]!, end) >= 0) return false;
        if (versions[i]! > version) return true;
      }
    }
    return false;
  }

  /** Gives all keys of `[begin, end)` this version. The range holds at least one key. */
  assign(begin: Uint8Array, end: Uint8Array, version: bigint): void {
    this.split(end);
    this.split(begin);
    const first = this.chunkOf(begin);
    const last = this.chunkOf(end);
    const from = lastAtMost(this.chunks[first]!.keys, begin);
    const to = lastAtMost(this.chunks[last]!.keys, end);
    const head = this.chunks[first]!;
    head.versions[from] = version;
    if (first === last) {
      head.keys.splice(from + 1, to - from - 1);
      head.versions.splice(from + 1, to - from - 1);
    } else {
      head.keys.length = from + 1;
      head.versions.length = from + 1;
      const tail = this.chunks[last]!;
      tail.keys.splice(0, to);
      tail.versions.splice(0, to);
      tail.max = highest(tail.versions);
      this.chunks.splice(first + 1, last - first - 1);
    }
    head.max = highest(head.versions);
  }

  /** Merges neighbours that are both below `horizon`: nobody asks about them apart any more. Looks at every boundary. */
  mergeBelow(horizon: bigint): void {
    const kept: Chunk[] = [];
    let current: Chunk = { keys: [], versions: [], max: 0n };
    let before = horizon;
    for (const { keys, versions } of this.chunks) {
      for (let i = 0; i < keys.length; i++) {
        const version = versions[i]!;
        if (version < horizon && before < horizon) continue;
        before = version;
        if (current.keys.length === CHUNK_MAX / 2) {
          kept.push(current);
          current = { keys: [], versions: [], max: 0n };
        }
        current.keys.push(keys[i]!);
        current.versions.push(version);
        if (version > current.max) current.max = version;
      }
    }
    kept.push(current);
    this.chunks = kept;
  }

  /** Makes a boundary at `key`, with the version that holds there. */
  private split(key: Uint8Array): void {
    const c = this.chunkOf(key);
    const chunk = this.chunks[c]!;
    const i = lastAtMost(chunk.keys, key);
    if (compareKeys(chunk.keys[i]!, key) === 0) return;
    // A copy: the caller's memory may change.
    chunk.keys.splice(i + 1, 0, new Uint8Array(key));
    chunk.versions.splice(i + 1, 0, chunk.versions[i]!);
    if (chunk.keys.length <= CHUNK_MAX) return;
    const keys = chunk.keys.splice(CHUNK_MAX / 2);
    const versions = chunk.versions.splice(CHUNK_MAX / 2);
    chunk.max = highest(chunk.versions);
    this.chunks.splice(c + 1, 0, { keys, versions, max: highest(versions) });
  }

  /** The chunk that holds the step of `key`. */
  private chunkOf(key: Uint8Array): number {
    let low = 0;
    let high = this.chunks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (compareKeys(this.chunks[middle]!.keys[0]!, key) <= 0) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

/** The place of the last of `keys` that is at most `key`; the first is. */
function lastAtMost(keys: readonly Uint8Array[], key: Uint8Array): number {
  let low = 0;
  let high = keys.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (compareKeys(keys[middle]!, key) <= 0) low = middle;
    else high = middle - 1;
  }
  return low;
}

function highest(versions: readonly bigint[]): bigint {
  let max = 0n;
  for (const version of versions) if (version > max) max = version;
  return max;
}
