import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { openWorld, type World } from "../../testing/world.ts";

let world: World;
let Bucket: string;
let CopySource: string;
beforeAll(async () => {
  world = await openWorld();
  Bucket = await world.bucket();
  CopySource = `${Bucket}/source%20key`;
  await world.put(Bucket, "source key", "hello", {
    ContentType: "text/plain",
    Metadata: { a: "1" },
    Tagging: "t=1",
    StorageClass: "STANDARD_IA",
  });
});
afterAll(() => world.close());
const tags = async (Key: string) => (await world.call("GetObjectTagging", { Bucket, Key })).TagSet;

describe("CopyObject", () => {
  test("copies bytes, headers, metadata and tags, but not the storage class", async () => {
    const copied = await world.call("CopyObject", { Bucket, Key: "copy", CopySource });
    expect(copied.CopyObjectResult?.ETag).toBe('"5d41402abc4b2a76b9719d911017c592"');
    expect(await world.text(Bucket, "copy")).toBe("hello");
    const head = await world.call("HeadObject", { Bucket, Key: "copy" });
    expect(head).toMatchObject({ ContentType: "text/plain", Metadata: { a: "1" } });
    expect(head.StorageClass).toBeUndefined();
    expect(await tags("copy")).toEqual([{ Key: "t", Value: "1" }]);
  });

  test("COPY ignores what is sent, REPLACE takes only what is sent", async () => {
    await world.call("CopyObject", {
      Bucket,
      Key: "c1",
      CopySource,
      Metadata: { b: "2" },
      ContentType: "x/y",
      Tagging: "u=2",
    });
    expect(await world.call("HeadObject", { Bucket, Key: "c1" })).toMatchObject({
      ContentType: "text/plain",
      Metadata: { a: "1" },
    });
    expect(await tags("c1")).toEqual([{ Key: "t", Value: "1" }]);
    await world.call("CopyObject", {
      Bucket,
      Key: "c2",
      CopySource,
      MetadataDirective: "REPLACE",
      TaggingDirective: "REPLACE",
      Metadata: { b: "2" },
      Tagging: "u=2",
    });
    expect(await world.call("HeadObject", { Bucket, Key: "c2" })).toMatchObject({
      ContentType: "binary/octet-stream",
      Metadata: { b: "2" },
    });
    expect(await tags("c2")).toEqual([{ Key: "u", Value: "2" }]);
  });

  test("onto itself only with a change", async () => {
    const self = { Bucket, Key: "source key", CopySource };
    const refused = await world.refused("CopyObject", self);
    expect([refused.code, refused.message]).toEqual([
      "InvalidRequest",
      "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.",
    ]);
    await world.call("CopyObject", {
      ...self,
      MetadataDirective: "REPLACE",
      Metadata: { a: "1" },
      ContentType: "text/plain",
    });
    expect(await world.text(Bucket, "source key")).toBe("hello");
  });

  test("conditions on the source, all refused with 412", async () => {
    const past = new Date(world.now() - 10_000);
    for (const condition of [
      { CopySourceIfMatch: "x" },
      { CopySourceIfNoneMatch: "5d41402abc4b2a76b9719d911017c592" },
      { CopySourceIfUnmodifiedSince: past },
      { CopySourceIfModifiedSince: new Date(world.now()) },
    ]) {
      const error = await world.refused("CopyObject", { Bucket, Key: "c", CopySource, ...condition });
      expect(error).toMatchObject({ code: "PreconditionFailed", statusCode: 412 });
    }
    const mixed = { CopySourceIfMatch: "5d41402abc4b2a76b9719d911017c592", CopySourceIfUnmodifiedSince: past };
    await world.call("CopyObject", { Bucket, Key: "c", CopySource, ...mixed });
  });

  test("a version may be named, and its id comes back; a marker may not", async () => {
    const versioned = await world.bucket();
    await world.call("PutBucketVersioning", { Bucket: versioned, VersioningConfiguration: { Status: "Enabled" } });
    const first = await world.put(versioned, "k", "old");
    await world.put(versioned, "k", "new");
    const source = `${versioned}/k?versionId=${first.VersionId}`;
    const copied = await world.call("CopyObject", { Bucket: versioned, Key: "k", CopySource: source });
    expect(copied.CopySourceVersionId).toBe(first.VersionId);
    expect(await world.text(versioned, "k")).toBe("old");
    const { VersionId } = await world.call("DeleteObject", { Bucket: versioned, Key: "k" });
    const marker = await world.refused("CopyObject", {
      Bucket,
      Key: "x",
      CopySource: `${versioned}/k?versionId=${VersionId}`,
    });
    expect(marker).toMatchObject({ code: "InvalidRequest", statusCode: 400 });
    expect((await world.refused("CopyObject", { Bucket, Key: "x", CopySource: `${versioned}/k` })).code).toBe(
      "NoSuchKey",
    );
  });

  test("the caller must be allowed to read the source", async () => {
    const writer = world.user("writer", [{ Effect: "Allow", Action: "s3:PutObject", Resource: "*" }]);
    expect((await world.refused("CopyObject", { Bucket, Key: "x", CopySource }, { as: writer })).code).toBe(
      "AccessDenied",
    );
    const reader = world.user("reader", [{ Effect: "Allow", Action: ["s3:PutObject", "s3:GetObject"], Resource: "*" }]);
    // The tags go along, and they may not be read.
    const tagged = await world.refused("CopyObject", { Bucket, Key: "x", CopySource }, { as: reader });
    expect(tagged.message).toContain("s3:GetObjectTagging");
  });

  test("refuses sources that are none", async () => {
    expect((await world.refused("CopyObject", { Bucket, Key: "x", CopySource: "nothing" })).code).toBe(
      "InvalidArgument",
    );
    expect((await world.refused("CopyObject", { Bucket, Key: "x", CopySource: "nowhere/k" })).code).toBe(
      "NoSuchBucket",
    );
    expect((await world.refused("CopyObject", { Bucket, Key: "x", CopySource: `${Bucket}/none` })).code).toBe(
      "NoSuchKey",
    );
    const bad = { Bucket, Key: "x", CopySource, MetadataDirective: JSON.parse(`"MERGE"`) };
    expect((await world.refused("CopyObject", bad)).code).toBe("InvalidArgument");
  });
});
