/** The decoder over a stream. */

import { type ChunkedBodyOptions, ChunkedDecoder } from "./decoder.ts";

/** A body being decoded. */
export interface DecodedBody {
  /**
   * The decoded bytes, as views of the source's chunks. They are handed on before they are proven: an error ends the iteration, and whoever stores
   * the bytes must not commit before the iteration has ended without one.
   */
  readonly body: AsyncIterable<Uint8Array>;
  /** Trailer fields by lower-case name; complete when the iteration has ended. */
  readonly trailers: ReadonlyMap<string, string>;
}

/**
 * Decodes an `aws-chunked` body while it arrives.
 *
 * @throws ChunkedBodyError while iterating; errors of the source pass through
 * @example
 * const { body, trailers } = decodeChunkedBody(request.body, { decodedLength, signing: undefined, trailer: true });
 * for await (const bytes of body) await file.write(bytes);
 * const checksum = trailers.get("x-amz-checksum-crc32");
 */
export function decodeChunkedBody(source: AsyncIterable<Uint8Array>, options: ChunkedBodyOptions): DecodedBody {
  const decoder = new ChunkedDecoder(options);
  return { body: pieces(source, decoder), trailers: decoder.trailers };
}

async function* pieces(source: AsyncIterable<Uint8Array>, decoder: ChunkedDecoder): AsyncGenerator<Uint8Array> {
  for await (const bytes of source) {
    decoder.push(bytes);
    for (let piece = decoder.next(); piece !== undefined; piece = decoder.next()) yield piece;
  }
  decoder.finish();
}
