/** Bodies as the official SDK sends them: streams with trailing checksums. */

import { expect, test } from "bun:test";
import { Readable } from "node:stream";
import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { computeChecksum } from "#foundation/aws/checksums";
import { parseSignature, type SignableRequest, verifySignature } from "#foundation/aws/sigv4";
import { decodeChunkedBody } from "./index.ts";

const credentials = { accessKeyId: "AKIAEXAMPLEEXAMPLE00", secretAccessKey: "secret" };

/** What the SDK hands to its HTTP handler, as far as this test looks. */
interface OutgoingRequest {
  readonly method: string;
  readonly path: string;
  readonly query?: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: AsyncIterable<Uint8Array>;
}

interface Captured {
  readonly request: SignableRequest;
  readonly body: readonly Uint8Array[];
}

/** Lets the SDK build and sign an upload, and takes the request instead of sending it. */
async function capture(body: Buffer): Promise<Captured> {
  const captured: Captured[] = [];
  const client = new S3Client({
    region: "us-east-1",
    credentials,
    endpoint: "https://localhost:4566",
    forcePathStyle: true,
    requestHandler: {
      async handle(request: OutgoingRequest) {
        const pieces: Uint8Array[] = [];
        for await (const piece of request.body) pieces.push(Buffer.from(piece));
        const query = Object.entries(request.query ?? {}).map(([name, value]) => `${name}=${String(value)}`);
        const headers = Object.entries(request.headers);
        captured.push({
          body: pieces,
          request: {
            method: request.method,
            path: request.path,
            query: query.join("&"),
            headers: {
              get: (name) => headers.find(([other]) => other.toLowerCase() === name)?.[1],
              raw: headers.flat(),
            },
          },
        });
        return { response: { statusCode: 200, headers: {}, body: Readable.from([]) } };
      },
    },
  });
  const pieces = [body.subarray(0, 10_000), body.subarray(10_000)];
  await client.send(
    new PutObjectCommand({
      Bucket: "bucket",
      Key: "key",
      Body: Readable.from(pieces),
      ContentLength: body.length,
      ChecksumAlgorithm: "CRC32",
    }),
  );
  const [only] = captured;
  if (only === undefined) throw new Error("the SDK sent nothing");
  return only;
}

test("an upload of a stream with a trailing CRC32", async () => {
  const body = Buffer.from(Uint8Array.from({ length: 30_000 }, (_, i) => i * 31));
  const { request, body: wire } = await capture(body);
  const verified = verifySignature(parseSignature(request), request, credentials.secretAccessKey, {
    now: Date.now(),
    region: "us-east-1",
    service: "s3",
  });
  expect(verified).toMatchObject({ kind: "signed", payload: { kind: "streaming-unsigned" } });
  async function* source(): AsyncGenerator<Uint8Array> {
    yield* wire;
  }
  const decoded = decodeChunkedBody(source(), {
    decodedLength: Number(request.headers.get("x-amz-decoded-content-length")),
    signing: undefined,
    trailer: true,
    trailerNames: [request.headers.get("x-amz-trailer") ?? ""],
  });
  const pieces: Uint8Array[] = [];
  for await (const piece of decoded.body) pieces.push(piece);
  expect(Buffer.concat(pieces).equals(body)).toBe(true);
  expect(decoded.trailers.get("x-amz-checksum-crc32")).toBe(computeChecksum("CRC32", body));
});
