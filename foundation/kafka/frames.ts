/** Messages of the protocol out of pieces of any size: each after its length. Pure. */
import { MalformedBytesError } from "#foundation/binary";

/** What answers a producer has some kilobytes, of a topic with ten thousand partitions half a megabyte. */
export const FRAME_MAX = 4 * 1024 * 1024;

export class Frames {
  #bytes: Buffer = Buffer.alloc(0);

  /** @returns the frames that are whole now, in their order @throws MalformedBytesError */
  push(bytes: Uint8Array): readonly Buffer[] {
    this.#bytes = this.#bytes.length === 0 ? Buffer.from(bytes) : Buffer.concat([this.#bytes, bytes]);
    const frames: Buffer[] = [];
    let at = 0;
    while (this.#bytes.length - at >= 4) {
      const length = this.#bytes.readInt32BE(at);
      if (length < 4 || length > FRAME_MAX) throw new MalformedBytesError("an answer with a length that is none");
      if (this.#bytes.length - at - 4 < length) break;
      frames.push(this.#bytes.subarray(at + 4, at + 4 + length));
      at += 4 + length;
    }
    this.#bytes = this.#bytes.subarray(at);
    return frames;
  }
}
