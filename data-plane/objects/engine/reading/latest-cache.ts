/**
 * The latest versions that were looked at, so that a hot GET needs no SQL.
 *
 * A key with a write under way is neither served nor remembered: between the commit and its acknowledgement another reader may have seen the new state already,
 * and nobody may see the old one after that.
 */

import type { BucketId } from "#contracts";
import type { ObjectVersion } from "../port.ts";

/** Entries of one generation. About 1 KiB each, two generations: 16 MiB at most. */
const GENERATION_ENTRIES = 8_192;

export interface LatestCache {
  get(bucketId: BucketId, key: string): ObjectVersion | undefined;
  /** Remembers what was just read, unless a write of the key is under way. */
  set(version: ObjectVersion): void;
  /**
   * A write of this key begins. What is returned is called in the order of the commits, when the write was acknowledged, refused or failed; `latest` is what it
   * left as the latest version, if that is known.
   */
  begin(bucketId: BucketId, key: string): (latest?: ObjectVersion) => void;
  forgetBucket(bucketId: BucketId): void;
}

export function createLatestCache(): LatestCache {
  // Two generations instead of an order of use: dropping the oldest entry of a Map one by one walks over all those dropped before.
  let young = new Map<string, ObjectVersion>();
  let old = new Map<string, ObjectVersion>();
  const writing = new Map<string, number>();
  const name = (bucketId: BucketId, key: string): string => `${bucketId}/${key}`;
  const remember = (id: string, version: ObjectVersion): void => {
    young.set(id, version);
    if (young.size < GENERATION_ENTRIES) return;
    old = young;
    young = new Map();
  };

  return {
    get(bucketId, key) {
      const id = name(bucketId, key);
      const version = young.get(id);
      if (version !== undefined) return version;
      const older = old.get(id);
      if (older !== undefined) remember(id, older);
      return older;
    },
    set(version) {
      const id = name(version.bucketId, version.key);
      if (!writing.has(id)) remember(id, version);
    },
    begin(bucketId, key) {
      // The name is made once for a write: joining and hashing it costs more than looking it up.
      const id = name(bucketId, key);
      young.delete(id);
      old.delete(id);
      writing.set(id, (writing.get(id) ?? 0) + 1);
      return (latest) => {
        const left = (writing.get(id) ?? 0) - 1;
        if (left > 0) {
          writing.set(id, left);
          return;
        }
        writing.delete(id);
        if (latest !== undefined) remember(id, latest);
      };
    },
    forgetBucket(bucketId) {
      for (const generation of [young, old]) {
        for (const [id, version] of generation) if (version.bucketId === bucketId) generation.delete(id);
      }
    },
  };
}
