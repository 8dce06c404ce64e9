/** The beginning of a connection, put together from the pieces in which it comes. Pure. */

/** Least room; it doubles as it fills, so that a beginning that comes byte by byte is not copied as often. */
const ROOM_MIN = 256;

export class GatheredBytes {
  #room: Buffer = Buffer.alloc(0);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** All that came; valid until the next piece is added. */
  get bytes(): Buffer {
    return this.#room.subarray(0, this.#length);
  }

  add(piece: Uint8Array): void {
    const length = this.#length + piece.length;
    if (length > this.#room.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(ROOM_MIN, 2 * length));
      this.#room.copy(larger, 0, 0, this.#length);
      this.#room = larger;
    }
    this.#room.set(piece, this.#length);
    this.#length = length;
  }

  /** Takes the first bytes away. */
  drop(count: number): void {
    this.#room = this.#room.subarray(count, this.#length);
    this.#length = this.#room.length;
  }
}
