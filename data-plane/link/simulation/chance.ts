/** Repeatable chance for tests: the same seed draws the same numbers. */

export interface Chance {
  /** Uniform in [0, 1). */
  float(): number;
  /** Whole, in [0, bound). */
  below(bound: number): number;
  /** True with the given probability. */
  happens(probability: number): boolean;
}

/** A 32-bit Weyl sequence through a bijective mixer (the finaliser of MurmurHash3): enough to spread test cases, useless as a secret. */
export function chanceOf(seed: number): Chance {
  let counter = seed >>> 0;
  const float = (): number => {
    counter = (counter + 0x9e3779b9) >>> 0;
    let mixed = counter;
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
    return ((mixed ^ (mixed >>> 16)) >>> 0) / 2 ** 32;
  };
  return {
    float,
    below: (bound) => Math.floor(float() * bound),
    happens: (probability) => float() < probability,
  };
}
