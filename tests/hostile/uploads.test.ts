/** Uploads that do not hold what they promise, and what is stored of those that do. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { gzipSync } from "node:zlib";
import {
  CreateBucketCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { computeChecksum } from "#foundation/aws/checksums";
import { encodeChunkedBody } from "#foundation/aws/chunked";
import { type SignedHeaders, signRequest } from "#foundation/aws/sigv4";
import { type ClientCloud, startClientCloud } from "../support/client-cloud.ts";
import { type RawAnswer, sendRaw, sendSigned } from "../support/raw-http.ts";
import { refusal, s3ClientFor } from "../support/s3.ts";

const KIB = 1024;
const BODY = Buffer.alloc(40 * KIB, "biplane ");

type Kind =
  | "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
  | "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
  | "STREAMING-UNSIGNED-PAYLOAD-TRAILER";

describe("uploads", () => {
  let here: ClientCloud;
  let s3: S3Client;
  let endpoint: string;

  beforeAll(async () => {
    here = await startClientCloud();
    endpoint = here.environment.AWS_ENDPOINT_URL!;
    s3 = s3ClientFor(here.environment);
    await s3.send(new CreateBucketCommand({ Bucket: "uploads" }));
  });
  afterAll(async () => {
    await here.dispose();
  });

  const isStored = async (key: string): Promise<boolean> =>
    await s3.send(new HeadObjectCommand({ Bucket: "uploads", Key: key })).then(
      () => true,
      () => false,
    );
  const read = async (key: string): Promise<Buffer> => {
    const got = await s3.send(new GetObjectCommand({ Bucket: "uploads", Key: key }));
    return Buffer.from(await got.Body!.transformToByteArray());
  };

  /** Sends an aws-chunked upload; `spoil` changes the encoded bytes and keeps their number. */
  async function upload(
    key: string,
    kind: Kind,
    options: {
      readonly headers?: readonly (readonly [string, string])[];
      readonly chunkBytes?: number;
      readonly checksum?: string;
      readonly decodedLength?: number;
      readonly spoil?: (encoded: Buffer) => void;
    } = {},
  ): Promise<RawAnswer> {
    const path = `/uploads/${key}`;
    const trailer = kind.endsWith("TRAILER");
    const headers: (readonly [string, string])[] = [
      ["host", new URL(endpoint).host],
      ["x-amz-decoded-content-length", String(options.decodedLength ?? BODY.length)],
      ...(trailer ? [["x-amz-trailer", "x-amz-checksum-crc32"] as const] : []),
      ...(options.headers ?? [["content-encoding", "aws-chunked"] as const]),
    ];
    const made: SignedHeaders = signRequest({ method: "PUT", path, query: "", headers }, kind, {
      credential: {
        accessKeyId: here.environment.AWS_ACCESS_KEY_ID!,
        secretAccessKey: here.environment.AWS_SECRET_ACCESS_KEY!,
      },
      region: "us-east-1",
      service: "s3",
      now: Date.now(),
    });
    const { signature: seedSignature, signingKey: key_, timestamp } = made;
    const scope = { date: timestamp.slice(0, 8), region: "us-east-1", service: "s3" };
    const checksum = options.checksum ?? computeChecksum("CRC32", BODY);
    const encoded = Buffer.concat([
      ...encodeChunkedBody([BODY], {
        chunkBytes: options.chunkBytes ?? 8 * KIB,
        ...(kind.includes("UNSIGNED") ? {} : { signing: { key: key_, scope, timestamp, seedSignature } }),
        ...(trailer ? { trailer: () => [["x-amz-checksum-crc32", checksum] as const] } : {}),
      }),
    ]);
    options.spoil?.(encoded);
    const lines = [...made.headers, ["content-length", String(encoded.length)] as const];
    const head = `PUT ${path} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`;
    return await sendRaw(endpoint, [head, encoded]);
  }

  const KINDS: readonly Kind[] = [
    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
    "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
  ];

  test.each(KINDS)("%s: the decoded bytes are stored, the coding of the transfer is not", async (kind) => {
    const key = `good-${kind}`;
    expect((await upload(key, kind)).status).toBe(200);
    expect((await read(key)).equals(BODY)).toBe(true);
    expect((await s3.send(new HeadObjectCommand({ Bucket: "uploads", Key: key }))).ContentEncoding).toBeUndefined();
  });

  test("gzip stays when aws-chunked goes, in either order", async () => {
    const zipped = gzipSync("text");
    for (const [name, coding] of [
      ["first", "gzip,aws-chunked"],
      ["second", "aws-chunked, gzip"],
    ] as const) {
      const answer = await upload(name, "STREAMING-UNSIGNED-PAYLOAD-TRAILER", {
        headers: [["content-encoding", coding]],
      });
      expect(answer.status).toBe(200);
      const head = await s3.send(new HeadObjectCommand({ Bucket: "uploads", Key: name }));
      expect(head.ContentEncoding).toBe("gzip");
    }
    await s3.send(new PutObjectCommand({ Bucket: "uploads", Key: "zipped", Body: zipped, ContentEncoding: "gzip" }));
    expect((await read("zipped")).equals(zipped)).toBe(true);
  });

  test.each([
    ["a chunk's data", 5000, "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", 403, "SignatureDoesNotMatch"],
    ["a later chunk's data", 30_000, "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER", 403, "SignatureDoesNotMatch"],
    ["a chunk's signature", 30, "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", 403, "SignatureDoesNotMatch"],
    ["unsigned data", 5000, "STREAMING-UNSIGNED-PAYLOAD-TRAILER", 400, "BadDigest"],
  ] as const)("%s changed on the way stores nothing", async (what, position, kind, status, code) => {
    const key = `spoiled ${what}`.replaceAll(" ", "-");
    const answer = await upload(key, kind, {
      spoil: (encoded) => {
        encoded[position] = encoded[position] === 0x61 ? 0x62 : 0x61;
      },
    });
    expect([answer.status, answer.code, await isStored(key)]).toEqual([status, code, false]);
  });

  test("what is announced must come", async () => {
    const cases: [string, Promise<RawAnswer>, number, string][] = [
      ["checksum", upload("checksum", KINDS[2]!, { checksum: "AAAAAA==" }), 400, "BadDigest"],
      ["signed-checksum", upload("signed-checksum", KINDS[1]!, { checksum: "AAAAAA==" }), 400, "BadDigest"],
      ["longer", upload("longer", KINDS[0]!, { decodedLength: BODY.length - 1 }), 400, "IncompleteBody"],
      ["shorter", upload("shorter", KINDS[0]!, { decodedLength: BODY.length + 1 }), 400, "IncompleteBody"],
      ["small-chunks", upload("small-chunks", KINDS[0]!, { chunkBytes: 1000 }), 403, "InvalidChunkSizeError"],
    ];
    for (const [key, sending, status, code] of cases) {
      const answer = await sending;
      expect([key, answer.status, answer.code, await isStored(key)]).toEqual([key, status, code, false]);
    }
  });

  test("a client that waits is refused before it sends, and a welcome one is told to", async () => {
    const plan = { method: "PUT", path: "/uploads/waiting", body: BODY, expectContinue: true } as const;
    const refusals = [
      await sendSigned(here.environment, { ...plan, credential: { accessKeyId: "AKIANOBODY", secretAccessKey: "x" } }),
      await sendSigned(here.environment, { ...plan, path: "/absent/waiting" }),
      await sendSigned(here.environment, { ...plan, headers: [["if-match", '"nothing"']] }),
    ];
    expect(refusals.map(({ status, code, continued }) => [status, code, continued])).toEqual([
      [403, "InvalidAccessKeyId", false],
      [404, "NoSuchBucket", false],
      [404, "NoSuchKey", false],
    ]);
    expect(await isStored("waiting")).toBe(false);
    const welcome = await sendSigned(here.environment, plan);
    expect([welcome.status, welcome.continued]).toEqual([200, true]);
    expect((await read("waiting")).equals(BODY)).toBe(true);
  });

  test("an unsigned upload does not reach the disk", async () => {
    const head = `PUT /uploads/nobody HTTP/1.1\r\nHost: x\r\nContent-Length: ${BODY.length}\r\n\r\n`;
    expect((await sendRaw(endpoint, [head, BODY])).code).toBe("AccessDenied");
    expect((await refusal(s3.send(new HeadObjectCommand({ Bucket: "uploads", Key: "nobody" })))).status).toBe(404);
  });
});
