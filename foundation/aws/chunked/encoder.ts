/** Writing `aws-chunked` bodies: for our own command line and for tests. */

import { type ChunkSigning, SignatureChain } from "./signing.ts";

/** How a body is written. */
export interface EncodeOptions {
  /** Size of every chunk but the last. AWS wants at least 8,192. */
  readonly chunkBytes: number;
  readonly signing?: ChunkSigning;
  /** Asked once after the last byte: the trailer's fields, lower-case names. Undefined: no trailer. */
  readonly trailer?: () => readonly (readonly [name: string, value: string])[];
}

const lineEnd = Buffer.from("\r\n");

/**
 * Encodes a body.
 *
 * @param body pieces of any size; they are regrouped into chunks of `chunkBytes`
 */
export function* encodeChunkedBody(body: Iterable<Uint8Array>, options: EncodeOptions): Generator<Uint8Array> {
  const chain = options.signing === undefined ? undefined : new SignatureChain(options.signing);
  let waiting: Uint8Array[] = [];
  let waitingBytes = 0;
  for (let piece of body) {
    while (waitingBytes + piece.length >= options.chunkBytes) {
      const taken = options.chunkBytes - waitingBytes;
      waiting.push(piece.subarray(0, taken));
      yield* chunk(waiting, options.chunkBytes, chain);
      piece = piece.subarray(taken);
      waiting = [];
      waitingBytes = 0;
    }
    if (piece.length > 0) {
      waiting.push(piece);
      waitingBytes += piece.length;
    }
  }
  if (waitingBytes > 0) yield* chunk(waiting, waitingBytes, chain);
  yield header(0, chain, []);
  if (options.trailer !== undefined) yield trailer(options.trailer(), chain);
  yield lineEnd;
}

/** The number of bytes that {@link encodeChunkedBody} will write without a trailer, for `Content-Length`. */
export function encodedLength(bodyBytes: number, chunkBytes: number, signed: boolean): number {
  const extension = signed ? ";chunk-signature=".length + 64 : 0;
  const whole = Math.floor(bodyBytes / chunkBytes);
  const rest = bodyBytes % chunkBytes;
  const framed = (size: number) => size.toString(16).length + extension + 2 + size + 2;
  return whole * framed(chunkBytes) + (rest > 0 ? framed(rest) : 0) + 1 + extension + 2 + 2;
}

function* chunk(pieces: readonly Uint8Array[], size: number, chain: SignatureChain | undefined): Generator<Uint8Array> {
  yield header(size, chain, pieces);
  yield* pieces;
  yield lineEnd;
}

function header(size: number, chain: SignatureChain | undefined, pieces: readonly Uint8Array[]): Uint8Array {
  const hex = size.toString(16);
  if (chain === undefined) return Buffer.from(`${hex}\r\n`);
  const hasher = new Bun.CryptoHasher("sha256");
  for (const piece of pieces) hasher.update(piece);
  return Buffer.from(`${hex};chunk-signature=${chain.chunk(hasher.digest("hex")).signature}\r\n`);
}

function trailer(fields: readonly (readonly [string, string])[], chain: SignatureChain | undefined): Uint8Array {
  let text = fields.map(([name, value]) => `${name}:${value}\r\n`).join("");
  if (chain !== undefined) {
    const signed = fields.map(([name, value]) => `${name}:${value}\n`).join("");
    const hash = new Bun.CryptoHasher("sha256").update(signed).digest("hex");
    text += `x-amz-trailer-signature:${chain.trailer(hash).signature}\r\n`;
  }
  return Buffer.from(text);
}
