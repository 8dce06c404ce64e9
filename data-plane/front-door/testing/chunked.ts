/** Requests whose bodies are `aws-chunked`, as clients send them. */

import { computeChecksum } from "#foundation/aws/checksums";
import { encodeChunkedBody } from "#foundation/aws/chunked";
import { type Credential, signRequest } from "#foundation/aws/sigv4";
import type { HeaderList } from "#foundation/http";
import { HOST, NOW, type RequestPlan } from "./fake-request.ts";

export const STREAMING = {
  signed: "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
  signedTrailer: "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
  unsignedTrailer: "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
} as const;

export type Streaming = keyof typeof STREAMING;

export interface ChunkedPlan {
  readonly kind: Streaming;
  readonly body: Uint8Array;
  /** Undefined: anonymous. */
  readonly credential?: Credential;
  readonly path?: string;
  readonly method?: string;
  readonly query?: string;
  readonly chunkBytes?: number;
  /** Instead of the length of `body`; null leaves the header away. */
  readonly decodedLength?: string | null;
  /** Instead of the name of the trailer that is sent; null leaves the header away. */
  readonly announced?: string | null;
  readonly headers?: HeaderList;
}

/** Encodes, signs and announces. The encoded body is one chunk; `spoil` changes it afterwards. */
export function chunkedPlan(plan: ChunkedPlan, spoil: (encoded: Buffer) => Buffer = (encoded) => encoded): RequestPlan {
  const { kind, body, credential, method = "PUT", path = "/photos/cat.png", query = "" } = plan;
  const trailer = kind !== "signed";
  const announced = plan.announced === undefined ? (trailer ? "x-amz-checksum-crc32" : null) : plan.announced;
  const decodedLength = plan.decodedLength === undefined ? String(body.length) : plan.decodedLength;
  const headers: (readonly [string, string])[] = [["host", HOST], ...(plan.headers ?? [])];
  if (decodedLength !== null) headers.push(["x-amz-decoded-content-length", decodedLength]);
  if (announced !== null) headers.push(["x-amz-trailer", announced]);
  const request = { method, path, query, headers };
  const made =
    credential === undefined
      ? undefined
      : signRequest(request, STREAMING[kind], { credential, region: "us-east-1", service: "s3", now: NOW });
  const signing =
    made === undefined || kind === "unsignedTrailer"
      ? undefined
      : {
          key: made.signingKey,
          scope: { date: made.timestamp.slice(0, 8), region: "us-east-1", service: "s3" },
          timestamp: made.timestamp,
          seedSignature: made.signature,
        };
  const encoded = encodeChunkedBody([body], {
    chunkBytes: plan.chunkBytes ?? 64 * 1024,
    ...(signing === undefined ? {} : { signing }),
    ...(trailer ? { trailer: () => [["x-amz-checksum-crc32", computeChecksum("CRC32", body)]] } : {}),
  });
  return {
    method,
    path,
    query,
    body: spoil(Buffer.concat([...encoded])),
    headers: made?.headers ?? [...headers, ["x-amz-content-sha256", STREAMING[kind]]],
  };
}
