/** Randomness for ids, fetched from the system many at a time: each call of it costs as much as ten ids. */
import type { Random } from "#foundation/runtime";

const POOL_BYTES = 4096;
/** The variant of RFC 9562 §4.1 in the first digit of its field, by the two bits that are left of it. */
const VARIANTS = ["8", "9", "a", "b"] as const;

/** What was given out is never given out again. */
export class RandomPool {
  readonly #random: Pick<Random, "bytes">;
  #pool: Buffer = Buffer.alloc(0);
  #at = 0;
  /** Digits are written once for many ids: a slice of a text costs a seventh of writing one from bytes. */
  #digits = "";
  #digitsAt = 0;

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

  /** @param octets at most some hundred. @returns two lower-case digits for each */
  readonly hex = (octets: number): string => {
    const length = 2 * octets;
    if (this.#digitsAt + length > this.#digits.length) {
      this.#digits = this.#fetch().toString("hex");
      this.#digitsAt = 0;
    }
    const at = this.#digitsAt;
    this.#digitsAt += length;
    return this.#digits.slice(at, this.#digitsAt);
  };

  /** A version 4 UUID (RFC 9562 §5.4). */
  uuid(): string {
    const hex = this.hex(16);
    const variant = VARIANTS[hex.charCodeAt(16) & 3]!;
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`;
  }

  #fetch(): Buffer {
    const bytes = this.#random.bytes(POOL_BYTES);
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
}
