/**
 * The check of two pieces put together, from the checks of the pieces.
 *
 * A check is a remainder of polynomials over GF(2). Appending n bytes multiplies it by x^(8n); the initial and final inversions cancel. With the
 * powers x^(2^k) in a table, a combination takes one multiplication per set bit of the length; the last multiplier is kept, because parts of an
 * upload have equal lengths.
 */

import { crc32cPolynomial, crc32Polynomial, crc64NvmePolynomial } from "./crc-tables.ts";

/** A polynomial of degree below 64, bit-reflected, as two unsigned 32-bit halves. 32-bit checks have `low` zero. */
interface Polynomial {
  readonly high: number;
  readonly low: number;
}

/** Algorithms whose checksums of parts can be combined into the checksum of the whole. */
export type CombinableAlgorithm = "CRC32" | "CRC32C" | "CRC64NVME";

/** Multiplies and remembers, for one generator polynomial. */
class Field {
  readonly #generator: Polynomial;
  readonly #bits: 32 | 64;
  /** `powers[k]` is x^(2^k). */
  readonly #powers: Polynomial[];
  #lastLength = -1;
  #lastShift: Polynomial;

  constructor(generator: Polynomial, bits: 32 | 64) {
    this.#generator = generator;
    this.#bits = bits;
    // Reflected, the highest bit is x^0 and the one below it is x^1.
    let power: Polynomial = { high: 0x40000000, low: 0 };
    this.#powers = [power];
    this.#lastShift = { high: 0x80000000, low: 0 };
    // 2^56 bits is far beyond any object.
    for (let k = 1; k < 56; k++) {
      power = this.#multiply(power, power);
      this.#powers.push(power);
    }
  }

  combine(first: Polynomial, second: Polynomial, secondBytes: number): Polynomial {
    if (secondBytes !== this.#lastLength) {
      this.#lastShift = this.#shift(secondBytes);
      this.#lastLength = secondBytes;
    }
    const moved = this.#multiply(first, this.#lastShift);
    return { high: (moved.high ^ second.high) >>> 0, low: (moved.low ^ second.low) >>> 0 };
  }

  /** x^(8 · bytes). */
  #shift(bytes: number): Polynomial {
    let result: Polynomial = { high: 0x80000000, low: 0 };
    let rest = bytes;
    for (let k = 3; rest > 0; k++) {
      const power = this.#powers[k];
      if (power === undefined) throw new RangeError("the length is beyond any object");
      if (rest % 2 === 1) result = this.#multiply(result, power);
      rest = Math.floor(rest / 2);
    }
    return result;
  }

  /** Product modulo the generator: for each power of x in `a`, from x^0 up, adds `b` times that power. */
  #multiply(a: Polynomial, b: Polynomial): Polynomial {
    let high = 0;
    let low = 0;
    let { high: bHigh, low: bLow } = b;
    const wide = this.#bits === 64;
    for (let bit = 0; bit < this.#bits; bit++) {
      const set = bit < 32 ? (a.high >>> (31 - bit)) & 1 : (a.low >>> (63 - bit)) & 1;
      if (set === 1) {
        high ^= bHigh;
        low ^= bLow;
      }
      const carry = wide ? bLow & 1 : bHigh & 1;
      if (wide) bLow = (bLow >>> 1) | (bHigh << 31);
      bHigh >>>= 1;
      if (carry === 1) {
        bHigh ^= this.#generator.high;
        bLow ^= this.#generator.low;
      }
    }
    return { high: high >>> 0, low: low >>> 0 };
  }
}

const generators: Readonly<Record<CombinableAlgorithm, { readonly generator: Polynomial; readonly bits: 32 | 64 }>> = {
  CRC32: { generator: { high: crc32Polynomial, low: 0 }, bits: 32 },
  CRC32C: { generator: { high: crc32cPolynomial, low: 0 }, bits: 32 },
  CRC64NVME: {
    generator: { high: Number(crc64NvmePolynomial >> 32n), low: Number(crc64NvmePolynomial & 0xffffffffn) },
    bits: 64,
  },
};

const fields = new Map<CombinableAlgorithm, Field>();

/**
 * The checksum of `first` followed by `second`.
 *
 * @param first raw checksum of the first piece, most significant byte first
 * @param second raw checksum of the second piece
 * @param secondBytes length of the second piece in bytes, a non-negative safe integer
 */
export function combineChecksums(
  algorithm: CombinableAlgorithm,
  first: Uint8Array,
  second: Uint8Array,
  secondBytes: number,
): Uint8Array {
  if (!Number.isSafeInteger(secondBytes) || secondBytes < 0) throw new RangeError("a length must be a safe integer");
  const { generator, bits } = generators[algorithm];
  let field = fields.get(algorithm);
  if (field === undefined) {
    field = new Field(generator, bits);
    fields.set(algorithm, field);
  }
  return write(field.combine(read(first, bits), read(second, bits), secondBytes), bits);
}

/** The full-object checksum of an object from the checksums and lengths of its parts, in order. */
export function combineParts(
  algorithm: CombinableAlgorithm,
  parts: readonly { readonly checksum: Uint8Array; readonly bytes: number }[],
): Uint8Array {
  let whole: Uint8Array = new Uint8Array(algorithm === "CRC64NVME" ? 8 : 4);
  for (const { checksum, bytes } of parts) whole = combineChecksums(algorithm, whole, checksum, bytes);
  return whole;
}

/** Whether parts' checksums of this algorithm combine into a full-object checksum. */
export function isCombinable(algorithm: string): algorithm is CombinableAlgorithm {
  return Object.hasOwn(generators, algorithm);
}

function read(bytes: Uint8Array, bits: 32 | 64): Polynomial {
  if (bytes.length !== bits / 8)
    throw new RangeError(`a checksum of ${bits / 8} bytes is expected, not ${bytes.length}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return { high: view.getUint32(0), low: bits === 64 ? view.getUint32(4) : 0 };
}

function write(value: Polynomial, bits: 32 | 64): Uint8Array {
  const bytes = new Uint8Array(bits / 8);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, value.high);
  if (bits === 64) view.setUint32(4, value.low);
  return bytes;
}
