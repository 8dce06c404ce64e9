/**
 * The simulation's random numbers: seeded, forked by name, never for production.
 *
 * The generator is xoshiro128** 1.1 (Blackman and Vigna, "Scrambled Linear Pseudorandom Number Generators"): 128 bits of state, period
 * 2¹²⁸−1, 32-bit arithmetic only, which JavaScript does natively. The state is filled from a 64-bit key by SplitMix-like mixing. A child's
 * key is a hash of its parent's key and its own name; how much the parent has drawn does not matter.
 */

import type { Random } from "../ports/random.ts";
import { hashText, mix32 } from "./hashing.ts";

/** Called with every number drawn, by the path of the generator, to prove that two runs drew the same. */
export type DrawObserver = (path: string) => (draw: number) => void;

/** 2³² divided by the golden ratio: the increment of a Weyl sequence, which visits all 2³² values. */
const WEYL = 0x9e3779b9;

/** A node in the tree of generators. */
export class SeededRandom implements Random {
  /** The names from the root to here, `/` separated. */
  readonly path: string;
  private readonly keyLow: number;
  private readonly keyHigh: number;
  private readonly observe: DrawObserver | undefined;
  private readonly drawn: ((draw: number) => void) | undefined;
  private s0: number;
  private s1: number;
  private s2: number;
  private s3: number;

  private constructor(path: string, keyLow: number, keyHigh: number, observe: DrawObserver | undefined) {
    this.path = path;
    this.keyLow = keyLow;
    this.keyHigh = keyHigh;
    this.observe = observe;
    this.drawn = observe?.(path);
    // Each word depends on the whole key: neighbouring seeds must differ from the first draw on.
    this.s0 = mix32(keyLow + WEYL);
    this.s1 = mix32((this.s0 ^ keyHigh) + Math.imul(WEYL, 2));
    this.s2 = mix32((this.s1 ^ keyLow) + Math.imul(WEYL, 3));
    // The all-zero state is a fixed point; one odd word keeps away from it.
    this.s3 = (mix32((this.s2 ^ keyHigh) + Math.imul(WEYL, 4)) | 1) >>> 0;
  }

  /** A generator in a given state, for comparison with published vectors of the algorithm. */
  static fromState(s0: number, s1: number, s2: number, s3: number): SeededRandom {
    const random = new SeededRandom("", 0, 0, undefined);
    random.s0 = s0;
    random.s1 = s1;
    random.s2 = s2;
    random.s3 = s3;
    return random;
  }

  /** The root of a tree. @param seed a whole number, 0 … 2⁵³−1. */
  static fromSeed(seed: number, observe?: DrawObserver): SeededRandom {
    if (!Number.isSafeInteger(seed) || seed < 0)
      throw new RangeError(`a seed must be a whole number, 0 … 2^53−1; got ${seed}`);
    return new SeededRandom("", seed >>> 0, Math.floor(seed / 0x1_0000_0000), observe);
  }

  uint32(): number {
    const s1 = this.s1;
    const product = Math.imul(s1, 5);
    const draw = Math.imul((product << 7) | (product >>> 25), 9) >>> 0;
    const shifted = s1 << 9;
    let s2 = this.s2 ^ this.s0;
    const s3 = this.s3 ^ s1;
    this.s1 = s1 ^ s2;
    this.s0 ^= s3;
    s2 ^= shifted;
    this.s2 = s2;
    this.s3 = (s3 << 11) | (s3 >>> 21);
    this.drawn?.(draw);
    return draw;
  }

  float(): number {
    return ((this.uint32() >>> 11) * 0x1_0000_0000 + this.uint32()) / 2 ** 53;
  }

  bytes(length: number): Uint8Array {
    const result = new Uint8Array(length);
    let word = 0;
    for (let index = 0; index < length; index++) {
      if ((index & 3) === 0) word = this.uint32();
      result[index] = word;
      word >>>= 8;
    }
    return result;
  }

  fork(name: string): SeededRandom {
    return new SeededRandom(
      `${this.path}/${name}`,
      hashText(name, this.keyLow),
      hashText(name, mix32(this.keyHigh ^ WEYL) ^ this.keyLow),
      this.observe,
    );
  }
}

/** True with `probability` (0 … 1). Draws nothing when the answer is certain. */
export function chance(random: Random, probability: number): boolean {
  if (probability <= 0) return false;
  if (probability >= 1) return true;
  return random.uint32() < probability * 0x1_0000_0000;
}

/** A number in [minimum, maximum). */
export function between(random: Random, minimum: number, maximum: number): number {
  return minimum + (random.uint32() / 0x1_0000_0000) * (maximum - minimum);
}

/** One of a non-empty list. */
export function pick<T>(random: Random, list: readonly T[]): T {
  return list[Math.floor((random.uint32() / 0x1_0000_0000) * list.length)]!;
}

/** An exponentially distributed number with the given mean: the time between independent events. */
export function exponential(random: Random, mean: number): number {
  // 1 − u is in (0, 1], so the logarithm is finite.
  return -mean * Math.log(1 - random.uint32() / 0x1_0000_0000);
}
