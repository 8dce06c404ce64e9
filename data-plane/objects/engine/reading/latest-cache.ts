/**
 * The latest versions that were looked at, so that a hot GET needs no SQL.
 *
 * A key with a write under way is neither served nor remembered: between the commit and its acknowledgement another reader may have seen the new state already,
 * and nobody may see the old one after that.
 */

import type { BucketId } from "#contracts";
import type { ObjectVersion } from "../port.ts";

/** About 1 KiB each: 16 MiB at most. */
const ENTRIES_MAX = 16_384;

export interface LatestCache {
  get(bucketId: BucketId, key: string): ObjectVersion | undefined;
  /** Remembers what was just read, unless a write of the key is under way. */
  set(version: ObjectVersion): void;
  /** A write of this key begins. */
  begin(bucketId: BucketId, key: string): void;
  /** It was acknowledged, refused or failed; `latest` is what it left as the latest version, if that is known. Called in the order of the commits. */
  end(bucketId: BucketId, key: string, latest?: ObjectVersion): void;
  forgetBucket(bucketId: BucketId): void;
}

export function createLatestCache(): LatestCache {
  // Insertion order is the order of use: the first entry is the one used longest ago.
  const entries = new Map<string, ObjectVersion>();
  const writing = new Map<string, number>();
  const name = (bucketId: BucketId, key: string): string => `${bucketId}/${key}`;

  const cache: LatestCache = {
    get(bucketId, key) {
      const id = name(bucketId, key);
      const version = entries.get(id);
      if (version === undefined) return undefined;
      entries.delete(id);
      entries.set(id, version);
      return version;
    },
    set(version) {
      const id = name(version.bucketId, version.key);
      if (writing.has(id)) return;
      entries.set(id, version);
      if (entries.size <= ENTRIES_MAX) return;
      for (const oldest of entries.keys()) {
        entries.delete(oldest);
        return;
      }
    },
    begin(bucketId, key) {
      const id = name(bucketId, key);
      entries.delete(id);
      writing.set(id, (writing.get(id) ?? 0) + 1);
    },
    end(bucketId, key, latest) {
      const id = name(bucketId, key);
      const left = (writing.get(id) ?? 0) - 1;
      if (left > 0) {
        writing.set(id, left);
        return;
      }
      writing.delete(id);
      if (latest !== undefined) cache.set(latest);
    },
    forgetBucket(bucketId) {
      for (const [id, version] of entries) if (version.bucketId === bucketId) entries.delete(id);
    },
  };
  return cache;
}
