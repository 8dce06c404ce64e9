/** AWS SDK for JavaScript v3: server access logging, the newer checksum algorithms, object lock on buckets that exist. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetBucketLoggingCommand,
  GetObjectAttributesCommand,
  GetObjectCommand,
  GetObjectLockConfigurationCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  type LoggingEnabled,
  PutBucketLoggingCommand,
  PutBucketOwnershipControlsCommand,
  PutBucketPolicyCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutObjectLegalHoldCommand,
  PutObjectLockConfigurationCommand,
  S3Client,
  UploadPartCommand,
  UploadPartCopyCommand,
} from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { type ClientCloud, startClientCloud } from "../../support/client-cloud.ts";
import { refusal, s3ClientFor } from "../../support/s3.ts";

let here: ClientCloud;
let s3: S3Client;
beforeAll(async () => {
  here = await startClientCloud();
  s3 = s3ClientFor(here.environment);
});
afterAll(async () => {
  await here.dispose();
});

const hex64 = (value: bigint): Buffer => Buffer.from(value.toString(16).padStart(16, "0"), "hex");
/** Other implementations than the one under test. */
const ALGORITHMS = {
  SHA512: (bytes: Uint8Array) => createHash("sha512").update(bytes).digest(),
  MD5: (bytes: Uint8Array) => createHash("md5").update(bytes).digest(),
  XXHASH64: (bytes: Uint8Array) => hex64(Bun.hash.xxHash64(bytes)),
  XXHASH3: (bytes: Uint8Array) => hex64(Bun.hash.xxHash3(bytes)),
} as const;
type Algorithm = keyof typeof ALGORITHMS;
const algorithms = Object.keys(ALGORITHMS) as Algorithm[];
const sumOf = (algorithm: Algorithm, text: string | Uint8Array): string =>
  ALGORITHMS[algorithm](Buffer.from(text)).toString("base64");

/** The algorithm as the client wants it: a class. */
const hasherOf = (algorithm: Algorithm) =>
  class {
    #chunks: Uint8Array[] = [];
    update(chunk: Uint8Array): void {
      this.#chunks.push(Uint8Array.from(chunk));
    }
    async digest(): Promise<Uint8Array> {
      return ALGORITHMS[algorithm](Buffer.concat(this.#chunks));
    }
    reset(): void {
      this.#chunks = [];
    }
  };

describe("checksum algorithms", () => {
  const Bucket = "sdk-checksums";
  /** The client brings only the older algorithms along; others are given to it. */
  let checking: S3Client;
  beforeAll(async () => {
    const { AWS_ENDPOINT_URL, AWS_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY } = here.environment;
    checking = new S3Client({
      endpoint: AWS_ENDPOINT_URL!,
      region: AWS_REGION!,
      credentials: { accessKeyId: AWS_ACCESS_KEY_ID!, secretAccessKey: AWS_SECRET_ACCESS_KEY! },
      forcePathStyle: true,
      maxAttempts: 1,
      checksumAlgorithms: Object.fromEntries(algorithms.map((algorithm) => [algorithm, hasherOf(algorithm)])),
    });
    await s3.send(new CreateBucketCommand({ Bucket }));
  });

  afterAll(() => checking.destroy());

  test("a value that comes along is compared, kept and given back", async () => {
    for (const algorithm of algorithms) {
      const member = `Checksum${algorithm}` as const;
      const target = { Bucket, Key: algorithm };
      const right = { [member]: sumOf(algorithm, "hello") };
      const put = await checking.send(new PutObjectCommand({ ...target, Body: "hello", ...right }));
      expect(put).toMatchObject({ ...right, ChecksumType: "FULL_OBJECT" });
      const wrong = new PutObjectCommand({ ...target, Body: "hello", [member]: sumOf(algorithm, "other") });
      expect(await refusal(checking.send(wrong))).toMatchObject({ name: "BadDigest", status: 400 });
      const head = await checking.send(new HeadObjectCommand({ ...target, ChecksumMode: "ENABLED" }));
      expect(head).toMatchObject({ ...right, ChecksumType: "FULL_OBJECT" });
      const got = await checking.send(new GetObjectCommand({ ...target, ChecksumMode: "ENABLED" }));
      expect(got).toMatchObject(right);
      const { Contents } = await checking.send(new ListObjectsV2Command({ Bucket, Prefix: algorithm }));
      expect(Contents?.[0]?.ChecksumAlgorithm).toEqual([algorithm]);
      const copy = { Bucket, Key: `${algorithm}-copy`, CopySource: `${Bucket}/${algorithm}` };
      expect((await checking.send(new CopyObjectCommand(copy))).CopyObjectResult).toMatchObject(right);
    }
  });

  test("XXH128, and a copy to another algorithm", async () => {
    const target = { Bucket, Key: "xxh128" };
    // A value of the reference implementation.
    const ChecksumXXHASH128 = Buffer.from("06b05ab6733a618578af5f94892f3950", "hex").toString("base64");
    await s3.send(new PutObjectCommand({ ...target, Body: "abc", ChecksumXXHASH128 }));
    const { Checksum } = await s3.send(
      new GetObjectAttributesCommand({ ...target, ObjectAttributes: ["Checksum", "ETag"] }),
    );
    expect(Checksum).toMatchObject({ ChecksumXXHASH128, ChecksumType: "FULL_OBJECT" });
    const copy = { Bucket, Key: "xxh64", CopySource: `${Bucket}/xxh128`, ChecksumAlgorithm: "XXHASH64" } as const;
    expect((await s3.send(new CopyObjectCommand(copy))).CopyObjectResult?.ChecksumXXHASH64).toBe(
      sumOf("XXHASH64", "abc"),
    );
    const invalid = new PutObjectCommand({ ...target, Body: "abc", ChecksumXXHASH128: sumOf("XXHASH64", "abc") });
    expect((await refusal(s3.send(invalid))).name).toBe("InvalidRequest");
  });

  test("the client computes it on the way, sends it behind the body, and checks what it reads", async () => {
    const target = { Bucket, Key: "trailer" };
    // The client takes MD5 for the old Content-MD5 header, which cannot come behind a body.
    for (const algorithm of algorithms.filter((name) => name !== "MD5")) {
      const Body = Readable.from([Buffer.from("on the way")]);
      const put = new PutObjectCommand({ ...target, Body, ContentLength: 10, ChecksumAlgorithm: algorithm });
      expect((await checking.send(put))[`Checksum${algorithm}`]).toBe(sumOf(algorithm, "on the way"));
      const got = await checking.send(new GetObjectCommand({ ...target, ChecksumMode: "ENABLED" }));
      expect(await got.Body?.transformToString()).toBe("on the way");
    }
  });

  test("uploads in parts have a composite, and nothing else", async () => {
    const part = "the only part";
    await s3.send(new PutObjectCommand({ Bucket, Key: "part-source", Body: part }));
    for (const algorithm of algorithms) {
      const member = `Checksum${algorithm}` as const;
      const target = { Bucket, Key: `parts-${algorithm}` };
      const full = { ...target, ChecksumAlgorithm: algorithm, ChecksumType: "FULL_OBJECT" } as const;
      expect((await refusal(s3.send(new CreateMultipartUploadCommand(full)))).name).toBe("InvalidRequest");
      const created = await s3.send(new CreateMultipartUploadCommand({ ...target, ChecksumAlgorithm: algorithm }));
      expect(created).toMatchObject({ ChecksumAlgorithm: algorithm, ChecksumType: "COMPOSITE" });
      const upload = { ...target, UploadId: created.UploadId };
      const sum = sumOf(algorithm, part);
      const one = await s3.send(new UploadPartCommand({ ...upload, PartNumber: 1, Body: part, [member]: sum }));
      expect(one[member]).toBe(sum);
      expect((await s3.send(new ListPartsCommand(upload))).Parts?.[0]?.[member]).toBe(sum);
      const again = { ...upload, PartNumber: 1, CopySource: `${Bucket}/part-source` };
      expect((await s3.send(new UploadPartCopyCommand(again))).CopyPartResult?.[member]).toBe(sum);
      const Parts = [{ PartNumber: 1, ETag: one.ETag, [member]: sum }];
      const done = await s3.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts } }));
      const composite = `${sumOf(algorithm, Buffer.from(sum, "base64"))}-1`;
      expect(done).toMatchObject({ [member]: composite, ChecksumType: "COMPOSITE" });
      const head = await s3.send(new HeadObjectCommand({ ...target, ChecksumMode: "ENABLED" }));
      expect(head).toMatchObject({ [member]: composite, ChecksumType: "COMPOSITE" });
    }
  });
});

test("object lock comes to a bucket that exists, once it has versions, and stays", async () => {
  const Bucket = "sdk-lock-later";
  await s3.send(new CreateBucketCommand({ Bucket }));
  const lock = new PutObjectLockConfigurationCommand({
    Bucket,
    ObjectLockConfiguration: {
      ObjectLockEnabled: "Enabled",
      Rule: { DefaultRetention: { Mode: "GOVERNANCE", Days: 1 } },
    },
  });
  expect(await refusal(s3.send(lock))).toMatchObject({ name: "InvalidBucketState", status: 409 });
  expect((await refusal(s3.send(new GetObjectLockConfigurationCommand({ Bucket })))).status).toBe(404);
  const versioning = (Status: "Enabled" | "Suspended") =>
    s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status } }));
  await versioning("Enabled");
  const { VersionId: before } = await s3.send(new PutObjectCommand({ Bucket, Key: "k", Body: "before" }));
  await s3.send(lock);
  const { ObjectLockConfiguration } = await s3.send(new GetObjectLockConfigurationCommand({ Bucket }));
  expect(ObjectLockConfiguration).toEqual({
    ObjectLockEnabled: "Enabled",
    Rule: { DefaultRetention: { Mode: "GOVERNANCE", Days: 1 } },
  });
  const { VersionId: after } = await s3.send(new PutObjectCommand({ Bucket, Key: "k", Body: "after" }));
  const remove = (VersionId: string | undefined) => s3.send(new DeleteObjectCommand({ Bucket, Key: "k", VersionId }));
  expect((await refusal(remove(after))).name).toBe("AccessDenied");
  const hold = (Status: "ON" | "OFF") =>
    s3.send(new PutObjectLegalHoldCommand({ Bucket, Key: "k", VersionId: before, LegalHold: { Status } }));
  await hold("ON");
  expect((await refusal(remove(before))).name).toBe("AccessDenied");
  await hold("OFF");
  await remove(before);
  expect(await refusal(versioning("Suspended"))).toMatchObject({ name: "InvalidBucketState", status: 409 });
});

describe("server access logging", () => {
  const Bucket = "sdk-logged";
  const logs = "sdk-logs";
  const put = (enabled: Partial<LoggingEnabled> = {}) =>
    s3.send(
      new PutBucketLoggingCommand({
        Bucket,
        BucketLoggingStatus: { LoggingEnabled: { TargetBucket: logs, TargetPrefix: "access/", ...enabled } },
      }),
    );
  beforeAll(async () => {
    for (const name of [Bucket, logs]) await s3.send(new CreateBucketCommand({ Bucket: name }));
  });

  test("refuses targets that cannot take the log", async () => {
    const invalid = { name: "InvalidTargetBucketForLogging", status: 400 };
    expect(await refusal(put({ TargetBucket: "sdk-no-such-bucket" }))).toMatchObject(invalid);
    expect(await refusal(put())).toMatchObject(invalid);
    expect((await s3.send(new GetBucketLoggingCommand({ Bucket }))).LoggingEnabled).toBeUndefined();
  });

  test("is switched on, given back, delivered, and switched off", async () => {
    const Statement = {
      Effect: "Allow",
      Principal: { Service: "logging.s3.amazonaws.com" },
      Action: "s3:PutObject",
      Resource: `arn:aws:s3:::${logs}/access/*`,
      Condition: { ArnLike: { "aws:SourceArn": `arn:aws:s3:::${Bucket}` } },
    };
    await s3.send(
      new PutBucketPolicyCommand({ Bucket: logs, Policy: JSON.stringify({ Version: "2012-10-17", Statement }) }),
    );
    const grant = {
      Grantee: { Type: "Group", URI: "http://acs.amazonaws.com/groups/global/AuthenticatedUsers" },
    } as const;
    const TargetGrants = [{ ...grant, Permission: "READ" as const }];
    expect((await refusal(put({ TargetGrants }))).name).toBe("AccessControlListNotSupported");
    await s3.send(
      new PutBucketOwnershipControlsCommand({
        Bucket: logs,
        OwnershipControls: { Rules: [{ ObjectOwnership: "BucketOwnerPreferred" }] },
      }),
    );
    const TargetObjectKeyFormat = { PartitionedPrefix: { PartitionDateSource: "DeliveryTime" as const } };
    await put({ TargetGrants, TargetObjectKeyFormat });
    expect((await s3.send(new GetBucketLoggingCommand({ Bucket }))).LoggingEnabled).toMatchObject({
      TargetBucket: logs,
      TargetPrefix: "access/",
      TargetGrants,
      TargetObjectKeyFormat,
    });
    await put({ TargetObjectKeyFormat: { SimplePrefix: {} } });

    await s3.send(new PutObjectCommand({ Bucket, Key: "dir/a b.txt", Body: "hello" }));
    const url = await getSignedUrl(s3, new GetObjectCommand({ Bucket, Key: "dir/a b.txt" }));
    expect(await (await fetch(url)).text()).toBe("hello");
    expect((await fetch(`${here.environment.AWS_ENDPOINT_URL}/${Bucket}/dir/secret`)).status).toBe(403);

    // Logs are delivered every few minutes, and when the program ends.
    await here.process.stop();
    await here.cloud.start("up", "--port", "0", "--api-port", "0");
    s3.destroy();
    s3 = s3ClientFor(await here.cloud.environment());
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: logs }));
    // What was asked before the keys were changed went where it should have gone then.
    const [simple, partitioned, ...more] = Contents.map(({ Key }) => Key ?? "").sort((a, b) => a.length - b.length);
    expect(more).toEqual([]);
    expect(simple).toMatch(/^access\/\d{4}(-\d\d){5}-[0-9A-F]{16}$/);
    expect(partitioned).toMatch(/^access\/\d{12}\/us-east-1\/sdk-logged(\/\d+){3}\/\d{4}(-\d\d){5}-[0-9A-F]{16}$/);
    const log = await s3.send(new GetObjectCommand({ Bucket: logs, Key: simple }));
    const lines = ((await log.Body?.transformToString()) ?? "").trimEnd().split("\n");
    const records = lines.map((line) => line.match(/\[[^\]]*\]|"[^"]*"|\S+/g) ?? []);
    expect(records.every((fields) => fields.length === 26 && fields[1] === Bucket)).toBe(true);
    const shown = records.map((fields) => [fields[6], fields[7], fields[9], fields[10], fields[12], fields[21]]);
    expect(shown).toContainEqual(["REST.PUT.OBJECT", "dir/a%2520b.txt", "200", "-", "5", "AuthHeader"]);
    expect(shown).toContainEqual(["REST.GET.OBJECT", "dir/a%2520b.txt", "200", "-", "5", "QueryString"]);
    expect(shown).toContainEqual(["REST.GET.OBJECT", "dir/secret", "403", "AccessDenied", "-", "-"]);
    expect(lines.join("\n")).not.toContain(new URL(url).searchParams.get("X-Amz-Signature") ?? "?");
    expect(lines.join("\n")).not.toContain(here.environment.AWS_ACCESS_KEY_ID ?? "?");

    await s3.send(new PutBucketLoggingCommand({ Bucket, BucketLoggingStatus: {} }));
    expect((await s3.send(new GetBucketLoggingCommand({ Bucket }))).LoggingEnabled).toBeUndefined();
  });
});
