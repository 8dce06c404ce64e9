import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { openWorld, type World } from "../../testing/world.ts";

let world: World;
let Bucket: string;
const KEYS = ["a", "b/1", "b/2", "b/c/3", "d", "e f", "é", "\uffff", "\u{1f600}"];
beforeAll(async () => {
  world = await openWorld();
  Bucket = await world.bucket();
  for (const key of KEYS) await world.put(Bucket, key, key);
});
afterAll(() => world.close());

describe("ListObjectsV2", () => {
  const list = (more: object = {}) => world.call("ListObjectsV2", { Bucket, ...more });

  test("keys come in the order of their UTF-8 bytes", async () => {
    const all = await list();
    expect(all.Contents?.map(({ Key }) => Key)).toEqual(KEYS);
    expect([all.KeyCount, all.IsTruncated, all.Name]).toEqual([9, false, Bucket]);
    expect(all.Contents?.[0]).toMatchObject({ Size: 1, StorageClass: "STANDARD", ChecksumAlgorithm: ["CRC64NVME"] });
    expect(all.Contents?.[0]?.Owner).toBeUndefined();
    expect((await list({ FetchOwner: true })).Contents?.[0]?.Owner?.ID).toBe("a".repeat(64));
  });

  test("keys and common prefixes count together, page by page, with an opaque token", async () => {
    const seen: (string | undefined)[] = [];
    let ContinuationToken: string | undefined;
    for (;;) {
      const page = await list({ Delimiter: "/", MaxKeys: 2, ContinuationToken });
      expect(page.KeyCount).toBeLessThanOrEqual(2);
      seen.push(
        ...(page.Contents ?? []).map(({ Key }) => Key),
        ...(page.CommonPrefixes ?? []).map(({ Prefix }) => Prefix),
      );
      if (page.IsTruncated !== true) break;
      ContinuationToken = page.NextContinuationToken;
      expect(Buffer.from(ContinuationToken!.slice(1), "base64").toString()).not.toContain(seen.at(-1)!);
    }
    expect(seen.toSorted()).toEqual(["a", "b/", "d", "e f", "é", "\uffff", "\u{1f600}"].toSorted());
  });

  test("StartAfter has no effect once there is a token", async () => {
    expect((await list({ StartAfter: "b/2" })).Contents?.[0]?.Key).toBe("b/c/3");
    const first = await list({ MaxKeys: 1 });
    const next = await list({ MaxKeys: 1, StartAfter: "\u{1f600}", ContinuationToken: first.NextContinuationToken });
    expect(next.Contents?.[0]?.Key).toBe("b/1");
  });

  test("limits and tokens that cannot be", async () => {
    expect(await list({ MaxKeys: 0 })).toMatchObject({ KeyCount: 0, IsTruncated: false, MaxKeys: 0 });
    expect((await list({ MaxKeys: 5000 })).MaxKeys).toBe(1000);
    for (const more of [
      { MaxKeys: -1 },
      { ContinuationToken: "a" },
      { ContinuationToken: "" },
      { EncodingType: "base64" },
    ]) {
      const error = await world.refused("ListObjectsV2", { Bucket, ...more } as { Bucket: string });
      expect(error.code).toBe("InvalidArgument");
    }
  });

  test("encoding-type=url", async () => {
    const page = await list({ EncodingType: "url", Prefix: "e f", StartAfter: "e " });
    expect([page.EncodingType, page.Prefix, page.StartAfter, page.Contents?.[0]?.Key]).toEqual([
      "url",
      "e+f",
      "e+",
      "e+f",
    ]);
    const grouped = await list({ EncodingType: "url", Delimiter: " " });
    expect(grouped.Delimiter).toBe("+");
    expect(grouped.CommonPrefixes).toEqual([{ Prefix: "e+" }]);
  });
});

describe("ListObjects", () => {
  const list = (more: object = {}) => world.call("ListObjects", { Bucket, ...more });

  test("NextMarker comes only with a delimiter", async () => {
    const plain = await list({ MaxKeys: 2 });
    expect([plain.IsTruncated, plain.NextMarker]).toEqual([true, undefined]);
    const grouped = await list({ MaxKeys: 2, Delimiter: "/" });
    expect([grouped.IsTruncated, grouped.NextMarker, grouped.CommonPrefixes]).toEqual([true, "b/", [{ Prefix: "b/" }]]);
    const next = await list({ MaxKeys: 2, Delimiter: "/", Marker: grouped.NextMarker });
    expect(next.Contents?.map(({ Key }) => Key)).toEqual(["d", "e f"]);
  });

  test("a marker inside a common prefix skips the whole prefix", async () => {
    const page = await list({ Delimiter: "/", Marker: "b/1" });
    expect(page.CommonPrefixes).toBeUndefined();
    expect(page.Contents?.[0]?.Key).toBe("d");
  });

  test("names the owner", async () => {
    expect((await list({ MaxKeys: 1 })).Contents?.[0]?.Owner?.ID).toBe("a".repeat(64));
  });
});

describe("ListObjectVersions", () => {
  test("pages through versions by key and version", async () => {
    const versioned = await world.bucket();
    await world.call("PutBucketVersioning", { Bucket: versioned, VersioningConfiguration: { Status: "Enabled" } });
    for (const key of ["a", "a", "a", "b"]) await world.put(versioned, key, "x");
    await world.call("DeleteObject", { Bucket: versioned, Key: "b" });
    const seen: string[] = [];
    let KeyMarker: string | undefined;
    let VersionIdMarker: string | undefined;
    for (;;) {
      const page = await world.call("ListObjectVersions", {
        Bucket: versioned,
        MaxKeys: 2,
        KeyMarker,
        VersionIdMarker,
      });
      seen.push(
        ...[...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])].map(({ Key, IsLatest }) => `${Key}${IsLatest}`),
      );
      if (page.IsTruncated !== true) break;
      ({ NextKeyMarker: KeyMarker, NextVersionIdMarker: VersionIdMarker } = page);
    }
    expect(seen.toSorted()).toEqual(["afalse", "afalse", "atrue", "bfalse", "btrue"]);
  });

  test("a version marker needs a key marker", async () => {
    const error = await world.refused("ListObjectVersions", { Bucket, VersionIdMarker: "x".repeat(32) });
    expect(error.code).toBe("InvalidArgument");
  });
});
