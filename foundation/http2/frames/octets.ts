/** Memory that grows as it is written. */

const ROOM_AT_FIRST = 16 * 1024;
/** What is larger is not kept for the next one. */
const KEPT_BYTES_MAX = 64 * 1024;
const KEPT_MAX = 64;
const kept: Buffer[] = [];

export class Octets {
  length = 0;
  #bytes: Buffer = kept.pop() ?? Buffer.allocUnsafeSlow(ROOM_AT_FIRST);

  /** Octets up to `length` are written. */
  get bytes(): Buffer {
    return this.#bytes;
  }

  /** The same under the name that channels ask for. */
  get memory(): Buffer {
    return this.#bytes;
  }

  /** Nobody writes or reads it any more: its memory is for others. */
  release(): void {
    if (this.#bytes.length <= KEPT_BYTES_MAX && kept.length < KEPT_MAX) kept.push(this.#bytes);
  }

  reserve(more: number): void {
    const needed = this.length + more;
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#bytes.length * 2));
    this.#bytes.copy(larger, 0, 0, this.length);
    this.#bytes = larger;
  }

  octet(value: number): void {
    if (this.length === this.#bytes.length) this.reserve(1);
    this.#bytes[this.length++] = value;
  }

  uint16(value: number): void {
    this.octet(value >> 8);
    this.octet(value & 0xff);
  }

  uint32(value: number): void {
    this.uint16(value >>> 16);
    this.uint16(value & 0xffff);
  }

  latin1(text: string): void {
    this.reserve(text.length);
    this.#bytes.write(text, this.length, "latin1");
    this.length += text.length;
  }

  copy(bytes: Uint8Array, from = 0, to = bytes.length): void {
    this.reserve(to - from);
    this.#bytes.set(from === 0 && to === bytes.length ? bytes : bytes.subarray(from, to), this.length);
    this.length += to - from;
  }
}
