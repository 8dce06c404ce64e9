/** MD5 of messages that come piece by piece, several at once. */

import type { ChecksumHasher } from "./hasher.ts";
import { hasMd5Module, md5BlockBytes, md5Lanes, md5Module } from "./md5-module.ts";

/** A message being hashed. Alone it is slower than the runtime's own MD5; see {@link Md5Stream.updateTogether}. */
export class Md5Stream implements ChecksumHasher {
  /** RFC 1321 §3.3. */
  readonly #state = Uint32Array.of(0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476);
  /** The beginning of a block that is not whole yet. */
  readonly #begun = new Uint8Array(md5BlockBytes);
  #begunBytes = 0;
  #bytes = 0;

  update(bytes: Uint8Array): void {
    let rest = bytes;
    this.#bytes += bytes.length;
    if (this.#begunBytes > 0) {
      const taken = rest.subarray(0, md5BlockBytes - this.#begunBytes);
      this.#begun.set(taken, this.#begunBytes);
      this.#begunBytes += taken.length;
      rest = rest.subarray(taken.length);
      if (this.#begunBytes < md5BlockBytes) return;
      md5Module().blocks(this.#state, this.#begun);
      this.#begunBytes = 0;
    }
    const whole = rest.length - (rest.length % md5BlockBytes);
    if (whole > 0) md5Module().blocks(this.#state, rest.subarray(0, whole));
    this.#begun.set(rest.subarray(whole));
    this.#begunBytes = rest.length - whole;
  }

  /** RFC 1321 §3.1 and §3.2: a one, zeros up to eight bytes before the end of a block, the length in bits. */
  digest(): Uint8Array {
    const bits = BigInt(this.#bytes) * 8n;
    const zeros = (2 * md5BlockBytes - 9 - this.#begunBytes) % md5BlockBytes;
    const end = new DataView(new ArrayBuffer(1 + zeros + 8));
    end.setUint8(0, 0x80);
    end.setBigUint64(1 + zeros, BigInt.asUintN(64, bits), true);
    this.update(new Uint8Array(end.buffer));
    const digest = new DataView(new ArrayBuffer(16));
    for (const [index, word] of this.#state.entries()) digest.setUint32(4 * index, word, true);
    return new Uint8Array(digest.buffer);
  }

  /** Streams that {@link Md5Stream.updateTogether} hashes side by side. */
  static readonly together = md5Lanes;

  /** Whether there can be such streams on this machine. */
  static get supported(): boolean {
    return hasMd5Module();
  }

  /**
   * Continues several messages, each by its piece: up to four side by side, in little more time than one takes.
   *
   * @param pieces one for each stream; the more alike their lengths, the better
   */
  static updateTogether(streams: readonly Md5Stream[], pieces: readonly Uint8Array[]): void {
    if (streams.length !== pieces.length) throw new RangeError("every stream takes one piece");
    const rests = streams.map((stream, index) => stream.#completeBlock(pieces[index]!));
    const shortest = Math.min(...rests.map((rest) => rest.length));
    const common = shortest - (shortest % md5BlockBytes);
    const together = streams.length > 1 && streams.length <= md5Lanes && common > 0;
    if (together) {
      const states = streams.map((stream) => stream.#state);
      md5Module().blocksTogether(states, rests, common);
    }
    for (const [index, stream] of streams.entries()) {
      const rest = rests[index]!;
      if (together) stream.#bytes += common;
      stream.update(together ? rest.subarray(common) : rest);
    }
  }

  /** Takes as much as ends a block that was begun; returns the rest. */
  #completeBlock(bytes: Uint8Array): Uint8Array {
    if (this.#begunBytes === 0) return bytes;
    const missing = md5BlockBytes - this.#begunBytes;
    this.update(bytes.subarray(0, missing));
    return bytes.subarray(missing);
  }
}
