/** Undoes the compression of a layer: none, gzip (RFC 1952) or zstd (RFC 8878), told apart by the first bytes. */

import { Readable, type Transform } from "node:stream";
import { createGunzip, createZstdDecompress } from "node:zlib";
import { CodedError } from "#foundation/errors";
import { layerInvalid } from "../errors.ts";

export type Compression = "none" | "gzip" | "zstd";

/** The compression that the first (at least four) bytes show. Media types are not asked: they are often wrong, and the digest of the result is checked anyway. */
export function sniffCompression(start: Uint8Array): Compression {
  if (start[0] === 0x1f && start[1] === 0x8b) return "gzip";
  if (start[0] === 0x28 && start[1] === 0xb5 && start[2] === 0x2f && start[3] === 0xfd) return "zstd";
  return "none";
}

/** The bytes before compression. @throws image_layer_invalid when the compressed bytes are damaged; what the source throws */
export async function* decompress(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, void> {
  const iterator = source[Symbol.asyncIterator]();
  try {
    const parts: Uint8Array[] = [];
    let length = 0;
    while (length < 4) {
      const step = await iterator.next();
      if (step.done) break;
      parts.push(step.value);
      length += step.value.length;
    }
    const start = Buffer.concat(parts, length);
    const whole = startingWith(start, iterator);
    const compression = sniffCompression(start);
    if (compression === "none") yield* whole;
    else yield* through(compression === "gzip" ? createGunzip() : createZstdDecompress(), whole, compression);
  } finally {
    await iterator.return?.();
  }
}

async function* startingWith(start: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  if (start.length > 0) yield start;
  for (let step = await rest.next(); !step.done; step = await rest.next()) yield step.value;
}

async function* through(
  decoder: Transform,
  source: AsyncIterable<Uint8Array>,
  compression: Compression,
): AsyncGenerator<Uint8Array, void, void> {
  const input = Readable.from(source, { objectMode: true, highWaterMark: 2 });
  input.on("error", (error) => decoder.destroy(error));
  input.pipe(decoder);
  try {
    for await (const chunk of decoder) yield chunk as Uint8Array;
  } catch (error) {
    // Errors of the decoder carry zlib's codes; everything else came from the source and says more than "damaged".
    if (error instanceof CodedError || !isDecoderError(error)) throw error;
    throw layerInvalid(`The ${compression} data of the layer is damaged.`, error);
  } finally {
    input.destroy();
    decoder.destroy();
  }
}

function isDecoderError(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code;
  return (
    typeof code === "string" && (/^Z_/.test(code) || /^(ERR_)?ZSTD/i.test(code) || /^ERR_(ZLIB|BROTLI)/.test(code))
  );
}
