/**
 * Bodies on their way in: hashed in one pass while they are staged, compared with what the client announced before anything is committed.
 */
import { type ChecksumAlgorithm, computeChecksum, toBase64 } from "#foundation/aws/checksums";
import { isWholeBody } from "#foundation/http";
import type { StagedBody } from "../engine/port.ts";
import { badDigest, s3Error } from "../errors.ts";
import { type AnnouncedChecksum, announcedValue } from "../rules/checksum-names.ts";
import { type BodyDigests, type BodyHasher, hashHere } from "./digests/body-hasher.ts";
import { createDigestThreads } from "./digests/digest-threads.ts";

const GIB = 1024 * 1024 * 1024;
/** The largest object of one PUT and the largest part. */
export const UPLOAD_BYTES_MAX = 5 * GIB;
/** Bodies up to this are collected, hashed in one call and staged as bytes: one chunk of a socket and a little more. */
export const COLLECT_BYTES_MAX = 128 * 1024;
/** Bodies from this size on (or of unknown size) are hashed by threads: 1 MiB takes 2 ms, in which a hundred small requests could be answered. */
export const THREAD_BYTES_MIN = 1024 * 1024;

/** One set of threads for the process: how many there may be is a matter of the machine. */
const threads = createDigestThreads();

/** Where the bytes go. */
export interface Staging {
  bytes(bytes: Uint8Array): Promise<StagedBody>;
  stream(source: AsyncIterable<Uint8Array>): Promise<StagedBody>;
  discard(body: StagedBody): Promise<void>;
}

/** What is known of a body before its first byte. */
export interface IntakeRequest {
  readonly source: AsyncIterable<Uint8Array> | undefined;
  /** Bytes, where the client said it. */
  readonly length: number | undefined;
  /** The `Content-MD5` header. */
  readonly contentMd5: string | undefined;
  readonly announced: AnnouncedChecksum | undefined;
  /** The checksum to keep with the object. */
  readonly algorithm: ChecksumAlgorithm;
  /** Complete after the body was read. */
  readonly trailers: ReadonlyMap<string, string>;
}

/** A body that is staged and is what the client announced. */
export interface Intake {
  readonly body: StagedBody;
  /** Hexadecimal. */
  readonly md5: string;
  /** Base64, of the asked algorithm. */
  readonly checksum: string;
}

const MD5_BASE64 = /^[A-Za-z0-9+/]{22}==$/;
const EMPTY = new Uint8Array(0);

/** Refuses before reading what can be refused before reading. */
function checkAnnouncement(request: IntakeRequest): void {
  if (request.contentMd5 !== undefined && !MD5_BASE64.test(request.contentMd5)) {
    throw s3Error("InvalidDigest", 400, "The Content-MD5 you specified was invalid.", {
      "Content-MD5": request.contentMd5,
    });
  }
  if (request.length !== undefined && request.length > UPLOAD_BYTES_MAX) throw entityTooLarge(request.length);
}

const entityTooLarge = (size: number) =>
  s3Error("EntityTooLarge", 400, "Your proposed upload exceeds the maximum allowed size", {
    ProposedSize: size,
    MaxSizeAllowed: UPLOAD_BYTES_MAX,
  });

const incompleteBody = () =>
  s3Error("IncompleteBody", 400, "You did not provide the number of bytes specified by the Content-Length HTTP header");

/**
 * Compares what was computed with what was announced.
 * @param md5 hexadecimal
 */
function verify(request: IntakeRequest, md5: string, checksums: (algorithm: ChecksumAlgorithm) => string): void {
  if (request.contentMd5 !== undefined) {
    const calculated = Buffer.from(md5, "hex").toString("base64");
    if (calculated !== request.contentMd5) {
      throw badDigest("The Content-MD5 you specified did not match what we received.", {
        ExpectedDigest: request.contentMd5,
        CalculatedDigest: calculated,
      });
    }
  }
  const { announced } = request;
  if (announced === undefined) return;
  if (announcedValue(announced, request.trailers) !== checksums(announced.algorithm)) {
    throw badDigest(`The ${announced.algorithm} you specified did not match the calculated checksum.`);
  }
}

async function collect(source: AsyncIterable<Uint8Array>, length: number): Promise<Uint8Array> {
  if (isWholeBody(source)) {
    const bytes = await source.bytes(length);
    if (bytes.length !== length) throw incompleteBody();
    return bytes;
  }
  const whole = new Uint8Array(length);
  let size = 0;
  for await (const chunk of source) {
    if (size + chunk.length > length) throw incompleteBody();
    whole.set(chunk, size);
    size += chunk.length;
  }
  if (size !== length) throw incompleteBody();
  return whole;
}

async function takeSmall(request: IntakeRequest, length: number, staging: Staging): Promise<Intake> {
  const bytes = request.source === undefined ? EMPTY : await collect(request.source, length);
  const md5 = Bun.MD5.hash(bytes, "hex");
  const checksum = computeChecksum(request.algorithm, bytes);
  verify(request, md5, (algorithm) => (algorithm === request.algorithm ? checksum : computeChecksum(algorithm, bytes)));
  return { body: await staging.bytes(bytes), md5, checksum };
}

async function takeLarge(request: IntakeRequest, source: AsyncIterable<Uint8Array>, staging: Staging): Promise<Intake> {
  const { announced, algorithm } = request;
  const algorithms = [...new Set(["MD5", algorithm, announced?.algorithm ?? algorithm] as const)];
  const hasher =
    request.length === undefined || request.length >= THREAD_BYTES_MIN
      ? threads.begin(algorithms)
      : hashHere(algorithms);
  let body: StagedBody | undefined;
  try {
    body = await staging.stream(hashed(request, source, hasher));
    const digests = await hasher.digests();
    const md5 = Buffer.from(digestOf(digests, "MD5")).toString("hex");
    const checksums = (name: ChecksumAlgorithm): string => toBase64(digestOf(digests, name));
    verify(request, md5, checksums);
    return { body, md5, checksum: checksums(algorithm) };
  } catch (error) {
    hasher.abandon();
    if (body !== undefined) await staging.discard(body);
    throw error;
  }
}

/** Hands the pieces on while they are hashed. */
async function* hashed(
  request: IntakeRequest,
  source: AsyncIterable<Uint8Array>,
  hasher: BodyHasher,
): AsyncGenerator<Uint8Array> {
  let size = 0;
  for await (const piece of source) {
    size += piece.length;
    if (size > UPLOAD_BYTES_MAX) throw entityTooLarge(size);
    const room = hasher.update(piece);
    yield piece;
    if (room !== undefined) await room;
  }
  if (request.length !== undefined && size !== request.length) throw incompleteBody();
  hasher.end();
}

function digestOf(digests: BodyDigests, algorithm: ChecksumAlgorithm): Uint8Array {
  const digest = digests.get(algorithm);
  if (digest === undefined) throw new Error(`${algorithm} was not computed`);
  return digest;
}

/**
 * Reads, hashes, stages and verifies a body in one pass. Whatever is refused leaves nothing staged.
 *
 * @throws AwsError InvalidDigest, BadDigest, InvalidRequest, IncompleteBody, EntityTooLarge; and what reading the source throws
 */
export function takeBody(request: IntakeRequest, staging: Staging): Promise<Intake> {
  checkAnnouncement(request);
  const { source, length } = request;
  if (source === undefined) return takeSmall(request, 0, staging);
  if (length !== undefined && length <= COLLECT_BYTES_MAX) return takeSmall(request, length, staging);
  return takeLarge(request, source, staging);
}
