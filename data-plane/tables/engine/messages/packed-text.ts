/**
 * One string that holds a small JSON header and many texts: what the threads send each other for a batch of writes.
 *
 * A plain string crosses threads at the cost of a copy. Measured for 64 writes of 1 KB there and back, per write: 1.2 µs; as structured clones of arrays of strings 3.3 µs, with keys as byte
 * arrays 5.2 µs. Texts are not quoted again; the header gives their lengths, in UTF-16 units, in the order in which they are taken.
 */

/** The header's JSON has no raw line break, so the first one ends it. */
const HEADER_END = "\n";

export function packText(header: unknown, texts: string): string {
  return JSON.stringify(header) + HEADER_END + texts;
}

/** Reads a packed string: the header, then the texts one after the other. */
export class TextReader {
  readonly header: unknown;
  readonly #packed: string;
  #at: number;

  constructor(packed: string) {
    const end = packed.indexOf(HEADER_END);
    if (end < 0) throw new TypeError("a packed message has no header");
    this.header = JSON.parse(packed.slice(0, end));
    this.#packed = packed;
    this.#at = end + 1;
  }

  /** The next `length` units. */
  take(length: number): string {
    const start = this.#at;
    this.#at += length;
    if (this.#at > this.#packed.length) throw new RangeError("a packed message is shorter than its header says");
    return this.#packed.slice(start, this.#at);
  }
}

/** Bytes as text of one unit each: key bytes in a packed string. */
export function bytesToText(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}

export function textToBytes(text: string): Uint8Array {
  return Buffer.from(text, "latin1");
}
