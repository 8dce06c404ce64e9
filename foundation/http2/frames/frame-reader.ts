/** Cuts what arrives into frames (RFC 9113 §4.1). Pure. */
import { CODE, ConnectionFault, FRAME_BYTES, HEADER_BYTES } from "./frames.ts";

export interface FrameSink {
  /** @param payload a view into what was received */
  onFrame(type: number, flags: number, stream: number, payload: Buffer): void;
}

export class FrameReader {
  readonly #sink: FrameSink;
  readonly #preface: Buffer;
  /** Of the preface. */
  #seen = 0;
  /** The beginning of a frame whose rest is to come. */
  #held: Buffer | undefined;

  /** @param preface what has to come first; empty for nothing */
  constructor(sink: FrameSink, preface: Buffer) {
    this.#sink = sink;
    this.#preface = preface;
  }

  /** Whether nothing is begun. */
  get isBetween(): boolean {
    return this.#seen === this.#preface.length && this.#held === undefined;
  }

  /** @param isOver asked before each frame: whether the rest is for nobody @throws ConnectionFault, and what the sink throws */
  push(received: Buffer, isOver: () => boolean): void {
    let bytes = received;
    let at = this.#readPreface(bytes);
    if (this.#held !== undefined) {
      bytes = Buffer.concat([this.#held, bytes]);
      this.#held = undefined;
      at = 0;
    }
    while (bytes.length - at >= HEADER_BYTES && !isOver()) {
      const length = bytes.readUIntBE(at, 3);
      if (length > FRAME_BYTES) throw new ConnectionFault(CODE.FRAME_SIZE_ERROR, "A frame is too long.");
      const end = at + HEADER_BYTES + length;
      if (end > bytes.length) break;
      const stream = bytes.readUInt32BE(at + 5) & 0x7fff_ffff;
      this.#sink.onFrame(bytes[at + 3]!, bytes[at + 4]!, stream, bytes.subarray(at + HEADER_BYTES, end));
      at = end;
    }
    // A copy: the memory of what was received may be large.
    if (at < bytes.length) this.#held = Buffer.from(bytes.subarray(at));
  }

  #readPreface(bytes: Buffer): number {
    const length = Math.min(this.#preface.length - this.#seen, bytes.length);
    if (bytes.compare(this.#preface, this.#seen, this.#seen + length, 0, length) !== 0) {
      throw new ConnectionFault(CODE.PROTOCOL_ERROR, "This is not HTTP/2.");
    }
    this.#seen += length;
    return length;
  }
}
