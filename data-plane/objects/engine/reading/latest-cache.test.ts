import { expect, test } from "bun:test";
import type { AccountId, BucketId } from "#contracts";
import type { ObjectVersion } from "../port.ts";
import { createLatestCache } from "./latest-cache.ts";

const bucketId = "b" as BucketId;

function version(key: string, etag = "e"): ObjectVersion {
  return {
    bucketId,
    key,
    versionId: "null",
    isLatest: true,
    deleteMarker: false,
    lastModified: 0,
    owner: "111122223333" as AccountId,
    size: 0,
    etag,
    headers: {},
    metadata: {},
    tags: [],
    lock: {},
    encryption: { mode: "none" },
  };
}

test("what was read is found again, until a write of the key begins", () => {
  const cache = createLatestCache();
  cache.set(version("k"));
  expect(cache.get(bucketId, "k")?.etag).toBe("e");
  cache.begin(bucketId, "k");
  expect(cache.get(bucketId, "k")).toBeUndefined();
});

test("while a write is under way nothing about the key is remembered", () => {
  const cache = createLatestCache();
  const end = cache.begin(bucketId, "k");
  cache.set(version("k", "read before the commit"));
  expect(cache.get(bucketId, "k")).toBeUndefined();
  end(version("k", "committed"));
  expect(cache.get(bucketId, "k")?.etag).toBe("committed");
});

test("of overlapping writes only the end of the last says what is the latest", () => {
  const cache = createLatestCache();
  const [end, endLater] = [cache.begin(bucketId, "k"), cache.begin(bucketId, "k")];
  end(version("k", "first"));
  expect(cache.get(bucketId, "k")).toBeUndefined();
  endLater();
  expect(cache.get(bucketId, "k")).toBeUndefined();
});

test("the cache is bounded and keeps what is in use", () => {
  const cache = createLatestCache();
  for (let index = 0; index < 50_000; index++) {
    cache.set(version(`k${index}`));
    cache.get(bucketId, "k0");
  }
  expect(cache.get(bucketId, "k0")).toBeDefined();
  expect(cache.get(bucketId, "k49999")).toBeDefined();
  expect(cache.get(bucketId, "k1")).toBeUndefined();
});

test("a forgotten bucket takes only its own entries along", () => {
  const cache = createLatestCache();
  const other = "other" as BucketId;
  cache.set(version("k"));
  cache.set({ ...version("k"), bucketId: other });
  cache.forgetBucket(bucketId);
  expect(cache.get(bucketId, "k")).toBeUndefined();
  expect(cache.get(other, "k")).toBeDefined();
});
