/** Conformance: multipart uploads. */

import { expect, test } from "bun:test";
import {
  attributes,
  bytesOf,
  collect,
  complete,
  type EngineFixture,
  etagOf,
  freshBucket,
  NONE,
  pattern,
  put,
  putPart,
  refusal,
  remove,
  startUpload,
  text,
  textAt,
} from "./fixture.ts";

const DAY = 24 * 3_600_000;

export function uploadCases(fixture: () => EngineFixture): void {
  test("parts of any size become one object, in the order of their numbers", async () => {
    const { engine } = fixture();
    const bucketId = freshBucket();
    const upload = await engine.createUpload(bucketId, "big", {
      ...attributes({ headers: { contentType: "video/mp4" }, metadata: { a: "b" }, tags: [{ Key: "t", Value: "v" }] }),
      encryption: NONE,
      initiator: { id: "x", displayName: "x" },
      checksumAlgorithm: "CRC32",
      checksumType: "COMPOSITE",
    });
    expect(upload.attributes).toMatchObject({ checksumAlgorithm: "CRC32", checksumType: "COMPOSITE" });
    const parts = [
      [1, pattern(300_000, 1)],
      [2, pattern(10, 2)],
      [7, pattern(200_000, 3)],
      [10_000, pattern(5, 4)],
    ] as const;
    for (const [number, bytes] of [...parts].reverse()) {
      const part = await putPart(engine, upload, number, bytes);
      expect(part).toMatchObject({ partNumber: number, size: bytes.length, etag: etagOf(bytes) });
    }
    expect(await engine.head(bucketId, "big")).toBeUndefined();
    const checksum = { algorithm: "CRC32", type: "COMPOSITE", value: "AAAAAA==-4" } as const;
    const { version } = await complete(engine, upload, parts, { checksum, expectedSize: 500_015 });
    expect(version).toMatchObject({
      size: 500_015,
      partsCount: 4,
      checksum,
      headers: { contentType: "video/mp4" },
      metadata: { a: "b" },
      tags: [{ Key: "t", Value: "v" }],
      etag: "whole-4",
    });
    await fixture().reopen();
    const found = (await fixture().engine.head(bucketId, "big"))!;
    const whole = Buffer.concat(parts.map(([, bytes]) => bytes));
    expect(Buffer.compare(await bytesOf(fixture().engine, found), whole)).toBe(0);
    for (const [start, end] of [
      [299_999, 300_001],
      [299_990, 300_020],
      [300_005, 300_006],
      [500_010, 500_015],
      [250_000, 400_000],
    ] as const) {
      const range = await collect(await fixture().engine.read(found, { start, end }));
      expect(Buffer.compare(range, whole.subarray(start, end)), `${start}-${end}`).toBe(0);
      const small = await fixture().engine.readSmall(found, { start, end });
      if (small !== undefined) expect(Buffer.compare(small, whole.subarray(start, end))).toBe(0);
    }
    const summary = await fixture().engine.parts(found);
    expect(summary.map(({ partNumber, size }) => [partNumber, size])).toEqual(
      parts.map(([number, bytes]) => [number, bytes.length]),
    );
  });

  test("a part put again replaces the one before; parts that were not named are left out", async () => {
    const { engine } = fixture();
    const bucketId = freshBucket();
    const upload = await startUpload(engine, bucketId, "k");
    await putPart(engine, upload, 1, text("first"));
    await putPart(engine, upload, 1, text("FIRST"));
    await putPart(engine, upload, 2, text("left out"));
    await putPart(engine, upload, 3, text(" last"));
    const { version } = await complete(engine, upload, [
      [1, text("FIRST")],
      [3, text(" last")],
    ]);
    expect(version.partsCount).toBe(2);
    expect(await textAt(engine, bucketId, "k")).toBe("FIRST last");
  });

  test("listParts pages by number", async () => {
    const { engine } = fixture();
    const bucketId = freshBucket();
    const upload = await startUpload(engine, bucketId, "k");
    for (const number of [5, 1, 9, 3]) await putPart(engine, upload, number, text(`${number}`));
    const page = async (after: number, limit: number) => {
      const { parts, truncated } = await engine.listParts(bucketId, "k", upload.uploadId, after, limit);
      return [parts.map(({ partNumber }) => partNumber), truncated];
    };
    expect(await page(0, 1000)).toEqual([[1, 3, 5, 9], false]);
    expect(await page(0, 2)).toEqual([[1, 3], true]);
    expect(await page(3, 2)).toEqual([[5, 9], false]);
    expect(await page(9, 2)).toEqual([[], false]);
    expect(await refusal(engine.listParts(bucketId, "other", upload.uploadId, 0, 10))).toBe("NoSuchUpload");
  });

  test("what is wrong with a list of parts", async () => {
    const { engine } = fixture();
    const bucketId = freshBucket();
    const upload = await startUpload(engine, bucketId, "k");
    const [one, two] = [text("12345"), text("678")];
    await putPart(engine, upload, 1, one);
    await putPart(engine, upload, 2, two);
    const attempt = (parts: readonly (readonly [number, Uint8Array])[], changes = {}) =>
      refusal(complete(engine, upload, parts, changes));
    expect(
      await attempt([
        [2, two],
        [1, one],
      ]),
    ).toBe("InvalidPartOrder");
    expect(
      await attempt([
        [1, one],
        [1, one],
      ]),
    ).toBe("InvalidPartOrder");
    expect(
      await attempt([
        [1, one],
        [3, two],
      ]),
    ).toBe("InvalidPart");
    expect(await attempt([[1, two]])).toBe("InvalidPart");
    expect(await attempt([])).toBe("InvalidPart");
    expect(
      await attempt(
        [
          [1, one],
          [2, two],
        ],
        { minPartSize: 6 },
      ),
    ).toBe("EntityTooSmall");
    expect(
      await attempt(
        [
          [1, one],
          [2, two],
        ],
        { expectedSize: 9 },
      ),
    ).toBe("SizeMismatch");
    expect(
      await attempt(
        [
          [1, one],
          [2, two],
        ],
        { precondition: { ifMatch: "*" } },
      ),
    ).toBe("NoSuchKey");
    expect(await engine.head(bucketId, "k")).toBeUndefined();
    expect(
      await attempt(
        [
          [1, one],
          [2, two],
        ],
        { minPartSize: 5, precondition: { ifAbsent: true } },
      ),
    ).toBe("(fulfilled)");
  });

  test("completing again answers the same version while it exists, within a day", async () => {
    const { engine } = fixture();
    const bucketId = freshBucket();
    const upload = await startUpload(engine, bucketId, "k");
    const bytes = text("content");
    await putPart(engine, upload, 1, bytes);
    const parts = [[1, bytes]] as const;
    const first = await complete(engine, upload, parts, { versioning: "Enabled" });
    await put(engine, bucketId, "k", text("newer"), { versioning: "Enabled" });
    await fixture().reopen();
    const again = await complete(fixture().engine, upload, parts, { versioning: "Enabled" });
    expect(again.version.versionId).toBe(first.version.versionId);
    expect(await textAt(fixture().engine, bucketId, "k")).toBe("newer");
    expect(await refusal(complete(fixture().engine, upload, [[1, text("other")]]))).toBe("NoSuchUpload");
    expect(await refusal(putPart(fixture().engine, upload, 1, bytes))).toBe("NoSuchUpload");
    await remove(fixture().engine, bucketId, "k", { versioning: "Enabled", versionId: first.version.versionId });
    expect(await refusal(complete(fixture().engine, upload, parts))).toBe("NoSuchUpload");
  });

  test("aborted and unknown uploads", async () => {
    const { engine, advance } = fixture();
    const bucketId = freshBucket();
    const upload = await startUpload(engine, bucketId, "k");
    await putPart(engine, upload, 1, pattern(100_000));
    advance(DAY);
    expect(await engine.upload(bucketId, "k", upload.uploadId)).toMatchObject({ uploadId: upload.uploadId });
    await engine.abortUpload(bucketId, "k", upload.uploadId);
    expect(await engine.upload(bucketId, "k", upload.uploadId)).toBeUndefined();
    expect(await refusal(engine.abortUpload(bucketId, "k", upload.uploadId))).toBe("NoSuchUpload");
    expect(await refusal(putPart(engine, upload, 1, text("x")))).toBe("NoSuchUpload");
    expect(await refusal(complete(engine, upload, [[1, text("x")]]))).toBe("NoSuchUpload");
    expect(await refusal(engine.abortUpload(bucketId, "k", "nonsense"))).toBe("NoSuchUpload");
  });

  test("a multipart object that is being read stays readable after it was deleted", async () => {
    const { engine } = fixture();
    const bucketId = freshBucket();
    const upload = await startUpload(engine, bucketId, "k");
    const parts = [
      [1, pattern(300_000, 1)],
      [2, pattern(300_000, 2)],
    ] as const;
    for (const [number, bytes] of parts) await putPart(engine, upload, number, bytes);
    const { version } = await complete(engine, upload, parts);
    const reading = await engine.read(version, undefined);
    await remove(engine, bucketId, "k");
    const bytes = await collect(reading);
    expect(Buffer.compare(bytes, Buffer.concat(parts.map(([, part]) => part)))).toBe(0);
  });
}
