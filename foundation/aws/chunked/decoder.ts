/**
 * The `aws-chunked` decoder as a pure machine: bytes are pushed in, pieces of the decoded body are taken out.
 *
 * ```text
 * body    = chunk* last-chunk trailer CRLF
 * chunk   = hex-size [";chunk-signature=" 64hex] CRLF data CRLF
 * trailer = (name ":" value CRLF)* ["x-amz-trailer-signature:" 64hex CRLF]
 * ```
 *
 * Pieces are views of the pushed bytes: nothing is copied but headers that straddle two pushes.
 */

import { equalInConstantTime } from "#foundation/aws/sigv4";
import { ChunkedBodyError } from "./error.ts";
import { chunkBytesMax, chunkHeaderBytesMax, trailerBytesMax } from "./limits.ts";
import { type ChunkSigning, SignatureChain } from "./signing.ts";
import { TrailerReader } from "./trailer.ts";

/** What the request's headers say about its chunked body. */
export interface ChunkedBodyOptions {
  /** `x-amz-decoded-content-length`; undefined when the client did not say. */
  readonly decodedLength: number | undefined;
  /** Present for `STREAMING-AWS4-HMAC-SHA256-PAYLOAD…`: every chunk must be signed. */
  readonly signing: ChunkSigning | undefined;
  /** Whether a trailer follows the last chunk (`…-TRAILER`). With `signing` it must be signed. */
  readonly trailer: boolean;
  /** Names from `x-amz-trailer`, lower case: each must come, and no other. Undefined: not checked. */
  readonly trailerNames?: readonly string[];
  /** Least size of every chunk but the last, which AWS sets to 8,192. Default 0: any. */
  readonly chunkBytesMin?: number;
}

type State = "chunk-header" | "data" | "data-end" | "trailer" | "done";

const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const semicolon = 0x3b;
const signaturePrefix = "chunk-signature=";

/** Decodes one body. Push bytes, take pieces until there is none, push again, and finish. */
export class ChunkedDecoder {
  readonly #options: ChunkedBodyOptions;
  readonly #chain: SignatureChain | undefined;
  readonly #trailers: TrailerReader;
  #state: State = "chunk-header";
  #input: Uint8Array = new Uint8Array(0);
  #position = 0;
  /** Bytes of a line that began in an earlier push. */
  #partialLine: Uint8Array | undefined;
  #trailerBytes = 0;
  #chunkNumber = 0;
  #chunkSize = 0;
  #chunkLeft = 0;
  #chunkSignature = "";
  #hasher: Bun.CryptoHasher | undefined;
  #decoded = 0;

  constructor(options: ChunkedBodyOptions) {
    this.#options = options;
    this.#chain = options.signing === undefined ? undefined : new SignatureChain(options.signing);
    this.#trailers = new TrailerReader(options.trailer && options.signing !== undefined, options.trailerNames);
  }

  /** Trailer fields by lower-case name; complete after {@link finish}. */
  get trailers(): ReadonlyMap<string, string> {
    return this.#trailers.fields;
  }

  /** Gives the decoder more bytes. All pieces of the bytes before must have been taken. */
  push(input: Uint8Array): void {
    if (this.#position < this.#input.length) throw new Error("take all pieces before pushing more bytes");
    this.#input = input;
    this.#position = 0;
  }

  /**
   * The next piece of the decoded body, or undefined when more bytes are needed.
   *
   * @throws ChunkedBodyError
   */
  next(): Uint8Array | undefined {
    while (this.#position < this.#input.length) {
      switch (this.#state) {
        case "chunk-header":
          this.#readChunkHeader();
          break;
        case "data":
          return this.#takeData();
        case "data-end":
          this.#readDataEnd();
          break;
        case "trailer":
          this.#readTrailerLine();
          break;
        case "done":
          throw new ChunkedBodyError({ reason: "malformed-chunk", problem: "bytes after the end" });
      }
    }
    return undefined;
  }

  /**
   * Says that no more bytes will come.
   *
   * @throws ChunkedBodyError `incomplete` when the body had not ended
   */
  finish(): void {
    if (this.#state !== "done") throw new ChunkedBodyError({ reason: "incomplete" });
  }

  /** A whole line without its end, or undefined (and remembered) when its end has not come yet. */
  #takeLine(bytesMax: number): Uint8Array | undefined {
    const end = this.#input.indexOf(lineFeed, this.#position);
    const before = this.#partialLine?.length ?? 0;
    const length = (end === -1 ? this.#input.length : end) - this.#position;
    if (before + length > bytesMax) {
      throw this.#state === "trailer"
        ? new ChunkedBodyError({ reason: "malformed-trailer", problem: "a line is too long" })
        : new ChunkedBodyError({ reason: "malformed-chunk", problem: "the chunk header is too long" });
    }
    const here = this.#input.subarray(this.#position, this.#position + length);
    this.#position += length + (end === -1 ? 0 : 1);
    const line = this.#partialLine === undefined ? here : Buffer.concat([this.#partialLine, here]);
    if (end === -1) {
      // The source may reuse its memory: what is kept is copied. Not by `slice`, which for a Buffer gives a view.
      this.#partialLine = new Uint8Array(line);
      return undefined;
    }
    this.#partialLine = undefined;
    return line.at(-1) === carriageReturn ? line.subarray(0, line.length - 1) : line;
  }

  #readChunkHeader(): void {
    const line = this.#takeLine(chunkHeaderBytesMax);
    if (line === undefined) return;
    const size = parseSize(line);
    if (size > chunkBytesMax) {
      throw new ChunkedBodyError({ reason: "chunk-too-large", chunk: this.#chunkNumber, size });
    }
    if (this.#chain !== undefined) {
      this.#chunkSignature = parseChunkSignature(line);
      this.#hasher = new Bun.CryptoHasher("sha256");
    }
    const { decodedLength, chunkBytesMin = 0 } = this.#options;
    if (decodedLength !== undefined && this.#decoded + size > decodedLength) {
      throw new ChunkedBodyError({
        reason: "length-mismatch",
        expected: decodedLength,
        actual: this.#decoded + size,
      });
    }
    if (size > 0 && this.#chunkNumber > 0 && this.#chunkSize < chunkBytesMin) {
      throw new ChunkedBodyError({
        reason: "chunk-too-small",
        chunk: this.#chunkNumber - 1,
        size: this.#chunkSize,
      });
    }
    this.#chunkSize = size;
    this.#chunkLeft = size;
    if (size > 0) {
      this.#state = "data";
      return;
    }
    if (decodedLength !== undefined && this.#decoded !== decodedLength) {
      throw new ChunkedBodyError({ reason: "length-mismatch", expected: decodedLength, actual: this.#decoded });
    }
    this.#endChunk();
    this.#state = "trailer";
  }

  #takeData(): Uint8Array {
    const available = this.#input.length - this.#position;
    const length = Math.min(available, this.#chunkLeft);
    const piece = this.#input.subarray(this.#position, this.#position + length);
    this.#hasher?.update(piece);
    this.#position += length;
    this.#chunkLeft -= length;
    this.#decoded += length;
    if (this.#chunkLeft === 0) {
      this.#endChunk();
      this.#state = "data-end";
    }
    return piece;
  }

  /** Compares the signature of the chunk that has just ended. */
  #endChunk(): void {
    if (this.#chain !== undefined && this.#hasher !== undefined) {
      const { signature, stringToSign } = this.#chain.chunk(this.#hasher.digest("hex"));
      if (!equalInConstantTime(signature, this.#chunkSignature)) {
        throw new ChunkedBodyError({
          reason: "signature-mismatch",
          where: this.#chunkNumber,
          stringToSign,
          signatureProvided: this.#chunkSignature,
        });
      }
      this.#hasher = undefined;
    }
    this.#chunkNumber++;
  }

  #readDataEnd(): void {
    // Two bytes at most, carriage return and line feed: a longer line means that the chunk was longer than it said.
    const line = this.#takeLine(1);
    if (line === undefined) return;
    if (line.length !== 0) {
      throw new ChunkedBodyError({
        reason: "malformed-chunk",
        problem: "the data is longer than the chunk header says",
      });
    }
    this.#state = "chunk-header";
  }

  #readTrailerLine(): void {
    const line = this.#takeLine(trailerBytesMax - this.#trailerBytes);
    if (line === undefined) return;
    this.#trailerBytes += line.length + 2;
    if (line.length > 0) {
      if (!this.#options.trailer) {
        throw new ChunkedBodyError({
          reason: "malformed-trailer",
          problem: "there is a trailer that was not announced",
        });
      }
      this.#trailers.line(Buffer.from(line.buffer, line.byteOffset, line.length).toString("latin1"));
      return;
    }
    // Some clients put an empty line before the trailer's signature; the trailer ends with the one after it.
    if (!this.#trailers.readyToEnd) {
      if (this.#trailerBytes >= trailerBytesMax) {
        throw new ChunkedBodyError({ reason: "malformed-trailer", problem: "the trailer is too long" });
      }
      return;
    }
    this.#trailers.finish(this.#chain);
    this.#state = "done";
  }
}

/** The hexadecimal size at the beginning of a chunk header. */
function parseSize(line: Uint8Array): number {
  let size = 0;
  let i = 0;
  for (; i < line.length; i++) {
    const code = line[i] ?? 0;
    if (code === semicolon) break;
    const digit = hexDigit(code);
    if (digit < 0 || i >= 16)
      throw new ChunkedBodyError({ reason: "malformed-chunk", problem: "the size is not hexadecimal" });
    size = size * 16 + digit;
  }
  if (i === 0) throw new ChunkedBodyError({ reason: "malformed-chunk", problem: "there is no size" });
  return size;
}

function parseChunkSignature(line: Uint8Array): string {
  const text = Buffer.from(line.buffer, line.byteOffset, line.length).toString("latin1");
  for (const extension of text.split(";").slice(1)) {
    const trimmed = extension.trim();
    if (trimmed.startsWith(signaturePrefix)) return trimmed.slice(signaturePrefix.length);
  }
  throw new ChunkedBodyError({ reason: "malformed-chunk", problem: "the chunk is not signed" });
}

function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}
