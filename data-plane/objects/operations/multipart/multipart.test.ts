import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import type { S3 } from "#foundation/aws";
import { computeChecksum } from "#foundation/aws/checksums";
import { bytesOf, openWorld, type World } from "../../testing/world.ts";
import { PART_BYTES_MIN } from "./complete-upload.ts";

let world: World;
let Bucket: string;
beforeAll(async () => {
  world = await openWorld();
  Bucket = await world.bucket();
});
afterAll(() => world.close());

const first = Buffer.alloc(PART_BYTES_MIN, "first ");
const last = Buffer.from("the end");
const whole = Buffer.concat([first, last]);
const md5 = (bytes: Uint8Array) => createHash("md5").update(bytes).digest();

const create = async (Key: string, more: Partial<S3.CreateMultipartUploadRequest> = {}) =>
  (await world.call("CreateMultipartUpload", { Bucket, Key, ...more })).UploadId!;
const part = (
  Key: string,
  UploadId: string,
  PartNumber: number,
  body: Uint8Array,
  more: Partial<S3.UploadPartRequest> = {},
) => world.call("UploadPart", { Bucket, Key, UploadId, PartNumber, ...more }, { body });
const complete = (
  Key: string,
  UploadId: string,
  Parts: S3.CompletedPart[],
  more: Partial<S3.CompleteMultipartUploadRequest> = {},
) => world.call("CompleteMultipartUpload", { Bucket, Key, UploadId, MultipartUpload: { Parts }, ...more });
const refuseComplete = (
  Key: string,
  UploadId: string,
  Parts: S3.CompletedPart[],
  more: Partial<S3.CompleteMultipartUploadRequest> = {},
) => world.refused("CompleteMultipartUpload", { Bucket, Key, UploadId, MultipartUpload: { Parts }, ...more });

describe("an upload in parts", () => {
  test("becomes one object with the ETag of its parts and a CRC64NVME of all bytes", async () => {
    const UploadId = await create("plain", { ContentType: "text/plain", Metadata: { a: "1" } });
    const one = await part("plain", UploadId, 1, first);
    const two = await part("plain", UploadId, 2, last);
    // ETags are taken without their quotes too.
    const done = await complete("plain", UploadId, [
      { PartNumber: 1, ETag: one.ETag?.replaceAll('"', "") },
      { PartNumber: 2, ETag: two.ETag },
    ]);
    const etag = createHash("md5").update(md5(first)).update(md5(last)).digest("hex");
    expect(done).toMatchObject({
      ETag: `"${etag}-2"`,
      Location: `http://127.0.0.1:4566/${Bucket}/plain`,
      ChecksumCRC64NVME: computeChecksum("CRC64NVME", whole),
      ChecksumType: "FULL_OBJECT",
    });
    const got = await world.call("GetObject", { Bucket, Key: "plain" });
    expect(got).toMatchObject({ ContentType: "text/plain", Metadata: { a: "1" } });
    expect(Buffer.compare(await bytesOf(got.Body), whole)).toBe(0);
  });

  test("copied, it is one piece with a plain MD5", async () => {
    const copied = await world.call("CopyObject", { Bucket, Key: "copy of plain", CopySource: `${Bucket}/plain` });
    expect(copied.CopyObjectResult).toMatchObject({
      ETag: `"${md5(whole).toString("hex")}"`,
      ChecksumCRC64NVME: computeChecksum("CRC64NVME", whole),
    });
  });

  test("can be read part by part", async () => {
    const got = await world.call("GetObject", { Bucket, Key: "plain", PartNumber: 2 });
    expect((await bytesOf(got.Body)).toString()).toBe("the end");
    expect([got.PartsCount, got.ContentRange]).toEqual([
      2,
      `bytes ${first.length}-${whole.length - 1}/${whole.length}`,
    ]);
    const beyond = await world.refused("HeadObject", { Bucket, Key: "plain", PartNumber: 3 });
    expect(beyond).toMatchObject({
      code: "InvalidPartNumber",
      statusCode: 416,
      fields: { ActualPartCount: 2, PartNumberRequested: 3 },
    });
  });

  test("completing again answers the same; then the upload is unknown", async () => {
    const UploadId = await create("again");
    const { ETag } = await part("again", UploadId, 1, last);
    const done = await complete("again", UploadId, [{ PartNumber: 1, ETag }]);
    expect(done.ETag).toEndWith('-1"');
    expect(await complete("again", UploadId, [{ PartNumber: 1, ETag }])).toEqual(done);
    expect((await world.refused("ListParts", { Bucket, Key: "again", UploadId })).code).toBe("NoSuchUpload");
    expect((await world.refused("AbortMultipartUpload", { Bucket, Key: "again", UploadId })).code).toBe("NoSuchUpload");
  });

  test("a part sent again replaces the first; parts come listed and paged", async () => {
    const UploadId = await create("replaced");
    await part("replaced", UploadId, 1, first);
    const again = await part("replaced", UploadId, 1, last);
    await part("replaced", UploadId, 3, last);
    const page = await world.call("ListParts", { Bucket, Key: "replaced", UploadId, MaxParts: 1 });
    expect(page).toMatchObject({
      IsTruncated: true,
      NextPartNumberMarker: "1",
      Parts: [{ PartNumber: 1, Size: 7, ETag: again.ETag }],
    });
    const rest = await world.call("ListParts", { Bucket, Key: "replaced", UploadId, PartNumberMarker: "1" });
    expect(rest.Parts?.map(({ PartNumber }) => PartNumber)).toEqual([3]);
    await world.call("AbortMultipartUpload", { Bucket, Key: "replaced", UploadId });
    expect(
      (await world.refused("UploadPart", { Bucket, Key: "replaced", UploadId, PartNumber: 1 }, { body: "x" })).code,
    ).toBe("NoSuchUpload");
  });
});

describe("completion refuses", () => {
  test("small parts, wrong order, wrong ETags, missing parts, wrong sizes", async () => {
    const UploadId = await create("bad");
    const one = await part("bad", UploadId, 1, last);
    const two = await part("bad", UploadId, 2, last);
    const small = await refuseComplete("bad", UploadId, [
      { PartNumber: 1, ETag: one.ETag },
      { PartNumber: 2, ETag: two.ETag },
    ]);
    expect(small).toMatchObject({
      code: "EntityTooSmall",
      fields: { ProposedSize: 7, MinSizeAllowed: PART_BYTES_MIN, PartNumber: 1 },
    });
    const order = [
      { PartNumber: 2, ETag: two.ETag },
      { PartNumber: 1, ETag: one.ETag },
    ];
    expect((await refuseComplete("bad", UploadId, order)).code).toBe("InvalidPartOrder");
    expect((await refuseComplete("bad", UploadId, [{ PartNumber: 1, ETag: "no digest" }])).code).toBe("InvalidPart");
    expect((await refuseComplete("bad", UploadId, [{ PartNumber: 9, ETag: one.ETag }])).code).toBe("InvalidPart");
    expect((await refuseComplete("bad", UploadId, [])).code).toBe("InvalidRequest");
    const size = await refuseComplete("bad", UploadId, [{ PartNumber: 1, ETag: one.ETag }], { MpuObjectSize: 8 });
    expect(size.code).toBe("InvalidRequest");
    await world.put(Bucket, "bad", "already here");
    const exists = await refuseComplete("bad", UploadId, [{ PartNumber: 1, ETag: one.ETag }], { IfNoneMatch: "*" });
    expect(exists).toMatchObject({ code: "PreconditionFailed", statusCode: 412 });
    await complete("bad", UploadId, [{ PartNumber: 1, ETag: one.ETag }], { MpuObjectSize: 7 });
    expect(await world.text(Bucket, "bad")).toBe("the end");
  });

  test("part numbers outside 1 … 10000", async () => {
    const UploadId = await create("numbers");
    for (const PartNumber of [0, 10_001, 1.5]) {
      const error = await world.refused("UploadPart", { Bucket, Key: "numbers", UploadId, PartNumber }, { body: "x" });
      expect(error.code).toBe("InvalidArgument");
    }
  });
});

describe("checksums", () => {
  test("a composite is made of the parts' checksums, each of which must be named", async () => {
    const UploadId = await create("composite", { ChecksumAlgorithm: "SHA256" });
    const sums = [first, last].map((body) => computeChecksum("SHA256", body));
    const one = await part("composite", UploadId, 1, first, { ChecksumSHA256: sums[0] });
    expect(one.ChecksumSHA256).toBe(sums[0]);
    const two = await part("composite", UploadId, 2, last, { ChecksumSHA256: sums[1] });
    const bare = [
      { PartNumber: 1, ETag: one.ETag },
      { PartNumber: 2, ETag: two.ETag },
    ];
    expect((await refuseComplete("composite", UploadId, bare)).message).toContain("It was missing for part 1");
    const swapped = bare.map((entry, index) => ({ ...entry, ChecksumSHA256: sums[1 - index] }));
    expect((await refuseComplete("composite", UploadId, swapped)).code).toBe("InvalidPart");
    const named = bare.map((entry, index) => ({ ...entry, ChecksumSHA256: sums[index] }));
    const raw = Buffer.concat(sums.map((sum) => Buffer.from(sum, "base64")));
    const value = `${computeChecksum("SHA256", raw)}-2`;
    expect((await refuseComplete("composite", UploadId, named, { ChecksumType: "FULL_OBJECT" })).code).toBe(
      "InvalidRequest",
    );
    const wrong = await refuseComplete("composite", UploadId, named, { ChecksumSHA256: sums[0] });
    expect(wrong.code).toBe("BadDigest");
    expect(await complete("composite", UploadId, named, { ChecksumSHA256: value })).toMatchObject({
      ChecksumSHA256: value,
      ChecksumType: "COMPOSITE",
    });
    const attributes = await world.call("GetObjectAttributes", {
      Bucket,
      Key: "composite",
      ObjectAttributes: ["ObjectParts", "ETag", "Checksum"],
    });
    expect(attributes.ObjectParts).toMatchObject({
      TotalPartsCount: 2,
      Parts: [
        { PartNumber: 1, ChecksumSHA256: sums[0] },
        { PartNumber: 2, Size: 7 },
      ],
    });
  });

  test("composites of every algorithm that is no CRC", async () => {
    await world.put(Bucket, "composite-source", last);
    for (const algorithm of ["SHA512", "MD5", "XXHASH64", "XXHASH3", "XXHASH128"] as const) {
      const Key = `composite/${algorithm}`;
      const member = `Checksum${algorithm}` as const;
      const UploadId = await create(Key, { ChecksumAlgorithm: algorithm });
      const sum = computeChecksum(algorithm, last);
      const one = await part(Key, UploadId, 1, last, { [member]: sum });
      expect(one[member]).toBe(sum);
      expect((await world.call("ListParts", { Bucket, Key, UploadId })).Parts?.[0]?.[member]).toBe(sum);
      const copied = await world.call("UploadPartCopy", {
        Bucket,
        Key,
        UploadId,
        PartNumber: 1,
        CopySource: `${Bucket}/composite-source`,
      });
      expect(copied.CopyPartResult?.[member]).toBe(sum);
      const value = `${computeChecksum(algorithm, Buffer.from(sum, "base64"))}-1`;
      const named = [{ PartNumber: 1, ETag: one.ETag, [member]: sum }];
      expect((await refuseComplete(Key, UploadId, named, { [member]: `${sum}-1` })).code).toBe("BadDigest");
      expect(await complete(Key, UploadId, named, { [member]: value })).toMatchObject({
        [member]: value,
        ChecksumType: "COMPOSITE",
      });
      const copy = { Bucket, Key: `${Key}/copy`, CopySource: `${Bucket}/${Key}`, ChecksumAlgorithm: algorithm };
      expect((await world.call("CopyObject", copy)).CopyObjectResult).toMatchObject({
        [member]: sum,
        ChecksumType: "FULL_OBJECT",
      });
    }
  });

  test("a full-object CRC is that of all bytes", async () => {
    const UploadId = await create("full", { ChecksumAlgorithm: "CRC32", ChecksumType: "FULL_OBJECT" });
    const one = await part("full", UploadId, 1, first, { ChecksumCRC32: computeChecksum("CRC32", first) });
    const two = await part("full", UploadId, 2, last, { ChecksumCRC32: computeChecksum("CRC32", last) });
    const done = await complete("full", UploadId, [
      { PartNumber: 1, ETag: one.ETag },
      { PartNumber: 2, ETag: two.ETag },
    ]);
    expect(done).toMatchObject({ ChecksumCRC32: computeChecksum("CRC32", whole), ChecksumType: "FULL_OBJECT" });
  });

  test("a part with another algorithm, or a wrong value, is refused", async () => {
    const UploadId = await create("mixed", { ChecksumAlgorithm: "SHA256" });
    const other = { Bucket, Key: "mixed", UploadId, PartNumber: 1, ChecksumCRC32: computeChecksum("CRC32", last) };
    const error = await world.refused("UploadPart", other, { body: last });
    expect(error.message).toBe(
      "Checksum Type mismatch occurred, expected checksum Type: sha256, actual checksum Type: crc32",
    );
    const wrong = { Bucket, Key: "mixed", UploadId, PartNumber: 1, ChecksumSHA256: computeChecksum("SHA256", first) };
    expect((await world.refused("UploadPart", wrong, { body: last })).code).toBe("BadDigest");
    expect((await world.call("ListParts", { Bucket, Key: "mixed", UploadId })).Parts).toBeUndefined();
  });
});

describe("UploadPartCopy", () => {
  test("takes exactly bytes=first-last of the source", async () => {
    await world.put(Bucket, "source", "0123456789");
    const UploadId = await create("copied");
    const copy = (CopySourceRange?: string, CopySource = `${Bucket}/source`) => ({
      Bucket,
      Key: "copied",
      UploadId,
      PartNumber: 1,
      CopySource,
      CopySourceRange,
    });
    const copied = await world.call("UploadPartCopy", copy("bytes=2-4"));
    expect(copied.CopyPartResult?.ETag).toBe(`"${md5(Buffer.from("234")).toString("hex")}"`);
    await complete("copied", UploadId, [{ PartNumber: 1, ETag: copied.CopyPartResult?.ETag }]);
    expect(await world.text(Bucket, "copied")).toBe("234");
    const next = await create("copied");
    for (const range of ["bytes=2-", "bytes=-1", "2-4", "bytes=5-10"]) {
      expect((await world.refused("UploadPartCopy", { ...copy(range), UploadId: next })).code).toBe("InvalidArgument");
    }
    await world.put(Bucket, "nothing", "");
    expect(
      (await world.refused("UploadPartCopy", { ...copy(undefined, `${Bucket}/nothing`), UploadId: next })).statusCode,
    ).toBe(400);
  });
});

test("ListMultipartUploads goes by key, then by time", async () => {
  const own = await world.bucket();
  const start = (Key: string) => world.call("CreateMultipartUpload", { Bucket: own, Key });
  const b1 = await start("b");
  const a = await start("a/1");
  const b2 = await start("b");
  const list = await world.call("ListMultipartUploads", { Bucket: own });
  expect(list.Uploads?.map(({ UploadId }) => UploadId)).toEqual([a.UploadId, b1.UploadId, b2.UploadId]);
  const page = await world.call("ListMultipartUploads", { Bucket: own, MaxUploads: 2 });
  expect([page.IsTruncated, page.NextKeyMarker, page.NextUploadIdMarker]).toEqual([true, "b", b1.UploadId]);
  const rest = await world.call("ListMultipartUploads", { Bucket: own, KeyMarker: "b", UploadIdMarker: b1.UploadId });
  expect(rest.Uploads?.map(({ UploadId }) => UploadId)).toEqual([b2.UploadId]);
  const grouped = await world.call("ListMultipartUploads", { Bucket: own, Delimiter: "/" });
  expect(grouped.CommonPrefixes).toEqual([{ Prefix: "a/" }]);
  // Uploads in progress do not keep a bucket from being deleted.
  await world.call("DeleteBucket", { Bucket: own });
});

test("parts of an SSE-C upload come with its key", async () => {
  const key = Buffer.alloc(32, 9);
  const headers = {
    SSECustomerAlgorithm: "AES256",
    SSECustomerKey: key.toString("base64"),
    SSECustomerKeyMD5: md5(key).toString("base64"),
  };
  const UploadId = await create("sealed", headers);
  const bare = { Bucket, Key: "sealed", UploadId, PartNumber: 1 };
  expect((await world.refused("UploadPart", bare, { body: "x" })).message).toContain(
    "appropriate encryption parameters",
  );
  const one = await part("sealed", UploadId, 1, last, headers);
  await complete("sealed", UploadId, [{ PartNumber: 1, ETag: one.ETag }]);
  expect(await world.text(Bucket, "sealed", headers)).toBe("the end");
  expect((await world.refused("GetObject", { Bucket, Key: "sealed" })).statusCode).toBe(400);
});
