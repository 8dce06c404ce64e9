/** AWS SDK for JavaScript v3: everything about single objects. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createHash, randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import {
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  DeleteObjectTaggingCommand,
  GetObjectAclCommand,
  GetObjectAttributesCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  NoSuchKey,
  PutBucketOwnershipControlsCommand,
  PutBucketVersioningCommand,
  PutObjectAclCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
  type S3Client,
  waitUntilObjectExists,
  waitUntilObjectNotExists,
} from "@aws-sdk/client-s3";
import { createPresignedPost } from "@aws-sdk/s3-presigned-post";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { type ClientCloud, startClientCloud } from "../../support/client-cloud.ts";
import { sendSigned } from "../../support/raw-http.ts";
import { refusal, s3ClientFor } from "../../support/s3.ts";

const Bucket = "sdk-objects";

describe("objects through the SDK", () => {
  let here: ClientCloud;
  let s3: S3Client;
  beforeAll(async () => {
    here = await startClientCloud();
    s3 = s3ClientFor(here.environment);
    await s3.send(new CreateBucketCommand({ Bucket }));
  });
  afterAll(async () => {
    await here.dispose();
  });
  const text = async (Key: string, VersionId?: string) =>
    await (await s3.send(new GetObjectCommand({ Bucket, Key, VersionId }))).Body!.transformToString();

  test("put, head, get, delete: bytes, headers, metadata", async () => {
    const put = await s3.send(
      new PutObjectCommand({
        Bucket,
        Key: "all",
        Body: "hello",
        ContentType: "text/plain; charset=utf-8",
        CacheControl: "max-age=60",
        ContentDisposition: 'attachment; filename="a b.txt"',
        ContentEncoding: "identity",
        ContentLanguage: "en",
        Expires: new Date("2030-01-01T00:00:00Z"),
        Metadata: { one: "1", two: "zwei" },
        StorageClass: "STANDARD",
      }),
    );
    expect(put.ETag).toBe(`"${createHash("md5").update("hello").digest("hex")}"`);
    const head = await s3.send(new HeadObjectCommand({ Bucket, Key: "all" }));
    expect(head).toMatchObject({
      ContentLength: 5,
      ContentType: "text/plain; charset=utf-8",
      CacheControl: "max-age=60",
      ContentDisposition: 'attachment; filename="a b.txt"',
      ContentLanguage: "en",
      Metadata: { one: "1", two: "zwei" },
      AcceptRanges: "bytes",
    });
    expect(Math.abs(head.LastModified!.getTime() - Date.now())).toBeLessThan(60_000);
    expect(await text("all")).toBe("hello");
    await waitUntilObjectExists({ client: s3, maxWaitTime: 10, minDelay: 1 }, { Bucket, Key: "all" });
    await s3.send(new DeleteObjectCommand({ Bucket, Key: "all" }));
    await waitUntilObjectNotExists({ client: s3, maxWaitTime: 10, minDelay: 1 }, { Bucket, Key: "all" });
    const missing = await s3.send(new GetObjectCommand({ Bucket, Key: "all" })).catch((error: unknown) => error);
    expect(missing).toBeInstanceOf(NoSuchKey);
  });

  test("streams of known length, empty bodies, binary bodies", async () => {
    const bytes = randomBytes(3_000_000);
    await s3.send(
      new PutObjectCommand({
        Bucket,
        Key: "stream",
        Body: Readable.from([bytes.subarray(0, 1_000_000), bytes.subarray(1_000_000)]),
        ContentLength: bytes.length,
      }),
    );
    const back = await (await s3.send(new GetObjectCommand({ Bucket, Key: "stream" }))).Body!.transformToByteArray();
    expect(Buffer.compare(bytes, Buffer.from(back))).toBe(0);
    await s3.send(new PutObjectCommand({ Bucket, Key: "empty", Body: "" }));
    expect(await text("empty")).toBe("");
  });

  test("ranges", async () => {
    await s3.send(new PutObjectCommand({ Bucket, Key: "range", Body: "0123456789" }));
    const get = async (Range: string) => {
      const got = await s3.send(new GetObjectCommand({ Bucket, Key: "range", Range }));
      return [await got.Body!.transformToString(), got.ContentRange, got.$metadata.httpStatusCode];
    };
    expect(await get("bytes=2-4")).toEqual(["234", "bytes 2-4/10", 206]);
    expect(await get("bytes=7-")).toEqual(["789", "bytes 7-9/10", 206]);
    expect(await get("bytes=-3")).toEqual(["789", "bytes 7-9/10", 206]);
    expect(await get("bytes=5-100")).toEqual(["56789", "bytes 5-9/10", 206]);
    expect((await refusal(get("bytes=10-20"))).name).toBe("InvalidRange");
  });

  test("conditional reads and writes", async () => {
    const key = { Bucket, Key: "conditional" };
    const { ETag } = await s3.send(new PutObjectCommand({ ...key, Body: "1", IfNoneMatch: "*" }));
    expect(await refusal(s3.send(new PutObjectCommand({ ...key, Body: "2", IfNoneMatch: "*" })))).toMatchObject({
      name: "PreconditionFailed",
      status: 412,
    });
    expect((await refusal(s3.send(new PutObjectCommand({ ...key, Body: "2", IfMatch: '"0000"' })))).status).toBe(412);
    await s3.send(new PutObjectCommand({ ...key, Body: "2", IfMatch: ETag }));
    expect(
      (await refusal(s3.send(new PutObjectCommand({ ...key, Key: "nowhere", Body: "2", IfMatch: ETag })))).status,
    ).toBe(404);
    expect((await refusal(s3.send(new GetObjectCommand({ ...key, IfMatch: ETag })))).status).toBe(412);
    const current = (await s3.send(new HeadObjectCommand(key))).ETag;
    expect((await refusal(s3.send(new GetObjectCommand({ ...key, IfNoneMatch: current })))).status).toBe(304);
    expect((await refusal(s3.send(new GetObjectCommand({ ...key, IfUnmodifiedSince: new Date(0) })))).status).toBe(412);
    expect(
      (await s3.send(new GetObjectCommand({ ...key, IfMatch: current, IfUnmodifiedSince: new Date(0) }))).$metadata
        .httpStatusCode,
    ).toBe(200);
  });

  test("32 clients create one key: exactly one wins", async () => {
    const results = await Promise.allSettled(
      Array.from({ length: 32 }, (_, n) =>
        s3.send(new PutObjectCommand({ Bucket, Key: "race", Body: String(n), IfNoneMatch: "*" })),
      ),
    );
    const winners = results.flatMap((result, n) => (result.status === "fulfilled" ? [n] : []));
    expect(winners.length).toBe(1);
    expect(await text("race")).toBe(String(winners[0]));
  });

  test("checksums: computed by default, verified, reported", async () => {
    for (const ChecksumAlgorithm of ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"] as const) {
      const Key = `sum-${ChecksumAlgorithm}`;
      const put = await s3.send(new PutObjectCommand({ Bucket, Key, Body: "checked", ChecksumAlgorithm }));
      const head = await s3.send(new HeadObjectCommand({ Bucket, Key, ChecksumMode: "ENABLED" }));
      expect(head[`Checksum${ChecksumAlgorithm}`]).toBe(put[`Checksum${ChecksumAlgorithm}`]!);
      expect(head.ChecksumType).toBe("FULL_OBJECT");
      const attributes = await s3.send(
        new GetObjectAttributesCommand({
          Bucket,
          Key,
          ObjectAttributes: ["Checksum", "ETag", "ObjectSize", "StorageClass"],
        }),
      );
      expect(attributes).toMatchObject({ ObjectSize: 7, StorageClass: "STANDARD" });
      expect(attributes.Checksum?.[`Checksum${ChecksumAlgorithm}`]).toBe(put[`Checksum${ChecksumAlgorithm}`]!);
    }
    expect(
      (
        await refusal(
          s3.send(
            new PutObjectCommand({
              Bucket,
              Key: "bad",
              Body: "x",
              ChecksumSHA256: createHash("sha256").update("y").digest("base64"),
            }),
          ),
        )
      ).name,
    ).toBe("BadDigest");
  });

  test("copy: within, with new metadata, with tags, conditionally, onto itself", async () => {
    await s3.send(
      new PutObjectCommand({ Bucket, Key: "src ä+", Body: "copy me", Metadata: { a: "1" }, Tagging: "t=1" }),
    );
    const CopySource = `${Bucket}/${encodeURIComponent("src ä+")}`;
    const copied = await s3.send(new CopyObjectCommand({ Bucket, Key: "dst", CopySource }));
    expect(copied.CopyObjectResult?.ETag).toBe((await s3.send(new HeadObjectCommand({ Bucket, Key: "src ä+" }))).ETag!);
    expect((await s3.send(new HeadObjectCommand({ Bucket, Key: "dst" }))).Metadata).toEqual({ a: "1" });
    expect((await s3.send(new GetObjectTaggingCommand({ Bucket, Key: "dst" }))).TagSet).toEqual([
      { Key: "t", Value: "1" },
    ]);
    await s3.send(
      new CopyObjectCommand({
        Bucket,
        Key: "dst",
        CopySource,
        MetadataDirective: "REPLACE",
        Metadata: { b: "2" },
        TaggingDirective: "REPLACE",
        Tagging: "u=2",
      }),
    );
    expect((await s3.send(new HeadObjectCommand({ Bucket, Key: "dst" }))).Metadata).toEqual({ b: "2" });
    expect((await s3.send(new GetObjectTaggingCommand({ Bucket, Key: "dst" }))).TagSet).toEqual([
      { Key: "u", Value: "2" },
    ]);
    expect((await refusal(s3.send(new CopyObjectCommand({ Bucket, Key: "src ä+", CopySource })))).name).toBe(
      "InvalidRequest",
    );
    expect(
      (await refusal(s3.send(new CopyObjectCommand({ Bucket, Key: "dst", CopySource, CopySourceIfMatch: '"0"' }))))
        .status,
    ).toBe(412);
    expect(
      (await refusal(s3.send(new CopyObjectCommand({ Bucket, Key: "dst", CopySource: `${Bucket}/absent` })))).name,
    ).toBe("NoSuchKey");
  });

  test("tags", async () => {
    const key = { Bucket, Key: "tagged" };
    await s3.send(new PutObjectCommand({ ...key, Body: "x", Tagging: "a=1&b=2" }));
    expect((await s3.send(new HeadObjectCommand(key))).TagCount).toBe(2);
    await s3.send(new PutObjectTaggingCommand({ ...key, Tagging: { TagSet: [{ Key: "c", Value: "3" }] } }));
    expect((await s3.send(new GetObjectTaggingCommand(key))).TagSet).toEqual([{ Key: "c", Value: "3" }]);
    await s3.send(new DeleteObjectTaggingCommand(key));
    expect((await s3.send(new GetObjectTaggingCommand(key))).TagSet).toEqual([]);
    const tooMany = Array.from({ length: 11 }, (_, n) => ({ Key: `k${n}`, Value: "" }));
    expect((await refusal(s3.send(new PutObjectTaggingCommand({ ...key, Tagging: { TagSet: tooMany } })))).status).toBe(
      400,
    );
  });

  test("delete many: quiet, missing keys, a thousand", async () => {
    for (const Key of ["m/1", "m/2", "m/3"]) await s3.send(new PutObjectCommand({ Bucket, Key, Body: "x" }));
    const loud = await s3.send(
      new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key: "m/1" }, { Key: "m/absent" }] } }),
    );
    expect(loud.Deleted?.map(({ Key }) => Key).sort()).toEqual(["m/1", "m/absent"]);
    const quiet = await s3.send(
      new DeleteObjectsCommand({ Bucket, Delete: { Quiet: true, Objects: [{ Key: "m/2" }, { Key: "m/3" }] } }),
    );
    expect(quiet.Deleted).toBeUndefined();
    const Objects = Array.from({ length: 1_001 }, (_, n) => ({ Key: `m/${n}` }));
    expect((await refusal(s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } })))).name).toBe(
      "MalformedXML",
    );
  });

  test("ACLs where they are enabled, refused where they are not", async () => {
    await s3.send(new PutObjectCommand({ Bucket, Key: "acl", Body: "x" }));
    expect((await refusal(s3.send(new PutObjectAclCommand({ Bucket, Key: "acl", ACL: "public-read" })))).name).toBe(
      "AccessControlListNotSupported",
    );
    await s3.send(new CreateBucketCommand({ Bucket: "sdk-acls", ObjectOwnership: "ObjectWriter" }));
    await s3.send(new PutObjectCommand({ Bucket: "sdk-acls", Key: "acl", Body: "x" }));
    await s3
      .send(new PutObjectAclCommand({ Bucket: "sdk-acls", Key: "acl", ACL: "authenticated-read" }))
      .catch((error: unknown) => {
        // Public access is blocked on a new bucket, which covers authenticated-read too.
        expect((error as Error).name).toBe("AccessDenied");
      });
    const acl = await s3.send(new GetObjectAclCommand({ Bucket: "sdk-acls", Key: "acl" }));
    expect(acl.Grants?.some(({ Permission }) => Permission === "FULL_CONTROL")).toBe(true);
    await s3.send(
      new PutBucketOwnershipControlsCommand({
        Bucket: "sdk-acls",
        OwnershipControls: { Rules: [{ ObjectOwnership: "BucketOwnerEnforced" }] },
      }),
    );
  });

  test("versions: old ones stay readable, markers hide and can be removed", async () => {
    const bucket = "sdk-versions";
    await s3.send(new CreateBucketCommand({ Bucket: bucket }));
    await s3.send(new PutObjectCommand({ Bucket: bucket, Key: "k", Body: "before" }));
    await s3.send(new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status: "Enabled" } }));
    const one = await s3.send(new PutObjectCommand({ Bucket: bucket, Key: "k", Body: "one" }));
    const two = await s3.send(new PutObjectCommand({ Bucket: bucket, Key: "k", Body: "two" }));
    const get = async (VersionId?: string) =>
      await (await s3.send(new GetObjectCommand({ Bucket: bucket, Key: "k", VersionId }))).Body!.transformToString();
    expect([await get(), await get(one.VersionId), await get("null")]).toEqual(["two", "one", "before"]);
    const marker = await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: "k" }));
    expect(marker.DeleteMarker).toBe(true);
    expect((await refusal(s3.send(new GetObjectCommand({ Bucket: bucket, Key: "k" })))).name).toBe("NoSuchKey");
    expect(
      (await refusal(s3.send(new GetObjectCommand({ Bucket: bucket, Key: "k", VersionId: marker.VersionId })))).status,
    ).toBe(405);
    await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: "k", VersionId: marker.VersionId }));
    expect(await get()).toBe("two");
    await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: "k", VersionId: two.VersionId }));
    expect(await get()).toBe("one");
    expect((await refusal(get("not-a-version"))).status).toBe(400);
  });

  test("encryption: SSE-S3 is announced, SSE-C wants its key and nothing else opens the object", async () => {
    const put = await s3.send(
      new PutObjectCommand({ Bucket, Key: "sse", Body: "sealed", ServerSideEncryption: "AES256" }),
    );
    expect(put.ServerSideEncryption).toBe("AES256");
    expect(await text("sse")).toBe("sealed");
    const key = randomBytes(32);
    // The SDK takes customer keys over https only; by hand they may travel over loopback.
    const headers = (secret: Buffer) =>
      [
        ["x-amz-server-side-encryption-customer-algorithm", "AES256"],
        ["x-amz-server-side-encryption-customer-key", secret.toString("base64")],
        ["x-amz-server-side-encryption-customer-key-md5", createHash("md5").update(secret).digest("base64")],
      ] as const;
    const target = { path: `/${Bucket}/sse-c` };
    const stored = await sendSigned(here.environment, {
      ...target,
      method: "PUT",
      body: "mine alone",
      headers: headers(key),
    });
    expect(stored.status).toBe(200);
    const read = { ...target, method: "GET" };
    expect((await sendSigned(here.environment, { ...read, headers: headers(key) })).body).toBe("mine alone");
    expect((await sendSigned(here.environment, read)).status).toBe(400);
    expect((await sendSigned(here.environment, { ...read, headers: headers(randomBytes(32)) })).status).toBe(403);
    const files = await here.cloud.cli("buckets", "locate", `s3://${Bucket}/sse-c`);
    expect(files.stdout).not.toContain("mine alone");
  });

  test("presigned URLs and presigned POST", async () => {
    const putUrl = await getSignedUrl(s3, new PutObjectCommand({ Bucket, Key: "presigned" }), { expiresIn: 60 });
    expect((await fetch(putUrl, { method: "PUT", body: "by url" })).status).toBe(200);
    const getUrl = await getSignedUrl(
      s3,
      new GetObjectCommand({ Bucket, Key: "presigned", ResponseContentType: "text/html" }),
      { expiresIn: 60 },
    );
    const got = await fetch(getUrl);
    expect([await got.text(), got.headers.get("content-type")]).toEqual(["by url", "text/html"]);

    const post = await createPresignedPost(s3, {
      Bucket,
      Key: "form/${filename}",
      Conditions: [
        ["content-length-range", 1, 100],
        ["starts-with", "$Content-Type", "text/"],
      ],
      Fields: { "Content-Type": "text/plain", success_action_status: "201" },
      Expires: 60,
    });
    const form = (content: string) => {
      const data = new FormData();
      for (const [name, value] of Object.entries(post.fields)) data.append(name, value);
      data.append("file", new Blob([content]), "note.txt");
      return data;
    };
    const posted = await fetch(post.url, { method: "POST", body: form("posted") });
    expect([posted.status, await posted.text()]).toEqual([201, expect.stringContaining("<Key>form/note.txt</Key>")]);
    expect(await text("form/note.txt")).toBe("posted");
    const tooLarge = await fetch(post.url, { method: "POST", body: form("x".repeat(101)) });
    expect([tooLarge.status, await tooLarge.text()]).toEqual([400, expect.stringContaining("EntityTooLarge")]);
  });
});
