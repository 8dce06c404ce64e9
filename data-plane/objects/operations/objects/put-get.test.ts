import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { checksumAlgorithms, computeChecksum } from "#foundation/aws/checksums";
import { ANONYMOUS, bytesOf, openWorld, type World } from "../../testing/world.ts";

let world: World;
let Bucket: string;
beforeAll(async () => {
  world = await openWorld();
  Bucket = await world.bucket();
});
afterAll(() => world.close());
const md5 = (text: string | Uint8Array) => createHash("md5").update(text).digest();

describe("PutObject", () => {
  test("stores bytes, type and metadata, and answers the MD5 and the default checksum", async () => {
    const put = await world.put(Bucket, "a/b", "hello", {
      ContentType: "text/plain",
      Metadata: { Color: "größe" },
      CacheControl: "no-cache",
      ExpiresString: "next tuesday",
    });
    expect(put).toEqual({
      ETag: `"${md5("hello").toString("hex")}"`,
      ChecksumCRC64NVME: computeChecksum("CRC64NVME", Buffer.from("hello")),
      ChecksumType: "FULL_OBJECT",
    });
    const { Body, ...got } = await world.call("GetObject", { Bucket, Key: "a/b" });
    expect((await bytesOf(Body)).toString()).toBe("hello");
    expect(got).toEqual({
      AcceptRanges: "bytes",
      LastModified: new Date(world.now()),
      ContentLength: 5,
      ETag: put.ETag,
      ContentType: "text/plain",
      CacheControl: "no-cache",
      ExpiresString: "next tuesday",
      Metadata: { color: "=?UTF-8?B?Z3LDtsOfZQ==?=" },
    });
  });

  test("the type of an object without one is binary/octet-stream", async () => {
    await world.put(Bucket, "untyped", "x");
    expect((await world.call("HeadObject", { Bucket, Key: "untyped" })).ContentType).toBe("binary/octet-stream");
  });

  test("keys that file systems stumble over are keys of their own", async () => {
    const keys = [".", "..", "//", "/a", "a/", "a//b", "../../etc/passwd", "\u0001", "a\nb", "\u{1f600}", "\uffff"];
    for (const key of keys) await world.put(Bucket, key, `body of ${key}`);
    for (const key of keys) expect(await world.text(Bucket, key)).toBe(`body of ${key}`);
  });

  test("wrong digests are refused and leave nothing behind", async () => {
    const wrong = md5("other").toString("base64");
    const refused = await world.refused("PutObject", { Bucket, Key: "bad", ContentMD5: wrong }, { body: "hello" });
    expect(refused).toMatchObject({ code: "BadDigest", statusCode: 400 });
    const malformed = await world.refused("PutObject", { Bucket, Key: "bad", ContentMD5: "x" }, { body: "hello" });
    expect(malformed.code).toBe("InvalidDigest");
    const checksum = computeChecksum("SHA256", Buffer.from("other"));
    expect(
      (await world.refused("PutObject", { Bucket, Key: "bad", ChecksumSHA256: checksum }, { body: "hello" })).code,
    ).toBe("BadDigest");
    expect((await world.refused("GetObject", { Bucket, Key: "bad" })).code).toBe("NoSuchKey");
  });

  test("checksums of the client are kept, also from a trailer", async () => {
    const value = computeChecksum("SHA1", Buffer.from("hello"));
    await world.put(Bucket, "sum", "hello", { ChecksumSHA1: value, ChecksumAlgorithm: "SHA1" });
    const head = await world.call("HeadObject", { Bucket, Key: "sum", ChecksumMode: "ENABLED" });
    expect(head).toMatchObject({ ChecksumSHA1: value, ChecksumType: "FULL_OBJECT" });
    expect((await world.call("HeadObject", { Bucket, Key: "sum" })).ChecksumSHA1).toBeUndefined();

    const crc = computeChecksum("CRC32C", Buffer.from("hello"));
    const trailed = { body: "hello", headers: { "x-amz-trailer": "x-amz-checksum-crc32c" } };
    const trailers = new Map([["x-amz-checksum-crc32c", crc]]);
    const put = await world.call("PutObject", { Bucket, Key: "trailed" }, { ...trailed, trailers });
    expect(put.ChecksumCRC32C).toBe(crc);
    const lying = new Map([["x-amz-checksum-crc32c", computeChecksum("CRC32C", Buffer.from("other"))]]);
    expect((await world.refused("PutObject", { Bucket, Key: "trailed" }, { ...trailed, trailers: lying })).code).toBe(
      "BadDigest",
    );
  });

  test("conditional writes", async () => {
    await world.put(Bucket, "cond", "1");
    const exists = await world.refused("PutObject", { Bucket, Key: "cond", IfNoneMatch: "*" }, { body: "2" });
    expect(exists).toMatchObject({
      code: "PreconditionFailed",
      statusCode: 412,
      fields: { Condition: "If-None-Match" },
    });
    await world.put(Bucket, "cond-new", "1", { IfNoneMatch: "*" });
    const etag = md5("1").toString("hex");
    await world.put(Bucket, "cond", "2", { IfMatch: `"${etag}"` });
    const stale = await world.refused("PutObject", { Bucket, Key: "cond", IfMatch: `"${etag}"` }, { body: "3" });
    expect(stale).toMatchObject({ code: "PreconditionFailed", fields: { Condition: "If-Match" } });
    const missing = await world.refused("PutObject", { Bucket, Key: "cond-gone", IfMatch: etag }, { body: "3" });
    expect(missing).toMatchObject({ code: "NoSuchKey", statusCode: 404 });
    const other = await world.refused("PutObject", { Bucket, Key: "cond", IfNoneMatch: etag }, { body: "3" });
    expect(other).toMatchObject({ code: "NotImplemented", statusCode: 501 });
  });

  test("a body in many chunks comes back byte for byte", async () => {
    const body = Buffer.alloc(3_000_001, "0123456789abcdef!");
    const put = await world.put(Bucket, "large", body);
    expect(put.ETag).toBe(`"${md5(body).toString("hex")}"`);
    const got = await world.call("GetObject", { Bucket, Key: "large" });
    expect(Buffer.compare(await bytesOf(got.Body), body)).toBe(0);
  });

  test("refuses buckets that do not exist and owners that are not expected", async () => {
    expect(await world.refused("PutObject", { Bucket: "nowhere", Key: "k" }, { body: "x" })).toMatchObject({
      code: "NoSuchBucket",
      statusCode: 404,
    });
    const input = { Bucket, Key: "k", ExpectedBucketOwner: "999999999999" };
    expect((await world.refused("PutObject", input, { body: "x" })).code).toBe("AccessDenied");
  });

  test("every algorithm of the model is computed, compared, kept and answered", async () => {
    for (const algorithm of checksumAlgorithms) {
      const member = `Checksum${algorithm}` as const;
      const Key = `checked/${algorithm}`;
      const right = { [member]: computeChecksum(algorithm, Buffer.from("hello")) };
      const wrong = { [member]: computeChecksum(algorithm, Buffer.from("other")) };
      expect(await world.put(Bucket, Key, "hello", right)).toMatchObject({ ...right, ChecksumType: "FULL_OBJECT" });
      expect((await world.refused("PutObject", { Bucket, Key, ...wrong }, { body: "hello" })).code).toBe("BadDigest");
      const head = await world.call("HeadObject", { Bucket, Key, ChecksumMode: "ENABLED" });
      expect(head).toMatchObject({ ...right, ChecksumType: "FULL_OBJECT" });
      const attributes = await world.call("GetObjectAttributes", { Bucket, Key, ObjectAttributes: ["Checksum"] });
      expect(attributes.Checksum).toEqual({ ...right, ChecksumType: "FULL_OBJECT" });
      const listed = await world.call("ListObjectsV2", { Bucket, Prefix: Key });
      expect(listed.Contents?.[0]?.ChecksumAlgorithm).toEqual([algorithm]);
    }
  });
});

describe("GetObject", () => {
  test("ranges", async () => {
    await world.put(Bucket, "range", "0123456789");
    const range = async (Range: string) => {
      const got = await world.call("GetObject", { Bucket, Key: "range", Range });
      return [(await bytesOf(got.Body)).toString(), got.ContentRange, got.ContentLength];
    };
    expect(await range("bytes=2-4")).toEqual(["234", "bytes 2-4/10", 3]);
    expect(await range("bytes=7-")).toEqual(["789", "bytes 7-9/10", 3]);
    expect(await range("bytes=-2")).toEqual(["89", "bytes 8-9/10", 2]);
    expect(await range("bytes=0-1,4-5")).toEqual(["0123456789", undefined, 10]);
    expect(await range("nonsense")).toEqual(["0123456789", undefined, 10]);
    const beyond = await world.refused("GetObject", { Bucket, Key: "range", Range: "bytes=10-" });
    expect(beyond).toMatchObject({
      code: "InvalidRange",
      statusCode: 416,
      fields: { RangeRequested: "bytes=10-", ActualObjectSize: 10 },
    });
    await world.put(Bucket, "empty", "");
    expect((await world.refused("GetObject", { Bucket, Key: "empty", Range: "bytes=0-0" })).statusCode).toBe(416);
    expect(await world.text(Bucket, "empty")).toBe("");
  });

  test("checksums are not answered with a range", async () => {
    const whole = await world.call("GetObject", { Bucket, Key: "range", ChecksumMode: "ENABLED" });
    expect(whole.ChecksumCRC64NVME).toBeDefined();
    const part = await world.call("GetObject", { Bucket, Key: "range", ChecksumMode: "ENABLED", Range: "bytes=0-1" });
    expect(part.ChecksumCRC64NVME).toBeUndefined();
  });

  test("part number 1 of an object in one piece is the whole, and there is no other", async () => {
    const got = await world.call("GetObject", { Bucket, Key: "range", PartNumber: 1 });
    expect([got.ContentRange, got.PartsCount]).toEqual(["bytes 0-9/10", undefined]);
    expect(await world.refused("GetObject", { Bucket, Key: "range", PartNumber: 2 })).toMatchObject({
      code: "InvalidPartNumber",
      statusCode: 416,
    });
    expect((await world.refused("GetObject", { Bucket, Key: "range", PartNumber: 1, Range: "bytes=0-1" })).code).toBe(
      "InvalidRequest",
    );
    expect((await world.refused("GetObject", { Bucket, Key: "range", PartNumber: 0 })).code).toBe("InvalidArgument");
  });

  test("conditional reads: 304 keeps what a cache needs, a missing key is 404", async () => {
    await world.put(Bucket, "cached", "x", { CacheControl: "max-age=1" });
    const etag = `"${md5("x").toString("hex")}"`;
    const fresh = await world.refused("GetObject", { Bucket, Key: "cached", IfNoneMatch: etag });
    expect([fresh.code, fresh.statusCode]).toEqual(["NotModified", 304]);
    expect(fresh.headers.map(([name]) => name)).toEqual(["etag", "last-modified", "cache-control"]);
    const failed = await world.refused("GetObject", { Bucket, Key: "cached", IfMatch: '"no"' });
    expect(failed).toMatchObject({ code: "PreconditionFailed", statusCode: 412 });
    expect((await world.refused("GetObject", { Bucket, Key: "nothing", IfMatch: '"no"' })).code).toBe("NoSuchKey");
  });

  test("response headers may be changed by a signed request only", async () => {
    const input = { Bucket, Key: "cached", ResponseContentType: "text/css", ResponseCacheControl: "private" };
    expect(await world.call("GetObject", input)).toMatchObject({ ContentType: "text/css", CacheControl: "private" });
    const open = await world.bucket();
    await world.put(open, "cached", "x");
    const Statement = [{ Effect: "Allow", Principal: "*", Action: "s3:GetObject", Resource: `arn:aws:s3:::${open}/*` }];
    world.planes.configure(open, {
      policy: JSON.stringify({ Version: "2012-10-17", Statement }),
      publicAccessBlock: undefined,
    });
    await world.call("GetObject", { Bucket: open, Key: "cached" }, { as: ANONYMOUS });
    const refused = await world.refused("GetObject", { ...input, Bucket: open }, { as: ANONYMOUS });
    expect(refused).toMatchObject({ code: "InvalidRequest", statusCode: 400 });
  });
});

describe("customer-provided keys", () => {
  const key = Buffer.alloc(32, 3);
  const headers = {
    SSECustomerAlgorithm: "AES256",
    SSECustomerKey: key.toString("base64"),
    SSECustomerKeyMD5: md5(key).toString("base64"),
  };
  const other = Buffer.alloc(32, 4);
  const wrong = {
    SSECustomerAlgorithm: "AES256",
    SSECustomerKey: other.toString("base64"),
    SSECustomerKeyMD5: md5(other).toString("base64"),
  };

  test("are needed for every read, and the ETag is not the MD5", async () => {
    const put = await world.put(Bucket, "secret", "hello", headers);
    expect(put).toMatchObject({ SSECustomerAlgorithm: "AES256", SSECustomerKeyMD5: headers.SSECustomerKeyMD5 });
    expect(put.ETag).not.toContain(md5("hello").toString("hex"));
    expect(await world.text(Bucket, "secret", headers)).toBe("hello");
    expect(await world.refused("GetObject", { Bucket, Key: "secret" })).toMatchObject({ statusCode: 400 });
    expect(await world.refused("HeadObject", { Bucket, Key: "secret" })).toMatchObject({ statusCode: 400 });
    expect(await world.refused("GetObject", { Bucket, Key: "secret", ...wrong })).toMatchObject({ statusCode: 403 });
    expect(await world.refused("GetObject", { Bucket, Key: "a/b", ...headers })).toMatchObject({ statusCode: 400 });
  });

  test("do not travel in the clear", async () => {
    const far = { body: "x", remoteAddress: "203.0.113.9" };
    expect((await world.refused("PutObject", { Bucket, Key: "k", ...headers }, far)).message).toContain(
      "secure connection",
    );
  });
});

test("SSE-S3 is answered where it was asked for or is the bucket's default", async () => {
  expect((await world.put(Bucket, "sse", "x", { ServerSideEncryption: "AES256" })).ServerSideEncryption).toBe("AES256");
  expect((await world.call("HeadObject", { Bucket, Key: "sse" })).ServerSideEncryption).toBe("AES256");
  expect(await world.text(Bucket, "sse")).toBe("x");
  const encrypted = await world.bucket();
  await world.call("PutBucketEncryption", {
    Bucket: encrypted,
    ServerSideEncryptionConfiguration: { Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: "AES256" } }] },
  });
  expect((await world.put(encrypted, "k", "x")).ServerSideEncryption).toBe("AES256");
});
