/** XXH64 with seed 0, incremental (xxHash specification, "XXH64 Algorithm description"). */

import {
  avalanche64,
  bigEndian,
  prime64x1,
  prime64x2,
  prime64x3,
  prime64x4,
  prime64x5,
  read32,
  read64,
  rotateLeft,
  wrap,
} from "./xx-constants.ts";
import { xxh64StripeBytes, xxModule } from "./xx-module.ts";

/** A running XXH64. */
export class Xxh64 {
  readonly #state = BigUint64Array.of(wrap(prime64x1 + prime64x2), prime64x2, 0n, wrap(-prime64x1));
  /** Less than a stripe that waits for more. */
  readonly #waiting = new Uint8Array(xxh64StripeBytes);
  #waitingBytes = 0;
  #total = 0;

  update(bytes: Uint8Array): void {
    this.#total += bytes.length;
    let rest = bytes;
    if (this.#waitingBytes > 0) {
      const taken = Math.min(xxh64StripeBytes - this.#waitingBytes, rest.length);
      this.#waiting.set(rest.subarray(0, taken), this.#waitingBytes);
      this.#waitingBytes += taken;
      rest = rest.subarray(taken);
      if (this.#waitingBytes < xxh64StripeBytes) return;
      xxModule().xxh64(this.#state, this.#waiting);
      this.#waitingBytes = 0;
    }
    const whole = rest.length - (rest.length % xxh64StripeBytes);
    if (whole > 0) xxModule().xxh64(this.#state, rest.subarray(0, whole));
    this.#waiting.set(rest.subarray(whole));
    this.#waitingBytes = rest.length - whole;
  }

  digest(): Uint8Array {
    let h = prime64x5;
    if (this.#total >= xxh64StripeBytes) {
      const [a = 0n, b = 0n, c = 0n, d = 0n] = this.#state;
      h = wrap(rotateLeft(a, 1n) + rotateLeft(b, 7n) + rotateLeft(c, 12n) + rotateLeft(d, 18n));
      for (const lane of [a, b, c, d]) h = wrap((h ^ round(lane)) * prime64x1 + prime64x4);
    }
    h = wrap(h + BigInt(this.#total));
    const tail = this.#waiting;
    let at = 0;
    for (; at + 8 <= this.#waitingBytes; at += 8) {
      h = wrap(rotateLeft(h ^ round(read64(tail, at)), 27n) * prime64x1 + prime64x4);
    }
    if (at + 4 <= this.#waitingBytes) {
      h = wrap(rotateLeft(h ^ wrap(read32(tail, at) * prime64x1), 23n) * prime64x2 + prime64x3);
      at += 4;
    }
    for (; at < this.#waitingBytes; at++) {
      h = wrap(rotateLeft(h ^ wrap(BigInt(tail[at] ?? 0) * prime64x5), 11n) * prime64x1);
    }
    return bigEndian(avalanche64(h));
  }
}

function round(word: bigint): bigint {
  return wrap(rotateLeft(wrap(word * prime64x2), 31n) * prime64x1);
}
