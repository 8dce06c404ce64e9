/** Conformance: the life of a bucket. */

import { expect, test } from "bun:test";
import {
  type EngineFixture,
  freshBucket,
  pattern,
  put,
  putPart,
  query,
  refusal,
  remove,
  startUpload,
  text,
} from "./fixture.ts";

export function bucketCases(fixture: () => EngineFixture): void {
  test("a bucket with versions or markers does not close; uploads in progress do not matter", async () => {
    const { engine } = fixture();
    const bucketId = freshBucket();
    const { version } = await put(engine, bucketId, "k", text("x"), { versioning: "Enabled" });
    expect(await refusal(engine.closeBucket(bucketId))).toBe("BucketNotEmpty");
    const marker = await remove(engine, bucketId, "k", { versioning: "Enabled" });
    await remove(engine, bucketId, "k", { versioning: "Enabled", versionId: version.versionId });
    expect(await refusal(engine.closeBucket(bucketId))).toBe("BucketNotEmpty");
    expect(await refusal(put(engine, bucketId, "still/open", text("x")))).toBe("(fulfilled)");
    await remove(engine, bucketId, "still/open");
    await remove(engine, bucketId, "k", { versioning: "Enabled", versionId: marker.versionId });
    await startUpload(engine, bucketId, "in progress");
    expect(await refusal(engine.closeBucket(bucketId))).toBe("(fulfilled)");
  });

  test("a closed bucket takes no writes until it is reopened, also across a restart", async () => {
    const bucketId = freshBucket();
    const upload = await startUpload(fixture().engine, bucketId, "u");
    await fixture().engine.closeBucket(bucketId);
    for (const round of ["before", "after"]) {
      const { engine } = fixture();
      expect(await refusal(put(engine, bucketId, "k", text("x"))), round).toBe("BucketClosed");
      expect(await refusal(put(engine, bucketId, "k", pattern(100_000)))).toBe("BucketClosed");
      expect(await refusal(remove(engine, bucketId, "k", { versioning: "Enabled" }))).toBe("BucketClosed");
      expect(await refusal(startUpload(engine, bucketId, "k"))).toBe("BucketClosed");
      expect(await refusal(putPart(engine, upload, 1, text("x")))).toBe("BucketClosed");
      if (round === "before") await fixture().reopen();
    }
    await fixture().engine.reopenBucket(bucketId);
    expect(await refusal(put(fixture().engine, bucketId, "k", text("x")))).toBe("(fulfilled)");
    expect(await refusal(putPart(fixture().engine, upload, 1, text("x")))).toBe("(fulfilled)");
  });

  test("a write that races with closing either comes before or is refused", async () => {
    const { engine } = fixture();
    for (let round = 0; round < 10; round++) {
      const bucketId = freshBucket();
      const write = () => refusal(put(engine, bucketId, "k", text("x")));
      const close = () => refusal(engine.closeBucket(bucketId));
      const [first, second] = await Promise.all(round % 2 === 0 ? [close(), write()] : [write(), close()]);
      const [closing, writing] = round % 2 === 0 ? [first, second] : [second, first];
      const expected = closing === "(fulfilled)" ? "BucketClosed" : "(fulfilled)";
      expect(writing).toBe(expected);
      expect(["(fulfilled)", "BucketNotEmpty"]).toContain(closing);
    }
  });

  test("a dropped bucket is empty and stays closed; its uploads are forgotten", async () => {
    const { engine } = fixture();
    const bucketId = freshBucket();
    const upload = await startUpload(engine, bucketId, "u");
    await putPart(engine, upload, 1, pattern(100_000));
    await engine.closeBucket(bucketId);
    await engine.dropBucket(bucketId);
    await engine.dropBucket(bucketId);
    expect(await engine.upload(bucketId, "u", upload.uploadId)).toBeUndefined();
    expect(await engine.usage(bucketId)).toEqual({ objects: 0, versions: 0, bytes: 0, uploads: 0 });
    expect(await refusal(put(engine, bucketId, "k", text("x")))).toBe("BucketClosed");
    expect(await refusal(engine.reopenBucket(bucketId))).toBe("BucketClosed");
  });

  test("dropping takes whatever is in the bucket along, and nothing else", async () => {
    const { engine } = fixture();
    const [bucketId, other] = [freshBucket(), freshBucket()];
    const keys = Array.from({ length: 620 }, (_, index) => `k${index}`);
    await Promise.all(keys.map((key) => put(engine, bucketId, key, text(key), { versioning: "Enabled" })));
    await Promise.all(keys.map((key) => remove(engine, bucketId, key, { versioning: "Enabled" })));
    await put(engine, other, "k", text("kept"));
    await engine.dropBucket(bucketId);
    expect(await engine.usage(bucketId)).toEqual({ objects: 0, versions: 0, bytes: 0, uploads: 0 });
    expect((await engine.listVersions(query(bucketId))).entries).toEqual([]);
    expect((await engine.list(query(other))).entries.map(({ key }) => key)).toEqual(["k"]);
  });
}
