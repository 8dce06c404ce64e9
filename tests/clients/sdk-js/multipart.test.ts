/** AWS SDK for JavaScript v3: multipart uploads, by hand and by the upload manager. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  GetObjectAttributesCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
  UploadPartCopyCommand,
} from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { type ClientCloud, startClientCloud } from "../../support/client-cloud.ts";
import { refusal, s3ClientFor } from "../../support/s3.ts";

const Bucket = "sdk-multipart";
const MIB = 1024 * 1024;
/** No whole number of parts. `tests/soak/large-objects.ts` asks for a gigabyte. */
const LARGE = Number(process.env.BIPLANE_LARGE_UPLOAD_BYTES ?? 200_000_000);

describe("multipart uploads through the SDK", () => {
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

  test("create, upload parts out of order, list, complete, read by part", async () => {
    const target = { Bucket, Key: "by-hand" };
    const { UploadId } = await s3.send(
      new CreateMultipartUploadCommand({ ...target, ContentType: "text/x", Metadata: { m: "1" } }),
    );
    const bodies = [Buffer.alloc(5 * MIB, "a"), Buffer.alloc(5 * MIB, "b"), Buffer.from("tail")];
    const etags: (string | undefined)[] = [];
    for (const index of [2, 0, 1]) {
      const part = await s3.send(
        new UploadPartCommand({ ...target, UploadId, PartNumber: index + 1, Body: bodies[index] }),
      );
      etags[index] = part.ETag;
    }
    const parts = await s3.send(new ListPartsCommand({ ...target, UploadId, MaxParts: 2 }));
    expect(parts.Parts?.map(({ PartNumber, Size }) => [PartNumber, Size])).toEqual([
      [1, 5 * MIB],
      [2, 5 * MIB],
    ]);
    expect(parts.IsTruncated).toBe(true);
    const uploads = await s3.send(new ListMultipartUploadsCommand({ Bucket }));
    expect(uploads.Uploads?.map((upload) => [upload.Key, upload.UploadId])).toEqual([["by-hand", UploadId]]);

    const complete = (Parts: { ETag?: string; PartNumber: number }[]) =>
      s3.send(new CompleteMultipartUploadCommand({ ...target, UploadId, MultipartUpload: { Parts } }));
    expect((await refusal(complete([{ ETag: '"00000000000000000000000000000000"', PartNumber: 1 }]))).name).toBe(
      "InvalidPart",
    );
    expect(
      (
        await refusal(
          complete([
            { ETag: etags[1], PartNumber: 2 },
            { ETag: etags[0], PartNumber: 1 },
          ]),
        )
      ).name,
    ).toBe("InvalidPartOrder");
    expect(
      (
        await refusal(
          complete([
            { ETag: etags[2], PartNumber: 3 },
            { ETag: etags[0], PartNumber: 4 },
          ]),
        )
      ).name,
    ).toBe("InvalidPart");
    const done = await complete(etags.map((ETag, index) => ({ ETag, PartNumber: index + 1 })));
    const md5s = Buffer.concat(bodies.map((body) => createHash("md5").update(body).digest()));
    expect(done.ETag).toBe(`"${createHash("md5").update(md5s).digest("hex")}-3"`);

    const head = await s3.send(new HeadObjectCommand({ ...target, PartNumber: 3 }));
    expect([head.ContentLength, head.PartsCount, head.$metadata.httpStatusCode]).toEqual([4, 3, 206]);
    const second = await s3.send(new GetObjectCommand({ ...target, Range: `bytes=${5 * MIB - 2}-${5 * MIB + 1}` }));
    expect(await second.Body!.transformToString()).toBe("aabb");
    const whole = await s3.send(new GetObjectCommand(target));
    expect([whole.ContentLength, whole.ContentType, whole.Metadata]).toEqual([10 * MIB + 4, "text/x", { m: "1" }]);
    await whole.Body!.transformToByteArray();
    const attributes = await s3.send(
      new GetObjectAttributesCommand({ ...target, ObjectAttributes: ["ObjectParts", "ObjectSize"] }),
    );
    expect(attributes.ObjectParts?.TotalPartsCount).toBe(3);
  });

  test("parts that are too small, aborting, and an upload that is no more", async () => {
    const target = { Bucket, Key: "small" };
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand(target));
    const one = await s3.send(new UploadPartCommand({ ...target, UploadId, PartNumber: 1, Body: "x" }));
    const two = await s3.send(new UploadPartCommand({ ...target, UploadId, PartNumber: 2, Body: "y" }));
    const Parts = [
      { ETag: one.ETag, PartNumber: 1 },
      { ETag: two.ETag, PartNumber: 2 },
    ];
    expect(
      (await refusal(s3.send(new CompleteMultipartUploadCommand({ ...target, UploadId, MultipartUpload: { Parts } }))))
        .name,
    ).toBe("EntityTooSmall");
    await s3.send(new AbortMultipartUploadCommand({ ...target, UploadId }));
    expect(
      (await refusal(s3.send(new UploadPartCommand({ ...target, UploadId, PartNumber: 1, Body: "x" })))).name,
    ).toBe("NoSuchUpload");
    expect((await refusal(s3.send(new HeadObjectCommand(target)))).status).toBe(404);
  });

  test("parts copied from objects, with ranges", async () => {
    const source = Buffer.alloc(6 * MIB, "s");
    await s3.send(new PutObjectCommand({ Bucket, Key: "source", Body: source }));
    const target = { Bucket, Key: "copied" };
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand(target));
    const one = await s3.send(
      new UploadPartCopyCommand({ ...target, UploadId, PartNumber: 1, CopySource: `${Bucket}/source` }),
    );
    const two = await s3.send(
      new UploadPartCopyCommand({
        ...target,
        UploadId,
        PartNumber: 2,
        CopySource: `${Bucket}/source`,
        CopySourceRange: "bytes=0-9",
      }),
    );
    const Parts = [
      { ETag: one.CopyPartResult?.ETag, PartNumber: 1 },
      { ETag: two.CopyPartResult?.ETag, PartNumber: 2 },
    ];
    await s3.send(new CompleteMultipartUploadCommand({ ...target, UploadId, MultipartUpload: { Parts } }));
    expect((await s3.send(new HeadObjectCommand(target))).ContentLength).toBe(6 * MIB + 10);
  });

  test("checksums of parts and of the whole", async () => {
    for (const ChecksumType of ["COMPOSITE", "FULL_OBJECT"] as const) {
      const target = { Bucket, Key: `sum-${ChecksumType}` };
      const { UploadId } = await s3.send(
        new CreateMultipartUploadCommand({ ...target, ChecksumAlgorithm: "CRC32", ChecksumType }),
      );
      const Parts: { ETag?: string; ChecksumCRC32?: string; PartNumber: number }[] = [];
      for (const [index, Body] of [Buffer.alloc(5 * MIB, 1), Buffer.from("end")].entries()) {
        const { ETag, ChecksumCRC32 } = await s3.send(
          new UploadPartCommand({ ...target, UploadId, PartNumber: index + 1, Body, ChecksumAlgorithm: "CRC32" }),
        );
        Parts.push({ ETag, ChecksumCRC32, PartNumber: index + 1 });
      }
      const done = await s3.send(
        new CompleteMultipartUploadCommand({ ...target, UploadId, MultipartUpload: { Parts } }),
      );
      expect(done.ChecksumType).toBe(ChecksumType);
      expect(done.ChecksumCRC32?.endsWith("-2")).toBe(ChecksumType === "COMPOSITE");
    }
  });

  test("hundreds of megabytes by the upload manager, from a stream", async () => {
    const block = Buffer.alloc(MIB, "0123456789abcdef");
    const hash = createHash("sha256");
    function* large() {
      for (let sent = 0; sent < LARGE; sent += block.length) {
        const chunk = block.subarray(0, Math.min(block.length, LARGE - sent));
        hash.update(chunk);
        yield chunk;
      }
    }
    const upload = new Upload({
      client: s3,
      params: { Bucket, Key: "large", Body: Readable.from(large()) },
      partSize: 32 * MIB,
      queueSize: 2,
    });
    await upload.done();
    const got = await s3.send(new GetObjectCommand({ Bucket, Key: "large" }));
    expect(got.ContentLength).toBe(LARGE);
    const back = createHash("sha256");
    for await (const chunk of got.Body as AsyncIterable<Uint8Array>) back.update(chunk);
    expect(back.digest("hex")).toBe(hash.digest("hex"));
  }, 180_000);
});
