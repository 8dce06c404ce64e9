/** A body that is kept while it passes. */

/**
 * The same body, piece by piece as it comes, at the pace of whoever reads it.
 *
 * @param bytesMax when it has more, it only passes
 * @param onEnd called once: with the whole body when all of it has passed, with undefined when it is too long, breaks, or nobody wants the rest
 */
export async function* recorded(
  source: AsyncIterable<Uint8Array>,
  bytesMax: number,
  onEnd: (body: Uint8Array | undefined) => void,
): AsyncGenerator<Uint8Array> {
  let pieces: Uint8Array[] | undefined = [];
  let length = 0;
  let whole: Uint8Array | undefined;
  try {
    for await (const piece of source) {
      length += piece.length;
      if (length > bytesMax) pieces = undefined;
      // What is received may be a view into a larger buffer, and so is a slice of a Buffer.
      else pieces?.push(new Uint8Array(piece));
      yield piece;
    }
    if (pieces !== undefined) whole = Buffer.concat(pieces, length);
  } finally {
    onEnd(whole);
  }
}
