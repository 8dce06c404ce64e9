/** XXH3 with 64 and 128 bits, seed 0, incremental (xxHash specification, "XXH3 Algorithm overview"). */

import {
  avalanche3,
  bigEndian,
  foldedProduct,
  prime32x1,
  prime32x2,
  prime32x3,
  prime64x1,
  prime64x2,
  prime64x3,
  prime64x4,
  prime64x5,
  read64,
  wrap,
  xxh3Secret,
} from "./xx-constants.ts";
import { xxh3BlockBytes, xxh3StripeBytes, xxModule } from "./xx-module.ts";
import { shortXxh128 } from "./xxh3-short.ts";

/** Inputs up to this length are hashed in other ways. */
const shortBytesMax = 240;

/** Where in the secret the last stripe, and the two merges, begin. */
const lastStripeOffset = 192 - 64 - 7;
const lowMergeOffset = 11;
const highMergeOffset = 192 - 64 - 11;

/** A running XXH3. */
export class Xxh3 {
  readonly #bits: 64 | 128;
  readonly #state = BigUint64Array.of(
    prime32x3,
    prime64x1,
    prime64x2,
    prime64x3,
    prime64x4,
    prime32x2,
    prime64x5,
    prime32x1,
  );
  /** Up to a block that waits: the last block is never taken before its successor's first byte has come. */
  readonly #waiting = new Uint8Array(xxh3BlockBytes);
  #waitingBytes = 0;
  /** The end of what was taken: the last stripe may reach back into it. */
  readonly #taken = new Uint8Array(xxh3StripeBytes);
  #total = 0;

  constructor(bits: 64 | 128) {
    this.#bits = bits;
  }

  update(bytes: Uint8Array): void {
    this.#total += bytes.length;
    let rest = bytes;
    const room = xxh3BlockBytes - this.#waitingBytes;
    if (rest.length <= room) {
      this.#waiting.set(rest, this.#waitingBytes);
      this.#waitingBytes += rest.length;
      return;
    }
    if (this.#waitingBytes > 0) {
      this.#waiting.set(rest.subarray(0, room), this.#waitingBytes);
      rest = rest.subarray(room);
      this.#take(this.#waiting);
    }
    const blocks = Math.floor((rest.length - 1) / xxh3BlockBytes) * xxh3BlockBytes;
    if (blocks > 0) this.#take(rest.subarray(0, blocks));
    this.#waiting.set(rest.subarray(blocks));
    this.#waitingBytes = rest.length - blocks;
  }

  digest(): Uint8Array {
    const waiting = this.#waiting.subarray(0, this.#waitingBytes);
    if (this.#total <= shortBytesMax) {
      return this.#bits === 64 ? bigEndian(Bun.hash.xxHash3(waiting)) : bigEndian(...shortXxh128(waiting));
    }
    const stripes = Math.floor((waiting.length - 1) / xxh3StripeBytes) * xxh3StripeBytes;
    if (stripes > 0) xxModule().xxh3Stripes(this.#state, waiting.subarray(0, stripes), 0);
    xxModule().xxh3Stripes(this.#state, this.#lastStripe(waiting), lastStripeOffset);
    const length = BigInt(this.#total);
    const low = merge(this.#state, lowMergeOffset, wrap(length * prime64x1));
    if (this.#bits === 64) return bigEndian(low);
    return bigEndian(merge(this.#state, highMergeOffset, wrap(~(length * prime64x2))), low);
  }

  #take(blocks: Uint8Array): void {
    xxModule().xxh3Blocks(this.#state, blocks);
    this.#taken.set(blocks.subarray(blocks.length - xxh3StripeBytes));
  }

  /** The last 64 bytes of the input. */
  #lastStripe(waiting: Uint8Array): Uint8Array {
    if (waiting.length >= xxh3StripeBytes) return waiting.subarray(waiting.length - xxh3StripeBytes);
    return Buffer.concat([this.#taken.subarray(waiting.length), waiting]);
  }
}

function merge(state: BigUint64Array, offset: number, start: bigint): bigint {
  let sum = start;
  for (let i = 0; i < 4; i++) {
    const a = (state[2 * i] ?? 0n) ^ read64(xxh3Secret, offset + 16 * i);
    const b = (state[2 * i + 1] ?? 0n) ^ read64(xxh3Secret, offset + 16 * i + 8);
    sum = wrap(sum + foldedProduct(a, b));
  }
  return avalanche3(sum);
}
