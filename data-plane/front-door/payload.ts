/**
 * The body of a request on its way in: un-chunked, with the hash that was signed compared at its end.
 *
 * A stream is handed on before it is proven; whoever stores it must not commit before the iteration has ended without an error.
 */
import { AwsError } from "#foundation/aws";
import { type DecodedBody, decodeChunkedBody } from "#foundation/aws/chunked";
import {
  emptyPayloadHash,
  type PayloadHash,
  parsePayloadHash,
  SignatureError,
  type SignedRequest,
} from "#foundation/aws/sigv4";
import { type HttpRequest, PayloadTooLarge, type RequestBody, type WholeBody } from "#foundation/http";
import { announcedTrailers } from "./trailer-names.ts";

export const NO_TRAILERS: ReadonlyMap<string, string> = new Map();

const NO_BYTES = new Uint8Array(0);

/** Least size of a chunk that is not the last (S3 API Reference, "Transferring Payload in Multiple Chunks"). */
const CHUNK_BYTES_MIN = 8 * 1024;

/** Bodies up to this are proven before the first byte is handed on: they fit the request's own queue. */
const WHOLE_BYTES_MAX = 64 * 1024;

const UNSIGNED: PayloadHash = { kind: "unsigned" };

/** A decoded body. */
export interface Payload {
  readonly stream: AsyncIterable<Uint8Array>;
  /** Fills as the stream ends. */
  readonly trailers: ReadonlyMap<string, string>;
}

/** A decoded body in memory. */
export interface Document {
  readonly bytes: Uint8Array;
  readonly trailers: ReadonlyMap<string, string>;
}

/**
 * What a request says about its body. Signature Version 4 covers the statement; that of other requests binds nobody but is still compared.
 *
 * @throws SignatureError `invalid-payload-hash`, `unsupported-algorithm`
 * @throws AwsError `InvalidRequest` for signed chunks of a request whose signature cannot sign chunks
 */
export function payloadHashOf(request: HttpRequest, signature: SignedRequest | undefined): PayloadHash {
  if (signature?.signingKey !== undefined) return signature.payload;
  const claimed = request.headers.get("x-amz-content-sha256");
  if (claimed === undefined) return UNSIGNED;
  const hash = parsePayloadHash(claimed);
  if (hash.kind !== "streaming-signed") return hash;
  throw new AwsError("InvalidRequest", "Signed chunks need a request that is signed with AWS4-HMAC-SHA256.", {
    statusCode: 400,
  });
}

/** Whether a body is `aws-chunked`. */
export function isChunked(hash: PayloadHash): boolean {
  return hash.kind === "streaming-signed" || hash.kind === "streaming-unsigned";
}

/**
 * The body as a stream. Nothing is read before the iteration begins.
 *
 * @param signature undefined for anonymous requests, whose bodies nobody vouches for
 * @throws AwsError `MissingContentLength`, `IncompleteBody`, `InvalidRequest` for a chunked encoding whose headers are not right; and (while
 *   reading) for every mismatch
 */
export function openPayload(request: HttpRequest, signature: SignedRequest | undefined): Payload {
  const hash = payloadHashOf(request, signature);
  switch (hash.kind) {
    case "unsigned":
      return { stream: request.body, trailers: NO_TRAILERS };
    case "sha256": {
      const { contentLength } = request;
      const stream =
        contentLength !== undefined && contentLength <= WHOLE_BYTES_MAX
          ? new ProvenBody(request.body, contentLength, hash.hex)
          : provenAtEnd(request.body, hash.hex);
      return { stream, trailers: NO_TRAILERS };
    }
    default: {
      const { body, trailers } = openChunked(request, signature, hash, decodedLength(request));
      return { stream: body, trailers };
    }
  }
}

/**
 * The whole decoded body in memory, for operations whose input is a document.
 *
 * @param limit bytes
 * @throws AwsError like {@link openPayload}; SignatureError `payload-mismatch`; PayloadTooLarge
 */
export async function readDocument(
  request: HttpRequest,
  signature: SignedRequest | undefined,
  limit: number,
): Promise<Document> {
  const hash = payloadHashOf(request, signature);
  if (isChunked(hash)) {
    const length = decodedLength(request);
    if (length > limit) throw new PayloadTooLarge(limit);
    const { body, trailers } = openChunked(request, signature, hash, length);
    return { bytes: await collect(body, length), trailers };
  }
  const bytes = request.body.empty ? NO_BYTES : await request.body.bytes(limit);
  compareWhole(hash, bytes);
  return { bytes, trailers: NO_TRAILERS };
}

/** @throws SignatureError `payload-mismatch` when bytes are not those that were signed */
export function compareWhole(hash: PayloadHash, bytes: Uint8Array): void {
  if (hash.kind !== "sha256") return;
  expectHash(hash.hex, bytes.length === 0 ? emptyPayloadHash : Bun.SHA256.hash(bytes, "hex"));
}

function openChunked(
  request: HttpRequest,
  signature: SignedRequest | undefined,
  hash: PayloadHash,
  length: number,
): DecodedBody {
  const signedChunks = hash.kind === "streaming-signed";
  const trailer = !signedChunks || hash.trailer;
  // The encoding only adds; a body that is shorter than what is in it will never be whole.
  if (request.contentLength !== undefined && request.contentLength < length) {
    throw new AwsError(
      "IncompleteBody",
      "You did not provide the number of bytes specified by the x-amz-decoded-content-length HTTP header.",
      { statusCode: 400 },
    );
  }
  return decodeChunkedBody(request.body, {
    decodedLength: length,
    signing: signedChunks ? chunkSigning(signature) : undefined,
    trailer,
    trailerNames: announcedTrailers(request.headers.get("x-amz-trailer"), trailer),
    chunkBytesMin: CHUNK_BYTES_MIN,
  });
}

function chunkSigning(signature: SignedRequest | undefined) {
  if (signature?.signingKey === undefined || signature.scope === undefined) {
    throw new TypeError("signed chunks without a signing key have been let through");
  }
  const { signingKey: key, scope, timestamp, seedSignature } = signature;
  return { key, scope, timestamp, seedSignature };
}

/** A body that is compared with its signed hash before the first byte is handed on. */
class ProvenBody implements WholeBody {
  readonly #body: RequestBody;
  readonly #length: number;
  readonly #expected: string;

  constructor(body: RequestBody, length: number, expected: string) {
    this.#body = body;
    this.#length = length;
    this.#expected = expected;
  }

  async bytes(limit: number): Promise<Uint8Array> {
    const bytes = await this.#body.bytes(Math.min(limit, this.#length));
    expectHash(this.#expected, Bun.SHA256.hash(bytes, "hex"));
    return bytes;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    const bytes = await this.bytes(this.#length);
    if (bytes.length > 0) yield bytes;
  }
}

async function* provenAtEnd(source: AsyncIterable<Uint8Array>, expected: string): AsyncGenerator<Uint8Array> {
  const hasher = new Bun.CryptoHasher("sha256");
  for await (const chunk of source) {
    hasher.update(chunk);
    yield chunk;
  }
  expectHash(expected, hasher.digest("hex"));
}

function expectHash(claimed: string, computed: string): void {
  if (claimed !== computed) throw new SignatureError({ reason: "payload-mismatch", claimed, computed });
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

/** The decoder ends with an error for any other number of bytes than `length`. */
async function collect(source: AsyncIterable<Uint8Array>, length: number): Promise<Uint8Array> {
  const whole = new Uint8Array(length);
  let size = 0;
  for await (const chunk of source) {
    whole.set(chunk, size);
    size += chunk.length;
  }
  return whole;
}
