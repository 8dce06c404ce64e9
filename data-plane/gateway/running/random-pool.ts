/** Randomness for ids, fetched from the system many at a time: each call of it costs as much as ten ids. */
import type { Random } from "#foundation/runtime";

const POOL_BYTES = 4096;

/** What was given out is never given out again. */
export class RandomPool {
  readonly #random: Pick<Random, "bytes">;
  #pool: Buffer = Buffer.alloc(0);
  #at = 0;

  constructor(random: Pick<Random, "bytes">) {
    this.#random = random;
  }

  /** @param length at most some hundred. The bytes are valid until the next call */
  readonly bytes = (length: number): Uint8Array => {
    if (this.#at + length > this.#pool.length) this.#refill();
    const at = this.#at;
    this.#at += length;
    return this.#pool.subarray(at, this.#at);
  };

  /** A version 4 UUID (RFC 9562 §5.4). */
  uuid(): string {
    if (this.#at + 16 > this.#pool.length) this.#refill();
    const pool = this.#pool;
    const at = this.#at;
    this.#at += 16;
    pool[at + 6] = (pool[at + 6]! & 0x0f) | 0x40;
    pool[at + 8] = (pool[at + 8]! & 0x3f) | 0x80;
    const hex = pool.toString("hex", at, at + 16);
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  }

  #refill(): void {
    const bytes = this.#random.bytes(POOL_BYTES);
    this.#pool = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#at = 0;
  }
}
