/**
 * The body of a request on its way in: un-chunked, with the hash that was signed compared at its end.
 *
 * A stream is handed on before it is proven; whoever stores it must not commit before the iteration has ended without an error.
 */
import { AwsError } from "#foundation/aws";
import { decodeChunkedBody } from "#foundation/aws/chunked";
import type { SignedRequest } from "#foundation/aws/sigv4";
import type { HttpRequest } from "#foundation/http";

const NO_TRAILERS: ReadonlyMap<string, string> = new Map();

/** SHA-256 of nothing. */
const EMPTY_SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/** The decoded body; `trailers` fill as the stream ends. */
export interface Payload {
  readonly stream: AsyncIterable<Uint8Array>;
  readonly trailers: ReadonlyMap<string, string>;
  /** Bytes of the decoded body, where the client said it. */
  readonly length: number | undefined;
}

/**
 * @param signature undefined for anonymous requests, whose bodies nobody vouches for
 * @throws AwsError for a chunked encoding without its length, and (while reading) for every mismatch
 */
export function openPayload(request: HttpRequest, signature: SignedRequest | undefined): Payload {
  const kind = signature?.payload.kind ?? anonymousKind(request);
  if (kind === "streaming-signed" || kind === "streaming-unsigned") {
    const length = decodedLength(request);
    const signedTrailer = signature?.payload.kind === "streaming-signed" && signature.payload.trailer;
    const decoder = decodeChunkedBody(request.body, {
      decodedLength: length,
      signing:
        kind === "streaming-signed" && signature?.signingKey !== undefined && signature.scope !== undefined
          ? {
              key: signature.signingKey,
              scope: signature.scope,
              timestamp: signature.timestamp,
              seedSignature: signature.seedSignature,
            }
          : undefined,
      trailer: kind === "streaming-unsigned" || signedTrailer,
    });
    return { stream: decoder.body, trailers: decoder.trailers, length };
  }
  if (signature?.payload.kind === "sha256") {
    return {
      stream: compareHash(request.body, signature.payload.hex),
      trailers: NO_TRAILERS,
      length: request.body.empty ? 0 : request.contentLength,
    };
  }
  return { stream: request.body, trailers: NO_TRAILERS, length: request.body.empty ? 0 : request.contentLength };
}

/**
 * The whole decoded body in memory, for operations whose input is a document.
 *
 * @param limit bytes
 * @param alreadyRead the body, where it was needed to find out which operation this is
 */
export async function readPayload(
  request: HttpRequest,
  signature: SignedRequest | undefined,
  limit: number,
  alreadyRead?: Uint8Array,
): Promise<{ readonly bytes: Uint8Array; readonly trailers: ReadonlyMap<string, string> }> {
  const kind = signature?.payload.kind ?? anonymousKind(request);
  if (alreadyRead === undefined && (kind === "streaming-signed" || kind === "streaming-unsigned")) {
    const payload = openPayload(request, signature);
    return { bytes: await collect(payload.stream, limit), trailers: payload.trailers };
  }
  const bytes = alreadyRead ?? (request.body.empty ? EMPTY : await request.body.bytes(limit));
  if (signature?.payload.kind === "sha256") expectHash(signature.payload.hex, sha256Of(bytes));
  return { bytes, trailers: NO_TRAILERS };
}

const EMPTY = new Uint8Array(0);

function sha256Of(bytes: Uint8Array): string {
  return bytes.length === 0 ? EMPTY_SHA256 : new Bun.CryptoHasher("sha256").update(bytes).digest("hex");
}

async function* compareHash(source: AsyncIterable<Uint8Array>, expected: string): AsyncGenerator<Uint8Array> {
  const hasher = new Bun.CryptoHasher("sha256");
  for await (const chunk of source) {
    hasher.update(chunk);
    yield chunk;
  }
  expectHash(expected, hasher.digest("hex"));
}

function expectHash(expected: string, computed: string): void {
  if (expected === computed) return;
  throw new AwsError(
    "XAmzContentSHA256Mismatch",
    "The provided 'x-amz-content-sha256' header does not match what was computed.",
    {
      statusCode: 400,
      fields: { ClientComputedContentSHA256: expected, S3ComputedContentSHA256: computed },
    },
  );
}

/** Anonymous clients may also send `aws-chunked` with an unsigned trailer. */
function anonymousKind(request: HttpRequest): "streaming-unsigned" | "unsigned" {
  return request.headers.get("x-amz-content-sha256") === "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
    ? "streaming-unsigned"
    : "unsigned";
}

function decodedLength(request: HttpRequest): number {
  const text = request.headers.get("x-amz-decoded-content-length");
  if (text === undefined || !/^\d{1,15}$/.test(text)) {
    throw new AwsError("MissingContentLength", "You must provide the Content-Length HTTP header.", {
      statusCode: 411,
    });
  }
  return Number(text);
}

async function collect(source: AsyncIterable<Uint8Array>, limit: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of source) {
    size += chunk.length;
    if (size > limit)
      throw new AwsError("MaxMessageLengthExceeded", "Your request was too large.", { statusCode: 400 });
    chunks.push(chunk.slice());
  }
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, size);
}
