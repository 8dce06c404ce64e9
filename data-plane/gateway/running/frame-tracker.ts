/** Where the frames of a WebSocket begin and end (RFC 6455 §5.2), without looking into them. Pure. */

const CLOSE = 8;
/** Two octets, at most eight of length, at most four of the mask. */
const HEAD_BYTES_MAX = 14;

export class FrameTracker {
  #closes = false;
  readonly #head = Buffer.alloc(HEAD_BYTES_MAX);
  /** Octets of the head of the frame that is begun. */
  #seen = 0;
  /** Octets of its payload that are to come. */
  #left = 0;

  /** Whether nothing is begun, so that another frame may stand here: those of control may stand between the parts of a message (§5.4). */
  get isBetween(): boolean {
    return this.#seen === 0 && this.#left === 0;
  }

  /** Whether a frame that closes has passed, whole. */
  get hasClosed(): boolean {
    return this.#closes && this.isBetween;
  }

  /** Octets that pass. */
  pass(bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.length) at = this.#step(bytes, at);
  }

  /** Octets as far as the end of the frame that is begun. @returns how many; -1: all of them, and it is not at its end */
  passToEnd(bytes: Uint8Array): number {
    let at = 0;
    while (at < bytes.length && !this.isBetween) at = this.#step(bytes, at);
    return this.isBetween ? at : -1;
  }

  #step(bytes: Uint8Array, from: number): number {
    if (this.#left > 0) {
      const length = Math.min(this.#left, bytes.length - from);
      this.#left -= length;
      return from + length;
    }
    this.#head[this.#seen++] = bytes[from]!;
    if (this.#seen === 1 && (bytes[from]! & 0x0f) === CLOSE) this.#closes = true;
    if (this.#seen >= 2 && this.#seen === this.#headBytes()) {
      this.#left = this.#payloadBytes();
      this.#seen = 0;
    }
    return from + 1;
  }

  #headBytes(): number {
    const second = this.#head[1]!;
    const length = second & 0x7f;
    return 2 + (length === 126 ? 2 : length === 127 ? 8 : 0) + (second >= 0x80 ? 4 : 0);
  }

  #payloadBytes(): number {
    const length = this.#head[1]! & 0x7f;
    if (length < 126) return length;
    return length === 126 ? this.#head.readUInt16BE(2) : Number(this.#head.readBigUInt64BE(2));
  }
}

/** The frame that says why this end closes (§5.5.1). @param reason of ASCII, at most 120 characters @param mask of four octets, from an end that is a client */
export function closeFrame(code: number, reason: string, mask?: Uint8Array): Buffer {
  const payload = Buffer.alloc(2 + reason.length);
  payload.writeUInt16BE(code);
  payload.write(reason, 2, "latin1");
  if (mask === undefined) return Buffer.concat([Buffer.of(0x80 | CLOSE, payload.length), payload]);
  for (let i = 0; i < payload.length; i++) payload[i]! ^= mask[i % 4]!;
  return Buffer.concat([Buffer.of(0x80 | CLOSE, 0x80 | payload.length), mask, payload]);
}
