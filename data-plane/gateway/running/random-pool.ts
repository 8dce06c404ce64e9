/** Randomness for ids, fetched from the system many at a time: each call of it costs as much as ten ids. */
import type { Random } from "#foundation/runtime";

const POOL_BYTES = 4096;
const UUID_OCTETS = 16;
const UUID_LENGTH = 36;
const DIGITS = Buffer.from("0123456789abcdef");
const HYPHEN = 0x2d;

/** What was given out is never given out again. */
export class RandomPool {
  readonly #random: Pick<Random, "bytes">;
  #pool: Buffer = Buffer.alloc(0);
  #at = 0;
  /** Digits are written once for many ids: a slice of a text costs a seventh of writing one from bytes. */
  #digits = "";
  #digitsAt = 0;
  #uuids = "";
  #uuidsAt = 0;

  constructor(random: Pick<Random, "bytes">) {
    this.#random = random;
  }

  /** @param length at most some hundred. The bytes are valid until the next call */
  readonly bytes = (length: number): Uint8Array => {
    if (this.#at + length > this.#pool.length) {
      this.#pool = this.#fetch();
      this.#at = 0;
    }
    const at = this.#at;
    this.#at += length;
    return this.#pool.subarray(at, this.#at);
  };

  /** @param octets at most some hundred. @returns two lower-case digits for each, never all of them zero */
  readonly hex = (octets: number): string => {
    const length = 2 * octets;
    if (this.#digitsAt + length > this.#digits.length) {
      this.#digits = this.#fetch().toString("hex");
      this.#digitsAt = 0;
    }
    const at = this.#digitsAt;
    this.#digitsAt += length;
    const text = this.#digits.slice(at, this.#digitsAt);
    // A source that returns only zeros is a test's. Looked at in the whole text: a slice would be written out for it.
    if (this.#digits.charCodeAt(at) !== DIGITS[0] || !/^0+$/.test(text)) return text;
    return `${text.slice(1)}1`;
  };

  /** A version 4 UUID (RFC 9562 §5.4). */
  uuid(): string {
    if (this.#uuidsAt === this.#uuids.length) {
      this.#uuids = uuidsOf(this.#fetch());
      this.#uuidsAt = 0;
    }
    const at = this.#uuidsAt;
    this.#uuidsAt += UUID_LENGTH;
    return this.#uuids.slice(at, this.#uuidsAt);
  }

  #fetch(): Buffer {
    const bytes = this.#random.bytes(POOL_BYTES);
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
}

/** One behind the other, of as many octets as there are for them. */
function uuidsOf(bytes: Buffer): string {
  const count = Math.floor(bytes.length / UUID_OCTETS);
  const text = Buffer.allocUnsafe(count * UUID_LENGTH);
  let at = 0;
  for (let i = 0; i < count * UUID_OCTETS; i++) {
    const place = i % UUID_OCTETS;
    let octet = bytes[i]!;
    // Version and variant (RFC 9562 §5.4).
    if (place === 6) octet = (octet & 0x0f) | 0x40;
    else if (place === 8) octet = (octet & 0x3f) | 0x80;
    if (place === 4 || place === 6 || place === 8 || place === 10) text[at++] = HYPHEN;
    text[at++] = DIGITS[octet >> 4]!;
    text[at++] = DIGITS[octet & 0x0f]!;
  }
  return text.toString("latin1");
}
